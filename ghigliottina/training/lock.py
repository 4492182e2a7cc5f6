"""One run at a time: a lock that the kernel frees when its owner dies, and a note beside it that names the owner."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ghigliottina.errors import BusyError


@dataclass(frozen=True, slots=True)
class Owner:
    """Whoever trains right now."""

    run: str
    """The run's name."""
    pid: int
    since: float
    """Unix seconds."""

    @property
    def busy(self) -> BusyError:
        """What to tell somebody who wants to train too."""
        when = datetime.fromtimestamp(self.since).strftime("%H:%M")
        reason = f"“{self.run}” trains since {when} (process {self.pid}), and two would slow each other to a crawl"
        message = f"No run can start now: {reason}. Wait for it, or stop it."
        return BusyError(message, "run_active", run=self.run, pid=self.pid, since=self.since)


def owner(runs: Path) -> Owner | None:
    """Who holds the lock of this folder of runs; None if nobody does, or whoever did is dead."""
    note = runs / _OWNER
    try:
        found = Owner(**json.loads(note.read_bytes()))
    except (FileNotFoundError, ValueError, TypeError):  # nobody, or cut off by a power cut
        return None
    # The note is removed by its owner, so the lock is touched only where somebody holds it, or died holding it.
    from filelock import Timeout

    try:
        with _kernel_lock(runs).acquire(timeout=0):
            return None
    except Timeout:
        return found


@contextmanager
def hold(runs: Path, run: str) -> Iterator[None]:
    """Be the one that trains, for as long as this lasts. Raises BusyError, naming who does."""
    from filelock import Timeout

    runs.mkdir(parents=True, exist_ok=True)
    try:
        held = _kernel_lock(runs).acquire(timeout=_PATIENCE)
    except Timeout:
        raise (owner(runs) or Owner("?", 0, time.time())).busy from None
    with held:
        replace_json(runs / _OWNER, asdict(Owner(run, os.getpid(), time.time())))
        try:
            yield
        finally:
            (runs / _OWNER).unlink(missing_ok=True)


def replace_json(path: Path, value: object) -> None:
    """Write JSON so that whoever reads finds the old file or the new one."""
    draft = path.with_name(f".{path.name}.draft")
    draft.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    draft.replace(path)


_OWNER = ".owner.json"
_PATIENCE = 1.0
"""Seconds; a look at a dead owner's lock holds it for a moment, and must not keep a new one out."""


def _kernel_lock(runs: Path) -> Any:  # noqa: ANN401
    from filelock import FileLock

    return FileLock(runs / ".lock")
