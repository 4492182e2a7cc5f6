"""A run on disk: a folder that says what was asked for, what happened, and how it stands. Imports no torch."""

import errno
import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Self

from ghigliottina.errors import InputError
from ghigliottina.training.lock import owner, replace_json
from ghigliottina.training.recipe import Recipe

Event = dict[str, Any]
"""A line of events.jsonl: at least `time`, in Unix seconds, and `event`, its kind."""


class RunState(StrEnum):
    """How a run stands."""

    QUEUED = "queued"
    RUNNING = "running"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FINISHED = "finished"
    FAILED = "failed"


ALIVE = frozenset({RunState.QUEUED, RunState.RUNNING, RunState.STOPPING})
"""The states that need a living process."""


@dataclass(frozen=True, slots=True)
class Status:
    """How a run stands, and why."""

    state: RunState = RunState.QUEUED
    reason: str = ""
    """For people, where it failed or was stopped."""
    code: str = ""
    """The reason for programs: worker_died, memory, disk_full, nan, bug, or a GhigliottinaError's own."""
    pid: int = 0
    """The process that trains; 0 before it starts."""
    step: int = 0
    """The last whole step."""
    steps: int = 0
    """How many there shall be."""
    checkpoint: str = ""
    """The adapter's name on the shelf, from the first save on."""

    def as_json(self) -> dict[str, Any]:
        """As it goes into status.json."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Back from `as_json`. Raises ValueError or TypeError on what is none."""
        return cls(**{**value, "state": RunState(value.get("state", ""))})


@dataclass(frozen=True)
class Run:
    """A run, by its folder. Only the process that trains writes into it; everybody may read, at any time."""

    folder: Path

    @property
    def name(self) -> str:
        """Its name; also that of the adapter which it puts on the shelf."""
        return self.folder.name

    @cached_property
    def recipe(self) -> Recipe:
        """What was asked for. Raises InputError if the file is missing or damaged."""
        try:
            return Recipe.from_json(json.loads((self.folder / RECIPE).read_bytes()))
        except (OSError, ValueError, TypeError) as error:
            message = f"The recipe of “{self.name}” can't be read ({error}): delete the run and start a new one."
            raise InputError(message, "run_recipe", run=self.name) from None

    @property
    def status(self) -> Status:
        """How it really stands: a run whose process is dead has failed, whatever it wrote last."""
        written = self._written
        if written.state not in ALIVE:
            return written
        holder = owner(self.folder.parent)
        if holder is None or holder.run != self.name:
            # It may have come to its end between the two looks.
            written = self._written
            return written if written.state not in ALIVE or self._starting(written) else _died(written)
        return replace(written, state=RunState.STOPPING) if self.stop_asked else written

    @property
    def _written(self) -> Status:
        try:
            return Status.from_json(json.loads((self.folder / STATUS).read_bytes()))
        except (OSError, ValueError, TypeError) as error:
            reason = f"its {STATUS} can't be read ({error}): resume it, and it is written anew"
            return Status(RunState.FAILED, reason, "status_damaged")

    def _starting(self, written: Status) -> bool:
        """Whether its process may still be on its way to the lock."""
        return written.state is RunState.QUEUED and time.time() - (self.folder / STATUS).stat().st_mtime < STARTING

    @property
    def stop_asked(self) -> Literal["", "save", "discard"]:
        """Whether it shall stop, and what for."""
        try:
            return "discard" if (self.folder / STOP).read_text() == "discard" else "save"
        except FileNotFoundError:
            return ""

    def write_status(self, **changes: Any) -> None:  # noqa: ANN401
        """Change some fields of the status. On a full disk the old file is written over, so that it can still say so.

        Raises OSError.
        """
        changed = replace(self._written, **changes).as_json()
        try:
            replace_json(self.folder / STATUS, changed)
        except OSError as error:
            if error.errno not in FULL:
                raise
            with (self.folder / STATUS).open("r+b") as file:  # its block is ours already
                file.write(json.dumps(changed, ensure_ascii=False).encode())
                file.truncate()

    def note(self, event: str, **data: Any) -> None:  # noqa: ANN401
        """Append an event; `start`, `step` and `saved` also show in the status.

        Raises OSError if the disk is full, and then leaves no half line.
        """
        line = json.dumps({"time": round(time.time(), 3), "event": event, **data}, ensure_ascii=False).encode() + b"\n"
        with (self.folder / EVENTS).open("ab", buffering=0) as file:
            _append(file.fileno(), line if self._whole_lines() else b"\n" + line)
        if event in ("start", "step"):
            self.write_status(step=data["from_step" if event == "start" else "step"])
        elif event == "saved":
            self.write_status(checkpoint=self.name)

    def _whole_lines(self) -> bool:
        """Whether the last line has its end, which a process that was killed may have left out."""
        with (self.folder / EVENTS).open("rb") as file:
            if file.seek(0, os.SEEK_END) == 0:
                return True
            file.seek(-1, os.SEEK_END)
            return file.read() == b"\n"

    def events(self, since: int = 0) -> tuple[list[Event], int]:
        """The events from that byte on, and the byte to go on from; only whole lines, and only those that can be
        read."""
        try:
            with (self.folder / EVENTS).open("rb") as file:
                file.seek(since)
                whole = file.read()
        except FileNotFoundError:
            return [], since
        whole = whole[: whole.rfind(b"\n") + 1]
        return list(_objects(whole)), since + len(whole)

    def steps(self) -> list[Event]:
        """The curve, in order: each step once, as it was done last, and nothing that a resume went back behind."""
        return self._lasting("step")

    def samples(self) -> list[Event]:
        """The answers to the one fixed puzzle, in order; likewise."""
        return self._lasting("sample")

    def _lasting(self, kind: str) -> list[Event]:
        lasting: dict[int, Event] = {}
        for event in self.events()[0]:
            if event["event"] == "start":
                lasting = {step: old for step, old in lasting.items() if step <= event["from_step"]}
            elif event["event"] == kind:
                lasting[event["step"]] = event
        return [lasting[step] for step in sorted(lasting)]

    def write_rollouts(self, step: int, rows: Sequence[Mapping[str, Any]]) -> None:
        """Keep what was sampled in a step, a line each. Raises OSError."""
        path = self.folder / ROLLOUTS / f"step-{step:05d}.jsonl"
        path.parent.mkdir(exist_ok=True)
        draft = path.with_name(f".{path.name}.draft")
        draft.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
        draft.replace(path)

    def rollouts(self, step: int | None = None) -> list[Event]:
        """What was sampled in a step, by default in the latest; empty if there is nothing."""
        if step is None:
            files = sorted((self.folder / ROLLOUTS).glob("step-*.jsonl"), key=lambda file: file.stat().st_mtime_ns)
        else:
            files = [self.folder / ROLLOUTS / f"step-{step:05d}.jsonl"]
        return list(_objects(files[-1].read_bytes())) if files and files[-1].is_file() else []

    def checkpoints(self) -> list[int]:
        """The steps, in order, from whose whole checkpoint-N folders it can go on."""
        states = self.folder.glob("checkpoint-[0-9]*/trainer_state.json")  # what the trainer writes last
        return sorted(int(state.parent.name.partition("-")[2]) for state in states if _is_json(state))

    def log_tail(self, lines: int = 40) -> str:
        """The end of what its process printed; empty where it ran in a terminal."""
        log = self.folder / LOG
        return "\n".join(log.read_text("utf-8", "replace").splitlines()[-lines:]) if log.is_file() else ""


RECIPE, EVENTS, ROLLOUTS, STATUS, STOP, LOG = (
    "recipe.json",
    "events.jsonl",
    "rollouts",
    "status.json",
    "stop",
    "worker.log",
)
STARTING = 60.0
"""Seconds that a process may take from its start to the lock: on a busy machine, importing takes a while."""
FULL = (errno.ENOSPC, errno.EDQUOT)


def _died(written: Status) -> Status:
    reason = "its process ended without a word (killed, or the machine restarted): resume it"
    return replace(written, state=RunState.FAILED, reason=reason, code="worker_died")


def _is_json(path: Path) -> bool:
    """Whether it is whole: half a JSON object is none."""
    try:
        return bool(json.loads(path.read_bytes()))
    except ValueError:
        return False


def _append(file: int, line: bytes) -> None:
    """One write; whatever a full disk cuts off is taken back."""
    size = os.fstat(file).st_size
    try:
        written = os.write(file, line)
        if written < len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    except OSError:
        os.ftruncate(file, size)
        raise


def _objects(text: bytes) -> list[Event]:
    """The JSON objects among the lines. A line that a killed process left half isn't one."""
    found = []
    for line in text.splitlines():
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, dict):
            found.append(value)
    return found
