"""The real page on a scripted engine, for the tests that read it over HTTP or in a browser."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from ghigliottina.links.graph import Graph
from ghigliottina.models.engine import Message, ScriptedEngine
from ghigliottina.models.host import State
from ghigliottina.settings import Settings
from ghigliottina.solver import Player
from ghigliottina.ui.page import launch
from ghigliottina.ui.workbench import Line, Workbench
from rewards import RUBRIC

EVIL = "<img src=x onerror='pwned = 1'> ${window.pwned = 2} {{pwned = 3}} </script><script>pwned = 4</script>"
"""What a model might write. None of it may run."""


def recite(messages: Sequence[Message]) -> str:
    """An answer that speaks of its own clues; an evil one where a clue is “veleno”; a long one for “fiume”."""
    asked = messages[-1].content.split("Indizi:\n")[1].splitlines()
    clues = [line.removeprefix("- ") for line in asked[:5]]
    if "veleno" in clues:
        return f"<think>\n- veleno: {EVIL}\n</think>\nsoluzione: {EVIL}.\n"
    steps = "\n".join(f"- {clue}: storia di {clue}" for clue in clues)
    more = "\nancora un pensiero" * (40 if "fiume" in clues else 0)
    return f"<think>\n{steps}{more}\n</think>\nsoluzione: super{clues[0]}.\n"


@cache
def graph() -> Graph:
    return Graph.load()


@dataclass(frozen=True)
class Reciting:
    """Models that need no weights."""

    engine: ScriptedEngine
    states: Mapping[str, State] = field(default_factory=dict)

    def names(self):
        return ("recitante", "altro")

    def state(self, name):
        return self.states.get(name, State("ready", 1.0))

    def prepare(self, name):
        pass

    def player(self, solver, name):
        return Player(solver, self.engine)


def workbench(home: Path, seconds_a_piece: float = 0.02, places: int = 24, **states: State) -> Workbench:
    """What the page needs, with a model that recites."""
    models = Reciting(ScriptedEngine(recite, seconds_a_piece), states)
    return Workbench(Settings(home), graph(), RUBRIC, models, Line(places))


@contextmanager
def served(bench: Workbench) -> Iterator[str]:
    """The address of a page on this workbench."""
    page = launch(bench)
    try:
        yield page.local_url
    finally:
        page.close(verbose=False)
