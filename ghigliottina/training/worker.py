"""The process that trains: `python -m ghigliottina.training.worker RUN_FOLDER`. It ends finished, stopped or failed."""

import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any, Literal

from ghigliottina.errors import GhigliottinaError
from ghigliottina.links.graph import Graph
from ghigliottina.models.shelf import Shelf
from ghigliottina.settings import Settings
from ghigliottina.training.run import FULL, LOG, Run, RunState, Status
from ghigliottina.training.runs import Runs

Stop = Callable[[], Literal["", "save", "discard"]]
"""Asked between two steps: whether to stop now."""
Train = Callable[[Run, Shelf, Graph, Stop], Literal["finished", "stopped"]]


def main(folder: Path, train: Train | None = None) -> int:
    """Train a run's folder to its end. Returns the exit code: 0, 1 if it failed, 4 if another run is active."""
    try:
        run = Runs(folder.absolute().parent.parent).find(folder.name)
        return 1 if work(run, train).state is RunState.FAILED else 0
    except GhigliottinaError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code


def work(run: Run, train: Train | None = None) -> Status:
    """Train a run to its end, in this process, and say how it ended.

    SIGTERM and Ctrl-C stop it after the step that it is in, like the file `stop`; a second Ctrl-C ends it at once.
    Of several processes (`accelerate launch`) only the first takes the lock and writes. Raises BusyError.
    """
    if os.environ.get("RANK", "0") != "0":
        with _signals(run) as stop:
            _train(_Silent(run.folder), train, stop)
        return run.status
    try:
        with Runs(run.folder.parent.parent).lock(run), _signals(run) as stop:
            return _work(run, train, stop)
    except OSError as error:  # even the lock can't be written
        return _fail(run, error)


def _work(run: Run, train: Train | None, stop: Stop) -> Status:
    try:
        run.write_status(state=RunState.RUNNING, reason="", code="", pid=os.getpid(), steps=run.recipe.steps)
        ended = RunState(_train(run, train, stop))
    except KeyboardInterrupt:
        _end(run, RunState.STOPPED, "interrupted before it could save: resume it to go on from its last save")
        raise
    except Exception as error:
        return _fail(run, error)
    return _end(run, ended, "stopped when asked to, and saved: resume it to go on" if ended == "stopped" else "")


def explain(error: BaseException) -> tuple[str, str]:
    """(code, reason for people) of whatever a run died of."""
    chain = list(_chain(error))
    if isinstance(error, GhigliottinaError):
        return error.code or "failed", str(error)
    if any(isinstance(e, MemoryError) or _OUT_OF_MEMORY.intersection(_words(e)) for e in chain):
        return "memory", "The memory is full: take fewer completions or puzzles a step."
    if any((isinstance(e, OSError) and e.errno in FULL) or _DISK_FULL in str(e) for e in chain):
        return "disk_full", "The disk is full: free some space, then resume the run from its last save."
    return "bug", f"{type(error).__name__}: {error}. This is a bug: its traceback is in {LOG}."


class _Silent(Run):
    """The run for the processes beside the first: all of it to read, nothing to write."""

    def note(self, event: str, **data: Any) -> None:  # noqa: ANN401
        pass

    def write_status(self, **changes: Any) -> None:  # noqa: ANN401
        pass

    def write_rollouts(self, step: int, rows: Any) -> None:  # noqa: ANN401
        pass


def _train(run: Run, train: Train | None, stop: Stop) -> Literal["finished", "stopped"]:
    settings = replace(Settings.from_environment(), home=run.folder.parent.parent)
    return (train or _trainer())(run, Shelf(settings), Graph.load(), stop)


def _trainer() -> Train:
    from ghigliottina.training.trainer import train  # torch and trl: seconds, and not needed to take the lock

    return train


@contextmanager
def _signals(run: Run) -> Iterator[Stop]:
    """Whether the run shall stop, from signals and from the file."""
    asked = False

    def on_signal(number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if asked and number == signal.SIGINT:
            raise KeyboardInterrupt
        asked = True

    def stop() -> Literal["", "save", "discard"]:
        return run.stop_asked or ("save" if asked else "")

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _fail(run: Run, error: Exception) -> Status:
    with suppress(OSError):  # on a full disk the log has no room either
        traceback.print_exception(error)
    code, reason = explain(error)
    return _end(run, RunState.FAILED, reason, code)


def _end(run: Run, state: RunState, reason: str, code: str = "") -> Status:
    run.write_status(state=state, reason=reason, code=code)
    with suppress(OSError):  # the status has said it, and a full disk takes no more
        run.note(state.value, reason=reason)
    return run.status


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error, and those that it came from."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


_OUT_OF_MEMORY = {"OutOfMemoryError", "DefaultCPUAllocator:"}
"""How torch says it, on a GPU by the error's type and on a CPU in its text."""
_DISK_FULL = os.strerror(FULL[0])
"""What libraries write into errors of their own."""


def _words(error: BaseException) -> set[str]:
    return {type(error).__name__, *str(error).split()}


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} RUN_FOLDER")
    sys.exit(main(Path(sys.argv[1])))
