"""Gemma 3 for text as plain tensors: one class that reads tokens and remembers them.

`transformers` computes the same numbers. This exists because a page on two CPU cores writes one answer at a time, and
there a step is nothing but reading every weight once: the matrices lie as [in, out], which doubles the speed of a
vector times a matrix (19 against 10 GB/s here), those that share an input are one matrix, and the memory of keys and
values grows in place. It keeps all positions, in sliding layers too, so that it can be rewound to any of them. Many
texts can also be written side by side (`Crowd`), as a training's rollouts are.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Self

import torch
from torch import backends
from torch.nn.functional import gelu, rms_norm, scaled_dot_product_attention
from transformers.models.gemma3.configuration_gemma3 import Gemma3TextConfig

SLIDING, FULL = "sliding_attention", "full_attention"


Matrix = Callable[[torch.Tensor], torch.Tensor]
"""What multiplies rows [n, in] to [n, out]."""


def matrix(weight: torch.Tensor, side_by_side: bool = False) -> Matrix:
    """A matrix [out, in] as fast as it can be made for one row at a time, or for many.

    For many rows oneDNN's packed form is twice as fast as torch's product (110 against 55 GFLOP/s for 16 rows here);
    it exists in float32 on a CPU. The operators are those that `torch.compile` emits for such a product.
    """
    if (
        side_by_side
        and weight.device.type == "cpu"
        and weight.dtype == torch.float32
        and backends.mkldnn.is_available()
    ):
        packed = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous(), None)
        return lambda x: torch.ops.mkldnn._linear_pointwise(x, packed, None, "none", [], "")  # type: ignore[no-any-return]
    turned = weight.t().contiguous()
    return lambda x: x @ turned


@dataclass(slots=True)
class Memory:
    """What has been read: the tokens, and the keys and values that each layer made of them."""

    ids: list[int] = field(default_factory=list)
    states: torch.Tensor | None = None
    """[2, layers, key heads, capacity, head size]: keys, then values."""

    def rewind(self, length: int) -> None:
        """Forget all tokens but the first `length`."""
        del self.ids[length:]

    def shared(self, ids: Sequence[int]) -> int:
        """How many of the first tokens of `ids` are remembered already."""
        pairs = enumerate(zip(ids, self.ids, strict=False))
        return next((place for place, (new, old) in pairs if new != old), min(len(ids), len(self.ids)))


@dataclass(slots=True)
class Crowd:
    """Several texts that are written side by side, a token of each at a time."""

    states: torch.Tensor
    """[2, layers, texts, key heads, capacity, head size]: keys, then values."""
    lengths: torch.Tensor
    """[texts]: how many tokens each text has."""

    def keep(self, places: torch.Tensor) -> None:
        """Forget all texts but those."""
        self.states, self.lengths = self.states[:, :, places], self.lengths[places]


@dataclass(frozen=True, slots=True)
class _Layer:
    kind: str
    before_attention: torch.Tensor
    qkv: Matrix
    """hidden → (heads + 2 · key heads) · head size"""
    qk_norm: torch.Tensor
    """[heads + key heads, head size]: the query norm once for each head, then the key norm."""
    out: Matrix
    after_attention: torch.Tensor
    before_mlp: torch.Tensor
    gate_up: Matrix
    """hidden → 2 · inner"""
    down: Matrix
    after_mlp: torch.Tensor


class Gemma:
    """The network without its head: token ids in, hidden states out. Build it with `Gemma.load`."""

    def __init__(
        self,
        config: Gemma3TextConfig,
        embedding: torch.Tensor,
        layers: Sequence[_Layer],
        norm: torch.Tensor,
        dtype: torch.dtype,
    ) -> None:
        self._config = config
        self._embedding = embedding
        self._layers = layers
        self._norm = norm
        self.dtype, self.device = dtype, norm.device
        self._ropes = {kind: _inverse_frequencies(config, kind) for kind in (SLIDING, FULL)}

    @classmethod
    def load(
        cls,
        config: Gemma3TextConfig,
        weights: Callable[[str], torch.Tensor],
        dtype: torch.dtype,
        device: str,
        *,
        side_by_side: bool = False,
    ) -> Self:
        """`weights` gives a tensor by its name below the model's root. For `step`, ask for `side_by_side`.

        On a CPU the input embedding stays as it lies in the file: a prompt needs a few of its 262,144 rows.
        """
        embedding = weights("embed_tokens.weight")
        if device != "cpu":
            embedding = embedding.to(device, dtype)
        count = range(config.num_hidden_layers)
        layers = [_layer(config, weights, i, dtype, device, side_by_side) for i in count]
        return cls(config, embedding, layers, _scale(weights("norm.weight"), device), dtype)

    @torch.inference_mode()  # type: ignore[untyped-decorator]
    def read(self, ids: Sequence[int], memory: Memory) -> torch.Tensor:
        """Read `ids` after what `memory` holds, add them to it, and return their hidden states [len(ids), hidden]."""
        start, end = len(memory.ids), len(memory.ids) + len(ids)
        states = self._reserve(memory, end)
        spans = {FULL: 0, SLIDING: max(0, start - self._config.sliding_window + 1)}
        masks = {kind: self._mask(kind, first, start, end) for kind, first in spans.items()}

        def attend(place: int, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
            kind = self._layers[place].kind
            keys, values = states[:, place]
            keys[:, start:end], values[:, start:end] = k, v
            mixed = self._mix(
                q[None], keys[None, :, spans[kind] : end], values[None, :, spans[kind] : end], masks[kind]
            )
            return mixed[0].transpose(0, 1)

        memory.ids.extend(ids)
        return self._through(torch.tensor(ids), torch.arange(start, end), attend)

    @torch.inference_mode()  # type: ignore[untyped-decorator]
    def gather(self, memories: Sequence[Memory], copies: int, room: int) -> Crowd:
        """What the memories hold, each `copies` times in a row, with room for so many tokens more in the longest."""
        lengths = torch.tensor([len(memory.ids) for memory in memories])
        longest = int(lengths.max())
        _, layers, heads, _, size = memories[0].states.shape  # type: ignore[union-attr]
        shape = (2, layers, len(memories) * copies, heads, longest + room, size)
        # Zeros, not whatever lies there: what is masked is still multiplied, and 0 · nan is nan.
        states = torch.zeros(shape, dtype=self.dtype, device=self.device)
        for i, memory in enumerate(memories):
            known = memory.states[:, :, None, :, : lengths[i]]  # type: ignore[index]
            states[:, :, i * copies : (i + 1) * copies, :, : lengths[i]] = known
        return Crowd(states, lengths.repeat_interleave(copies))

    @torch.inference_mode()  # type: ignore[untyped-decorator]
    def step(self, ids: torch.Tensor, crowd: Crowd) -> torch.Tensor:
        """Read one more token of each text, `ids` [texts], and return their hidden states [texts, hidden]."""
        rows, end = torch.arange(len(ids)), int(crowd.lengths.max()) + 1
        seen = torch.arange(end) <= crowd.lengths[:, None]
        near = torch.arange(end) > crowd.lengths[:, None] - self._config.sliding_window
        masks = {FULL: seen[:, None, None].to(self.device), SLIDING: (seen & near)[:, None, None].to(self.device)}

        def attend(place: int, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
            keys, values = crowd.states[:, place]
            keys[rows, :, crowd.lengths], values[rows, :, crowd.lengths] = k.transpose(0, 1), v.transpose(0, 1)
            return self._mix(
                q.transpose(0, 1)[:, :, None], keys[:, :, :end], values[:, :, :end], masks[self._layers[place].kind]
            )

        states = self._through(ids, crowd.lengths, attend)
        crowd.lengths = crowd.lengths + 1
        return states

    def _through(
        self,
        ids: torch.Tensor,
        positions: torch.Tensor,
        attend: Callable[[int, torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor],
    ) -> torch.Tensor:
        """Hidden states [n, hidden] of tokens [n] at their positions [n]; `attend` mixes what each layer sees."""
        # transformers rounds this factor to the weights' dtype too.
        scale = torch.tensor(self._config.hidden_size**0.5, dtype=self.dtype, device=self.device)
        x = self._embedding[ids.to(self._embedding.device)].to(self.dtype) * scale
        turns = {kind: self._turns(kind, positions) for kind in self._ropes}
        for place, layer in enumerate(self._layers):
            q, k, v = self._project(self._normed(x, layer.before_attention), layer, turns[layer.kind])
            h = layer.out(attend(place, q, k, v).reshape(len(x), -1))
            x = x + self._normed(h, layer.after_attention)
            gate, up = layer.gate_up(self._normed(x, layer.before_mlp)).chunk(2, dim=-1)
            x = x + self._normed(layer.down(gelu(gate, approximate="tanh") * up), layer.after_mlp)
        return self._normed(x, self._norm)

    def _normed(self, x: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
        return rms_norm(x.float(), scale.shape, scale, self._config.rms_norm_eps).to(self.dtype)

    def _project(
        self, h: torch.Tensor, layer: _Layer, turns: tuple[torch.Tensor, torch.Tensor]
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Queries [heads, n, head size], keys and values [key heads, n, head size], turned to their places."""
        config = self._config
        heads, key_heads, size = config.num_attention_heads, config.num_key_value_heads, config.head_dim
        qkv = layer.qkv(h).view(len(h), -1, size)
        qk = rms_norm(qkv[:, : heads + key_heads].float(), (size,), eps=config.rms_norm_eps) * layer.qk_norm
        qk = qk.to(self.dtype)
        cos, sin = turns
        qk = (qk * cos + qk.roll(size // 2, -1) * sin).transpose(0, 1)
        return qk[:heads], qk[heads:], qkv[:, heads + key_heads :].transpose(0, 1)

    def _mix(
        self, q: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, mask: torch.Tensor | None
    ) -> torch.Tensor:
        """[batch, heads, n, head size]. Several query heads share a key head."""
        scale = self._config.query_pre_attn_scalar**-0.5
        return scaled_dot_product_attention(q, keys, values, attn_mask=mask, scale=scale, enable_gqa=True)

    def _turns(self, kind: str, positions: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Cosines and sines [n, 1, head size]; the sign of “rotate half” lies in the sines, so a roll does it."""
        angles = torch.outer(positions.float(), self._ropes[kind])
        cos, sin = torch.cat((angles.cos(),) * 2, -1), torch.cat((-angles.sin(), angles.sin()), -1)
        return cos[:, None].to(self.device, self.dtype), sin[:, None].to(self.device, self.dtype)

    def _mask(self, kind: str, first: int, start: int, end: int) -> torch.Tensor | None:
        """[end - start, end - first]: which tokens from `start` on may look at which from `first` on. One alone needs
        no mask: it sees all that its span holds."""
        if end - start == 1:
            return None
        distance = torch.arange(start, end, device=self.device)[:, None] - torch.arange(first, end, device=self.device)
        return (distance >= 0) & (distance < (self._config.sliding_window if kind == SLIDING else end))

    def _reserve(self, memory: Memory, length: int) -> torch.Tensor:
        """The memory's states, grown to hold at least `length` tokens."""
        old = memory.states
        capacity = 0 if old is None else old.shape[3]
        if old is None or length > capacity:
            layers, heads, size = len(self._layers), self._config.num_key_value_heads, self._config.head_dim
            shape = (2, layers, heads, max(length, 2 * capacity, 512), size)
            memory.states = torch.empty(shape, dtype=self.dtype, device=self.device)
            if old is not None:
                memory.states[:, :, :, :capacity] = old
        return memory.states  # type: ignore[return-value]


def _inverse_frequencies(config: Gemma3TextConfig, kind: str) -> torch.Tensor:
    rope = config.rope_parameters[kind]
    exponents = torch.arange(0, config.head_dim, 2, dtype=torch.float32) / config.head_dim
    frequencies = 1.0 / (rope["rope_theta"] ** exponents)
    return frequencies / rope["factor"] if rope["rope_type"] == "linear" else frequencies


def _layer(
    config: Gemma3TextConfig,
    weights: Callable[[str], torch.Tensor],
    place: int,
    dtype: torch.dtype,
    device: str,
    side_by_side: bool,
) -> _Layer:
    def stack(*names: str) -> Matrix:
        stacked = torch.cat([weights(f"layers.{place}.{name}_proj.weight") for name in names])
        return matrix(stacked.to(device, dtype), side_by_side)

    def norm(name: str) -> torch.Tensor:
        return _scale(weights(f"layers.{place}.{name}norm.weight"), device)

    queries = norm("self_attn.q_").expand(config.num_attention_heads, -1)
    keys = norm("self_attn.k_").expand(config.num_key_value_heads, -1)
    return _Layer(
        kind=config.layer_types[place],
        before_attention=norm("input_layer"),
        qkv=stack("self_attn.q", "self_attn.k", "self_attn.v"),
        qk_norm=torch.cat((queries, keys)),
        out=stack("self_attn.o"),
        after_attention=norm("post_attention_layer"),
        before_mlp=norm("pre_feedforward_layer"),
        gate_up=stack("mlp.gate", "mlp.up"),
        down=stack("mlp.down"),
        after_mlp=norm("post_feedforward_layer"),
    )


def _scale(weight: torch.Tensor, device: str) -> torch.Tensor:
    """Gemma stores a norm's scale as its distance from 1."""
    return 1.0 + weight.to(device, torch.float32)
