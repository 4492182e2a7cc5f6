"""Many answers at once: on a CPU, eight take hardly longer than two, for the weights are read once for all of them."""

import threading
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

import torch

from ghigliottina.models.engine import Sampling
from ghigliottina.models.gemma import Gemma, Matrix, Memory

THIN_OUT = 0.75
"""The texts that are done leave once so few are still being written: each time, what the others hold is copied."""


@torch.inference_mode()  # type: ignore[untyped-decorator]
def write(
    gemma: Gemma,
    head: Matrix,
    rows: torch.Tensor,
    prompts: Sequence[Sequence[int]],
    sampling: Sampling,
    ends: AbstractSet[int],
    *,
    copies: int = 1,
    stop: threading.Event | None = None,
) -> list[list[int]]:
    """`copies` completions of each prompt, in the prompts' order: token ids with the one that ended it, if any did.

    `head` makes a logit for each of `rows`, which are token ids. Each prompt is read once. A completion is cut
    off after `sampling.max_new_tokens`; all are, within one token, when `stop` is set.
    """
    memories = [Memory() for _ in prompts]
    last = torch.stack([gemma.read(ids, memory)[-1] for ids, memory in zip(prompts, memories, strict=True)])
    crowd = gemma.gather(memories, copies, sampling.max_new_tokens)
    del memories
    states = last.repeat_interleave(copies, 0)
    generator = torch.Generator(gemma.device).manual_seed(sampling.seed)
    ended = torch.tensor(sorted(ends))
    written: list[list[int]] = [[] for _ in range(len(states))]
    active, going = torch.arange(len(states)), torch.ones(len(states), dtype=torch.bool)
    for count in range(1, sampling.max_new_tokens + 1):
        tokens = rows[pick(head(states), sampling.temperature, generator).cpu()]
        for i in going.nonzero()[:, 0].tolist():
            written[active[i]].append(int(tokens[i]))
        going &= ~torch.isin(tokens, ended)
        if not going.any() or count == sampling.max_new_tokens or (stop and stop.is_set()):
            break
        if going.float().mean() < THIN_OUT:
            crowd.keep(going)
            active, tokens, going = active[going], tokens[going], going[going]
        states = gemma.step(tokens, crowd)
    return written


def pick(logits: torch.Tensor, temperature: float, generator: torch.Generator) -> torch.Tensor:
    """A column for each row [n, columns] → [n]: the likeliest, or one drawn by the seed."""
    if temperature <= 0:
        return logits.argmax(-1)
    return torch.multinomial((logits.float() / temperature).softmax(-1), 1, generator=generator)[:, 0]
