"""What visitors may do with trainings, and what they may see of them. Whatever acts asks first whether it may."""

import os
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Literal, Protocol

from ghigliottina.errors import BusyError, GhigliottinaError, InputError
from ghigliottina.settings import ASSETS
from ghigliottina.training.probe import Estimate, size
from ghigliottina.training.recipe import Recipe
from ghigliottina.training.runs import Run, Runs, harmless

MERGE = (sys.executable, str(ASSETS.parent / "app.py"), "merge")
MERGE_LOG = "merge.log"
REMEMBERED = 20
"""Runs that are asked what such steps did cost."""


class Gauge(Protocol):
    """Measures a step of a recipe, aside and in the background."""

    @property
    def measuring(self) -> bool:
        """Whether it is at it right now."""
        ...

    def estimate(self, recipe: Recipe) -> Estimate | None:
        """What was measured for steps like this recipe's; None if nothing was. Never waits."""
        ...

    def measure(self, recipe: Recipe) -> None:
        """Begin to measure; never waits. Raises BusyError where a measure or a training is under way."""
        ...


@dataclass(frozen=True, slots=True)
class Merging:
    """How the merge of a run's adapter into its base is going."""

    state: Literal["running", "done", "failed"]
    said: str
    """The last line that its process wrote."""


@dataclass(frozen=True)
class Workshop:
    """The trainings of this machine, as the page sees them."""

    runs: Runs
    allowed: bool
    """Whether visitors may start, stop, merge; looking is always allowed."""
    gauge: Gauge | None = None
    merger: tuple[str, ...] = MERGE
    """The command that merges; it is given the run's name."""
    _merges: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def latest(self) -> Run | None:
        """The run that trains right now, or else the newest."""
        return self.runs.active() or next(iter(self.runs.all()), None)

    def launch(self, recipe: Recipe) -> Run:
        """Start a new run; returns once its process trains. Raises GhigliottinaError."""
        self._authorise()
        if holder := self.runs.owner():
            raise holder.busy  # before a folder is made that would never train
        run = self.runs.create(recipe)
        self.runs.launch(run)
        return run

    def stop(self, name: str) -> None:
        """Ask a run to save and stop. Raises GhigliottinaError."""
        self._authorise()
        self.runs.stop(self.runs.find(name))

    def discard(self, name: str) -> None:
        """Stop a run if it trains, and remove it with its adapter. Raises GhigliottinaError."""
        self._authorise()
        self.runs.stop(self.runs.find(name), discard=True)

    def resume(self, name: str) -> None:
        """Go on with a run that was stopped or failed. Raises GhigliottinaError."""
        self._authorise()
        self.runs.resume(self.runs.find(name))

    def measure(self, recipe: Recipe) -> None:
        """Begin to measure a step. Raises GhigliottinaError."""
        self._authorise()
        if holder := self.runs.owner():
            raise holder.busy
        if self.gauge is not None:
            self.gauge.measure(recipe)

    @property
    def measuring(self) -> bool:
        """Whether a step is being measured right now."""
        return self.gauge is not None and self.gauge.measuring

    def estimate(self, recipe: Recipe) -> Estimate | None:
        """What a step of this recipe costs, if it was ever measured here, or done."""
        measured = self.gauge.estimate(recipe) if self.gauge else None
        return measured or next(filter(None, (_cost(run, recipe) for run in self.runs.all()[:REMEMBERED])), None)

    def merge(self, name: str) -> None:
        """Begin to merge a run's adapter into its base, in a process of its own. Raises GhigliottinaError."""
        self._authorise()
        run = self.runs.find(name)
        if not run.status.checkpoint:
            raise InputError(f"“{name}” has saved nothing yet that could be merged.", "run_unsaved", run=name)
        if busy := next((other for other, process in self._merges.items() if process.poll() is None), None):
            raise BusyError(f"“{busy}” is being merged: wait until that is done.", "merge_active", run=busy)
        with (run.folder / MERGE_LOG).open("wb") as log:
            process = subprocess.Popen(
                [*self.merger, run.name],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=ASSETS.parent,
                env={**harmless(os.environ), "GHIGLIOTTINA_HOME": str(self.runs.home)},
                start_new_session=True,
            )
        self._merges[name] = process
        threading.Thread(target=process.wait, daemon=True).start()  # or a zombie would stay behind

    def merging(self, name: str) -> Merging | None:
        """How a run's merge is going; None if this page has begun none."""
        process = self._merges.get(name)
        if process is None:
            return None
        code = process.poll()
        state: Literal["running", "done", "failed"] = "running" if code is None else "failed" if code else "done"
        log = self.runs.folder / name / MERGE_LOG
        lines = log.read_text("utf-8", "replace").splitlines() if log.is_file() else []
        return Merging(state, lines[-1] if lines else "")

    def _authorise(self) -> None:
        if not self.allowed:
            reason = "its owner has not allowed them"
            message = f"Trainings are switched off on this server, as {reason}: set GHIGLIOTTINA_TRAINING=on there."
            raise GhigliottinaError(message, "training_off")


def _cost(run: Run, recipe: Recipe) -> Estimate | None:
    """What the steps of a run did cost, if it has done any, and of this size."""
    try:
        alike = size(run.recipe) == size(recipe)
    except InputError:
        return None
    steps = [step for step in run.steps() if "seconds" in step and "memory" in step] if alike else []
    if not steps:
        return None
    return Estimate(fmean(step["seconds"] for step in steps), max(step["memory"] for step in steps))


def memory(limit: Path = Path("/sys/fs/cgroup/memory.max")) -> int:
    """Bytes of memory that this machine, or its container, has."""
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    text = limit.read_text().strip() if limit.is_file() else "max"
    return whole if text == "max" else min(whole, int(text))
