"""The local engine: a checkpoint of the shelf, running in this process."""

import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import torch
from transformers.models.gemma3.configuration_gemma3 import Gemma3TextConfig

from ghigliottina.errors import CheckpointError
from ghigliottina.models import crowd
from ghigliottina.models.chat import Chat
from ghigliottina.models.checkpoint import Checkpoint
from ghigliottina.models.engine import Message, Sampling
from ghigliottina.models.gemma import Gemma, Memory
from ghigliottina.models.head import italian_rows
from ghigliottina.models.shelf import Shelf
from ghigliottina.models.weights import Weights

CHUNK = 128
"""Tokens of a prompt that are read between two looks at the stop sign: a quarter of a second on two cores."""
MEMORIES = 2
"""Prompts that are remembered: one for each way to ask, which differ from the first example on."""


class LocalEngine:
    """Writes with a Gemma 3, one token at a time, greedily or by the seed. Build it with `load`.

    What a prompt shares with an earlier one, its examples above all, isn't read again. Streams may overlap: each works
    on a memory that it has taken out of the pool.
    """

    def __init__(self, gemma: Gemma, chat: Chat, embedding: torch.Tensor, rows: torch.Tensor | None = None) -> None:
        self._gemma = gemma
        self._chat = chat
        self._embedding = embedding
        """The output matrix [tokens, hidden] as it lies in the file."""
        # A tokenizer may know a token for images, which a model for text has no row for.
        self._rows = torch.arange(len(embedding)) if rows is None else rows[rows < len(embedding)]
        kept = embedding if rows is None else embedding[self._rows]
        self._head = kept.to(gemma.device, gemma.dtype).t().contiguous()
        self._memories: list[Memory] = []

    def stream(
        self, messages: Sequence[Message], sampling: Sampling, stop: threading.Event
    ) -> Generator[str, None, None]:
        """See `Engine.stream`."""
        with closing(self._write(self._chat.ids(messages), sampling, stop)) as tokens:
            yield from self._chat.pieces(tokens)

    def complete(self, chats: Sequence[Sequence[Message]], sampling: Sampling) -> list[str]:
        """See `Batch.complete`. Twice as fast if loaded for it, see `load`."""
        prompts = [self._chat.ids(messages) for messages in chats]
        rows, head = self._head_for([token for prompt in prompts for token in prompt])
        written = crowd.write(self._gemma, lambda states: states @ head, rows, prompts, sampling, self._chat.ends)
        ends = self._chat.ends
        return ["".join(self._chat.pieces(token for token in ids if token not in ends)) for ids in written]

    def _write(self, prompt: list[int], sampling: Sampling, stop: threading.Event) -> Generator[int, None, None]:
        memory = self._take(prompt)
        try:
            rows, head = self._head_for(prompt)
            generator = torch.Generator(self._gemma.device).manual_seed(sampling.seed)
            unread = prompt[len(memory.ids) :]
            for _ in range(sampling.max_new_tokens):
                state = self._read(unread, memory, stop)
                if state is None:
                    return
                token = int(rows[crowd.pick((state @ head)[None], sampling.temperature, generator)])
                if token in self._chat.ends:
                    return
                yield token
                unread = [token]
        finally:
            self._memories.append(memory)

    def _read(self, ids: list[int], memory: Memory, stop: threading.Event) -> torch.Tensor | None:
        """The last token's hidden state; None if told to stop before it was reached."""
        state = None
        for start in range(0, len(ids), CHUNK):
            if stop.is_set():
                return None
            state = self._gemma.read(ids[start : start + CHUNK], memory)[-1]
        return state

    def _take(self, prompt: Sequence[int]) -> Memory:
        """The memory that shares most with the prompt, rewound to that; a fresh one if none shares half of it."""
        best = max(self._memories, key=lambda memory: memory.shared(prompt), default=None)
        # At least one token is always read: what follows the prompt is told from its last state.
        shared = min(best.shared(prompt), len(prompt) - 1) if best else 0
        if best is None or 2 * shared < len(prompt):
            del self._memories[: max(0, len(self._memories) - MEMORIES + 1)]
            return Memory()
        self._memories.remove(best)
        best.rewind(shared)
        return best

    def _head_for(self, prompt: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor]:
        """Rows and matrix of the head, with the prompt's own tokens, so that any clue can be repeated as typed."""
        extra = torch.tensor(sorted(set(prompt)))
        extra = extra[torch.isin(extra, self._rows, invert=True)]
        if not len(extra):
            return self._rows, self._head
        more = self._embedding[extra].to(self._gemma.device, self._gemma.dtype).t()
        return torch.cat((self._rows, extra)), torch.cat((self._head, more), 1)


def load(
    checkpoint: Checkpoint, shelf: Shelf, progress: Callable[[float, str], None], *, side_by_side: bool = False
) -> LocalEngine:
    """Load a fetched checkpoint, an adapter with its base: seconds. Reports `load`. Raises CheckpointError.

    For many answers at once ask for `side_by_side`; one alone is then slower.

    A CPU computes in float32 with the Italian head, a GPU in bfloat16 with the whole one.
    """
    progress(0.0, "load")
    torch.set_num_threads(_cores(torch.get_num_threads()))
    base = shelf.find(checkpoint.base) if checkpoint.base else None
    model = base or checkpoint
    device, dtype = ("cuda", torch.bfloat16) if torch.cuda.is_available() else ("cpu", torch.float32)
    with ThreadPoolExecutor(1) as aside:
        speech = aside.submit(_speech, checkpoint, base, device)
        weights = Weights(model, checkpoint if base else None)
        gemma = Gemma.load(_config(model), weights, dtype, device, side_by_side=side_by_side)
        progress(0.7, "load")
        chat, rows = speech.result()
    engine = LocalEngine(gemma, chat, weights.head, rows)
    progress(1.0, "load")
    return engine


def _cores(threads: int, quota: Path = Path("/sys/fs/cgroup/cpu.max")) -> int:
    """No more threads than the container may run: each step would wait for those that are held back."""
    share, period = quota.read_text().split() if quota.is_file() else ("max", "1")
    return threads if share == "max" else max(1, min(threads, int(share) // int(period)))


def _config(checkpoint: Checkpoint) -> Gemma3TextConfig:
    # transformers' own class reads every spelling of a Gemma 3 configuration that is about.
    config = Gemma3TextConfig.from_pretrained(checkpoint.path, local_files_only=True)
    variants = ("attention_bias", "attn_logit_softcapping", "final_logit_softcapping", "use_bidirectional_attention")
    if odd := [name for name in variants if getattr(config, name)]:
        message = f"Checkpoint “{checkpoint.name}” sets {', '.join(odd)}, which no Gemma 3 does: use an ordinary one."
        raise CheckpointError(message, "checkpoint_variant", name=checkpoint.name, fields=", ".join(odd))
    return config


def _speech(checkpoint: Checkpoint, base: Checkpoint | None, device: str) -> tuple[Chat, torch.Tensor | None]:
    chat = Chat.load(checkpoint, base)
    return chat, italian_rows(chat.tokenizer) if device == "cpu" else None
