"""What the page works with, handed to it as one value; and the manners of many visitors with one model."""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from ghigliottina.errors import BusyError
from ghigliottina.links.graph import Graph
from ghigliottina.models.host import State
from ghigliottina.settings import Settings
from ghigliottina.solver import Player, Solver
from rewards import Rubric


class Line:
    """First come, first served in front of the model, one at a time; only so many may wait.

    Gradio has a queue too, but it speaks English, shows nothing meanwhile and can't be left by a Stop button.
    """

    def __init__(self, places: int) -> None:
        self.places = places
        self._line: deque[object] = deque()
        self._lock = threading.Lock()

    def join(self) -> object:
        """Take a place at the end. Raises BusyError if all places are taken."""
        place = object()
        with self._lock:
            if len(self._line) > self.places:
                message = f"{self.places} people are in line for the model already: try again in a minute."
                raise BusyError(message, "line_full", waiting=self.places)
            self._line.append(place)
        return place

    def ahead(self, place: object) -> int:
        """How many come before; 0: it is your turn, until you leave."""
        with self._lock:
            return self._line.index(place)

    def leave(self, place: object) -> None:
        """Make room for the next."""
        with self._lock:
            self._line.remove(place)


class Runs:
    """What each session has under way, so that Stop stops one's own answer and nobody else's."""

    def __init__(self) -> None:
        self._stops: dict[str, threading.Event] = {}

    def begin(self, session: str) -> threading.Event:
        """A flag for a new run; a run that the session still had is told to stop."""
        self.stop(session)
        self._stops[session] = threading.Event()
        return self._stops[session]

    def stop(self, session: str) -> None:
        """Ask the session's run, if there is one, to end."""
        if flag := self._stops.get(session):
            flag.set()

    def end(self, session: str, flag: threading.Event) -> None:
        """Forget a run. Only sets and forgets: this is called on the server's event loop, where nothing may wait."""
        flag.set()
        if self._stops.get(session) is flag:
            del self._stops[session]


@dataclass(frozen=True, slots=True)
class Workbench:
    """Everything that the page needs: the real parts, or a scripted engine and a tiny graph in tests."""

    settings: Settings
    graph: Graph
    rubric: Rubric
    checkpoints: tuple[str, ...]
    """The names that a visitor may choose from; the first is the default. Empty: only links answer."""
    state: Callable[[str], State]
    """How far a checkpoint is on its way to being usable; asking costs nothing."""
    player: Callable[[Solver, str], Player]
    """Who answers with a checkpoint. Raises GhigliottinaError if it can't be had."""
    line: Line = field(default_factory=lambda: Line(24))
    runs: Runs = field(default_factory=Runs)
