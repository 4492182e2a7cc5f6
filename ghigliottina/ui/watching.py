"""A run as the page shows it: read once from its folder, then only drawn."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from math import isfinite
from pathlib import Path
from statistics import fmean
from typing import Any

from ghigliottina.errors import InputError
from ghigliottina.training.recipe import Recipe
from ghigliottina.training.run import EVENTS
from ghigliottina.training.runs import ALIVE, Run, RunState, Status
from ghigliottina.ui.workshop import Merging, Workshop
from rewards import RUBRIC

Event = Mapping[str, Any]
LATELY = 10
"""Steps whose mean time foretells that of the others."""


@dataclass(frozen=True, slots=True)
class Curve:
    """One figure of every step."""

    name: str
    """`reward`, the name of a reward, `length`, `entropy`, `no_signal`, `clipped`, `loss`, `accuracy`."""
    points: tuple[tuple[int, float], ...]
    """(step, value), in order; at least one."""
    share: bool = False
    """Whether its values lie in [0, 1] by their nature."""


@dataclass(frozen=True, slots=True)
class Watch:
    """Everything about a run that there is to show."""

    name: str
    status: Status
    recipe: Recipe | None
    """None where its file is damaged."""
    phase: str
    """The latest, see `events.jsonl`; empty before the first."""
    steps: Sequence[Event]
    samples: Sequence[Event]
    rollouts: Sequence[Event]
    """Those of `rollouts_step`."""
    rollouts_step: int
    log: str
    merging: Merging | None = None

    @classmethod
    def of(cls, run: Run, workshop: Workshop, step: int | None = None) -> "Watch":
        """Read it from its folder. `step`: whose rollouts; None for the latest."""
        status, steps = run.status, run.steps()
        shown = steps[-1]["step"] if step is None and steps else step or 0
        phases = [event["phase"] for event in run.events()[0] if event["event"] == "phase"]
        return cls(
            name=run.name,
            status=status,
            recipe=recipe_of(run),
            phase=phases[-1] if phases else "",
            steps=steps,
            samples=run.samples(),
            rollouts=run.rollouts(shown) if shown else [],
            rollouts_step=shown,
            # On a public server the log may name what is no visitor's business.
            log=run.log_tail() if status.state is RunState.FAILED and workshop.allowed else "",
            merging=workshop.merging(run.name),
        )

    @property
    def alive(self) -> bool:
        """Whether a process works on it."""
        return self.status.state in ALIVE

    @property
    def latest(self) -> int:
        """The last whole step that is on the curves; 0 before the first."""
        return int(self.steps[-1]["step"]) if self.steps else 0

    @property
    def maximum(self) -> float:
        """The most points that an answer can earn."""
        return sum((self.recipe.rubric if self.recipe else RUBRIC).weights.values())

    @property
    def seconds(self) -> float:
        """What all steps took so far."""
        return sum(float(step.get("seconds", 0)) for step in self.steps)

    @property
    def seconds_left(self) -> float | None:
        """What the steps still to do will take; None if nothing is known, or nothing to do."""
        lately = [step["seconds"] for step in self.steps[-LATELY:] if "seconds" in step]
        left = self.status.steps - self.status.step
        return fmean(lately) * left if self.alive and lately and left > 0 else None

    def curves(self) -> Iterator[Curve]:
        """The total, each reward, and the figures of the trainer, as far as there are any."""
        for name in ("reward", *RUBRIC.names, *_FIGURES):
            own = name in RUBRIC.names
            values = [(row["step"], ((row.get("rewards") or {}) if own else row).get(name)) for row in self.steps]
            # A run that goes astray writes NaN before it ends.
            points = tuple((step, float(value)) for step, value in values if value is not None and isfinite(value))
            if points:
                yield Curve(name, points, own or name in _SHARES)

    def groups(self) -> Iterator[tuple[int, list[Event]]]:
        """The rollouts by puzzle."""
        ordered = sorted(self.rollouts, key=lambda row: row["group"])
        for number, rows in groupby(ordered, key=lambda row: row["group"]):
            yield number, list(rows)


_FIGURES = ("length", "entropy", "no_signal", "clipped", "loss", "accuracy")
_SHARES = ("no_signal", "clipped", "accuracy")


def size(run: Run) -> int:
    """Bytes of its events: what hasn't grown needs no second reading."""
    events = run.folder / EVENTS
    return events.stat().st_size if events.is_file() else 0


def last_reward(run: Run) -> float | None:
    """The mean total of its last step; None if there is none yet, or none at all as it learns by examples."""
    return _last_reward(run.folder, size(run))


@lru_cache(maxsize=256)
def _last_reward(folder: Path, _size: int) -> float | None:
    return next((step.get("reward") for step in Run(folder).steps()[-1:]), None)


def recipe_of(run: Run) -> Recipe | None:
    """What was asked for; None where the file is damaged, which the status says too once the run starts."""
    try:
        return run.recipe
    except InputError:
        return None
