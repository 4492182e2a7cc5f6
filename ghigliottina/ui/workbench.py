"""What the page works with, handed to it as one value; and the manners of many visitors with one model."""

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ghigliottina.errors import BusyError
from ghigliottina.links.graph import Graph
from ghigliottina.models.encoder import load_encoder
from ghigliottina.models.host import Host, State
from ghigliottina.models.shelf import Shelf
from ghigliottina.settings import Settings
from ghigliottina.solver import Player, Solver
from ghigliottina.ui.workshop import Workshop
from rewards import Embedder, Rubric


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


class Models(Protocol):
    """The checkpoints that a visitor may choose from, and how to play with one."""

    def names(self) -> tuple[str, ...]:
        """All names, the default first; empty where only links can answer."""
        ...

    def state(self, name: str) -> State:
        """How far that checkpoint is; never waits."""
        ...

    def prepare(self, name: str) -> None:
        """Begin to make it ready, unless it is; never waits."""
        ...

    def player(self, solver: Solver, name: str) -> Player:
        """Who answers with a checkpoint that is ready. Raises GhigliottinaError if it can't be had."""
        ...


@dataclass(frozen=True, slots=True)
class Hosted:
    """The real models: those on the shelf, played by the host."""

    shelf: Shelf
    host: Host

    def names(self) -> tuple[str, ...]:
        """See `Models`."""
        return self.shelf.names()

    def state(self, name: str) -> State:
        """See `Models`."""
        return self.host.state(name)

    def prepare(self, name: str) -> None:
        """See `Models`."""
        self.host.prepare(name)

    def player(self, solver: Solver, name: str) -> Player:
        """See `Models`."""
        return Player.of(solver, self.host.engine(name), self.shelf.find(name), self.shelf.settings.answer_seconds)


class LateEncoder:
    """The word encoder, loaded at its first use: the page need not wait for it. An `Embedder`."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._encoder: Embedder | None = None
        self._lock = threading.Lock()

    def load(self) -> Embedder:
        """The encoder itself. Raises CheckpointError if it can't be had."""
        with self._lock:
            if self._encoder is None:
                self._encoder = load_encoder(self._name)
            if self._encoder is None:
                raise ValueError(f"{self._name} is no encoder")
            return self._encoder

    @property
    def median(self) -> float:
        """See `Embedder`."""
        return self.load().median

    def __call__(self, words: Sequence[str]) -> Sequence[Sequence[float]]:
        """See `Embedder`."""
        return self.load()(words)


@dataclass(frozen=True, slots=True)
class Workbench:
    """Everything that the page needs: the real parts, or a scripted engine and a tiny graph in tests."""

    settings: Settings
    graph: Graph
    rubric: Rubric
    models: Models
    line: Line
    runs: Runs = field(default_factory=Runs)
    workshop: Workshop | None = None
    """Where models are trained; without one, the page has no such tab."""

    @classmethod
    def of(
        cls, settings: Settings, graph: Graph, rubric: Rubric, models: Models, workshop: Workshop | None = None
    ) -> "Workbench":
        """A workbench with a line as long as the settings allow."""
        return cls(settings, graph, rubric, models, Line(settings.queue_size), workshop=workshop)
