"""The command that makes one model of an adapter and its base, and brings it to the hub."""

import re
import sys
from collections.abc import Sequence
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ghigliottina.errors import InputError
from ghigliottina.links.graph import Graph
from ghigliottina.models.checkpoint import Checkpoint
from ghigliottina.models.engine import Message
from ghigliottina.models.shelf import Shelf
from ghigliottina.settings import Settings
from ghigliottina.training.recipe import Recipe
from ghigliottina.training.runs import Runs

if TYPE_CHECKING:
    from ghigliottina.models.merging import Merge

CHATS = 8
"""Games that a merge is measured on, half of them by heart."""


class Dtype(StrEnum):
    """What the merged weights are written as."""

    BFLOAT16 = "bfloat16"
    FLOAT32 = "float32"


def merge_command(
    adapter: Annotated[
        str, typer.Argument(help="A run, an adapter on the shelf, or an adapter's folder.", metavar="RUN|ADAPTER")
    ],
    name: Annotated[str | None, typer.Option(help="Its name on the shelf. Default: ADAPTER-merged.")] = None,
    dtype: Annotated[Dtype, typer.Option(help="bfloat16 takes half the disk.")] = Dtype.BFLOAT16,
    push: Annotated[
        str | None, typer.Option(help="Upload it with a model card; HF_TOKEN must be set.", metavar="OWNER/MODEL")
    ] = None,
) -> None:
    """Merge an adapter into its base: a model of its own, compared with the adapter before it goes on the shelf.

    With --push, a model that was merged before is uploaded as it is.
    """
    from ghigliottina.models import card

    token = card.token_for(push) if push else ""
    settings = Settings.from_environment()
    shelf = Shelf(settings)
    found = _find(adapter, shelf)
    chats = _chats(found)
    if found.kind == "adapter" or not push:
        default = f"{found.name.replace('/', '--')}-merged"
        found = _merge(found, shelf, default if name is None else name, chats, dtype)
    if push:
        folder = card.build(found, push, chats[0], _steps(found, settings.home))
        typer.echo(f"pushed to {card.push(folder, push, token)}, private if it is new")


def _find(given: str, shelf: Shelf) -> Checkpoint:
    """The adapter that is meant: a run's has the run's name. Raises InputError, CheckpointError."""
    home = shelf.settings.home
    if given not in shelf.names() and given in (run.name for run in Runs(home).all()):
        message = f"The run “{given}” has saved no adapter: let it come to its first save."
        raise InputError(message, "merge_unsaved", run=given)
    return shelf.fetch_given(given, progress)


def _merge(
    adapter: Checkpoint, shelf: Shelf, name: str, chats: Sequence[Sequence[Message]], dtype: Dtype
) -> Checkpoint:
    out = _out(name, shelf)
    from ghigliottina.models.merging import merge

    base = shelf.find(adapter.base) if adapter.base else adapter
    made = merge(adapter, base, out, chats, progress, dtype.value)
    _print(made, dtype)
    return made.checkpoint


def _out(name: str, shelf: Shelf) -> Path:
    if not re.fullmatch(r"\w[\w.+-]{0,79}", name):
        message = f"“{name[:80]}” can't be a name: take letters, digits, dots and dashes, 80 at most."
        raise InputError(message, "merge_name", name=name[:80])
    if name in shelf.names():
        message = f"“{name}” is on the shelf already: choose another --name, remove it, or push it by its own name."
        raise InputError(message, "merge_exists", name=name)
    return shelf.own / name


def _chats(checkpoint: Checkpoint) -> list[tuple[Message, ...]]:
    """Games as training knows them, first open book, then by heart, each with a right answer as its last message."""
    from ghigliottina.training.data import examples

    graph = Graph.load()
    kinds = (examples(graph, Recipe(by_heart=share), checkpoint.grammar) for share in (0.0, 1.0))
    lessons = (lesson for kind in kinds for lesson in islice(kind, CHATS // 2))
    return [(*lesson.messages, Message("assistant", lesson.target)) for lesson in lessons]


def _steps(checkpoint: Checkpoint, home: Path) -> Sequence[dict[str, object]]:
    """The curve of the run that made it, where there is one."""
    made = (run for run in Runs(home).all() if run.name == checkpoint.record.get("parent"))
    return next((run.steps() for run in made), [])


def _print(made: "Merge", dtype: Dtype) -> None:
    from ghigliottina.models.merging import TOLERANCE

    for what, found in (("merged in float32", made.merged), (f"written as {dtype}", made.written)):
        same = f"the same token first at {found.same:.1%} of {found.tokens}"
        typer.echo(f"{what}: logits differ from the adapter's by {found.difference:.2g} at most, {same}")
    typer.echo(f"refused above {TOLERANCE:g} before the cast")
    typer.echo(f"{made.checkpoint.name}: {made.checkpoint.path}")


def progress(done: float, what: str) -> None:
    """Show how far something slow is, where there is a terminal to show it on."""
    if sys.stderr.isatty():
        typer.echo(f"\r{what} {done:4.0%}".ljust(60), nl=done >= 1, err=True)
