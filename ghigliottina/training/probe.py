"""What a step costs on this machine: measured by doing two, aside."""

import json
import threading
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from ghigliottina.training.lock import replace_json
from ghigliottina.training.recipe import Recipe
from ghigliottina.training.runs import ALIVE, Run, Runs

LOOK = 0.5
"""Seconds between two looks at the run that measures."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a step costs on this machine, measured."""

    seconds_per_step: float
    peak_bytes: int
    """Of the whole process, at its highest."""


@dataclass(frozen=True)
class Probe:
    """Measures recipes by short runs, which are discarded, and remembers what it found in the home folder."""

    runs: Runs

    @property
    def measuring(self) -> bool:
        """Whether it is at it right now."""
        return any(thread.name == _THREAD for thread in threading.enumerate())

    def estimate(self, recipe: Recipe) -> Estimate | None:
        """What was measured for steps like this recipe's; None if nothing was."""
        found = self._known().get(size(recipe))
        return Estimate(found["seconds_per_step"], int(found["peak_bytes"])) if found else None

    def measure(self, recipe: Recipe) -> None:
        """Begin to measure; never waits for the end. Raises BusyError where a training is under way."""
        if holder := self.runs.owner():
            raise holder.busy
        run = self.runs.create(replace(recipe, steps=2, sample_every=0))
        try:
            self.runs.launch(run)
        except Exception:
            self.runs.stop(run, discard=True)
            raise
        threading.Thread(target=self._watch, args=(run,), name=_THREAD, daemon=True).start()

    def _watch(self, run: Run) -> None:
        wait = threading.Event()
        while run.status.state in ALIVE:
            wait.wait(LOOK)
        steps = run.steps()
        if len(steps) == 2:  # the first one warms up
            told = Estimate(steps[1]["seconds"], steps[1]["memory"])
            replace_json(self._file, self._known() | {size(run.recipe): asdict(told)})
        if run.folder.is_dir():  # somebody may have discarded it
            self.runs.stop(run, discard=True)

    @property
    def _file(self) -> Path:
        return self.runs.home / "probes.json"

    def _known(self) -> dict[str, dict[str, float]]:
        try:
            return dict(json.loads(self._file.read_bytes()))
        except (OSError, ValueError, TypeError):
            return {}


_THREAD = "probe"
_SIZE = ("method", "start", "puzzles", "completions", "max_tokens", "rank", "by_heart")


def size(recipe: Recipe) -> str:
    """What decides how long a step takes: the same for recipes whose steps cost the same."""
    return " ".join(str(getattr(recipe, name)) for name in _SIZE)
