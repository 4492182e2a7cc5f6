"""One host for all visitors: engines load in the background, and one thread writes all answers, in turn.

Two answers at once on two cores would take as long as one after the other, and both visitors would wait for the end.
"""

import threading
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from functools import partial
from queue import Empty, SimpleQueue
from typing import Literal

from ghigliottina.errors import BusyError
from ghigliottina.models.checkpoint import Checkpoint
from ghigliottina.models.engine import Engine, Message, Sampling
from ghigliottina.models.shelf import Progress, Shelf

PATIENCE = 0.1
"""Seconds between two looks at the stop sign while waiting."""

Load = Callable[[Checkpoint, Shelf, Progress], Engine]


@dataclass(frozen=True, slots=True)
class State:
    """How far an engine is."""

    phase: Literal["waiting", "preparing", "loading", "ready", "failed"] = "waiting"
    """`preparing` takes long the first time only, when the checkpoint is converted or downloaded."""
    done: float = 0.0
    """The share of the phase that is done, in [0, 1]."""
    message: str = ""
    """The step of the phase, as `Shelf.fetch` and `local.load` name them."""
    error: Exception | None = None
    """Why it failed. Whoever asks for the engine next makes it try again."""


class Host:
    """Who wants an answer asks for an engine by the name of its checkpoint."""

    def __init__(self, shelf: Shelf, load: Load | None = None, keep: int = 2) -> None:
        """`load` is `local.load` unless told otherwise. `keep` engines stay in memory, those used last."""
        self._shelf = shelf
        self._make = load or _load_local
        self._keep = keep
        self._lock = threading.Lock()  # guards the next two, held for a moment only
        self._states: dict[str, State] = {}
        self._engines: dict[str, Engine] = {}  # the one used last comes last
        self._one_at_a_time = threading.Lock()  # held while loading
        self._closed = threading.Event()
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        threading.Thread(target=self._write, name="inference", daemon=True).start()

    def state(self, name: str) -> State:
        """How far that engine is; never waits. One that nobody has asked for, or that was dropped, is `waiting`."""
        return self._states.get(name, State())

    def prepare(self, name: str) -> None:
        """Begin to load that engine in the background, unless it is ready or on its way; never waits."""
        with self._lock:
            if self._states.get(name, _FAILED).phase == "failed":
                self._states[name] = State()
                threading.Thread(target=self._load, args=(name,), name=f"load {name}", daemon=True).start()

    def engine(self, name: str) -> Engine:
        """That engine for one visitor: its stream waits for the engine and for its turn, and leaves off if stopped.

        The stream raises what loading or writing raised, and BusyError once the host is closed. Closing it never waits.
        """
        return _Visitor(self, name)

    def close(self) -> None:
        """Break off the answer that is being written and turn away all who wait; never waits."""
        self._closed.set()
        self._jobs.put(None)

    def stream(
        self, name: str, messages: Sequence[Message], sampling: Sampling, stop: threading.Event
    ) -> Generator[str, None, None]:
        """What `engine(name).stream` does."""
        gone = _AnyOf(stop, self._closed)
        engine = self._wait(name, gone)
        if engine is not None:
            self._jobs.put(job := _Job(engine, messages, sampling, gone))
            try:
                yield from job.pieces()
            finally:
                gone.set()
        if self._closed.is_set():
            raise BusyError("The application is shutting down: ask again when it has started.", "host_closed")

    def _wait(self, name: str, gone: threading.Event) -> Engine | None:
        """The engine as soon as it is ready; None if its visitor leaves before."""
        self.prepare(name)
        while not gone.is_set():
            with self._lock:
                if name in self._engines:
                    self._engines[name] = self._engines.pop(name)
                    return self._engines[name]
                state = self._states.get(name)
            if state is None:
                self.prepare(name)  # it was ready and dropped again between two looks
            elif state.error is not None:
                raise state.error
            gone.wait(PATIENCE)
        return None

    def _write(self) -> None:
        while (job := self._jobs.get()) is not None:
            job.run()

    def _load(self, name: str) -> None:
        def report(phase: Literal["preparing", "loading"], done: float, message: str) -> None:
            self._states[name] = State(phase, done, message)

        with self._one_at_a_time:
            try:
                checkpoint = self._shelf.fetch(name, partial(report, "preparing"))
                self._make_room()
                engine = self._make(checkpoint, self._shelf, partial(report, "loading"))
            except Exception as error:  # whoever waits for this engine raises it
                self._states[name] = State("failed", error=error)
                return
            with self._lock:
                self._engines[name] = engine
                self._states[name] = State("ready", 1.0)

    def _make_room(self) -> None:
        """Drop the engines used longest ago. One that is writing stays in memory to the end of its answer."""
        with self._lock:
            for name in list(self._engines)[: max(0, len(self._engines) - self._keep + 1)]:
                del self._engines[name], self._states[name]


@dataclass(frozen=True, slots=True)
class _Visitor:
    """An engine of the host, as one visitor sees it."""

    host: Host
    name: str

    def stream(
        self, messages: Sequence[Message], sampling: Sampling, stop: threading.Event
    ) -> Generator[str, None, None]:
        """See `Engine.stream`."""
        return self.host.stream(self.name, messages, sampling, stop)


@dataclass(frozen=True, slots=True)
class _Job:
    """One answer to be written."""

    engine: Engine
    messages: Sequence[Message]
    sampling: Sampling
    gone: threading.Event
    """Nobody wants the answer any more."""
    news: "SimpleQueue[str | BaseException | None]" = field(default_factory=SimpleQueue)
    """Pieces, then None or what went wrong. Bounded by `max_new_tokens`, so the writer never waits for a reader."""

    def run(self) -> None:
        """Write, in the host's thread."""
        try:
            for piece in self.engine.stream(self.messages, self.sampling, self.gone):
                self.news.put(piece)
        except BaseException as error:  # the reader raises it; the thread goes on
            self.news.put(error)
        self.news.put(None)

    def pieces(self) -> Generator[str, None, None]:
        """Read, in the visitor's thread."""
        while not self.gone.is_set():
            try:
                news = self.news.get(timeout=PATIENCE)
            except Empty:
                continue
            if news is None:
                return
            if isinstance(news, BaseException):
                raise news
            yield news


class _AnyOf(threading.Event):
    """Set when it is set itself or one of the others is."""

    def __init__(self, *others: threading.Event) -> None:
        super().__init__()
        self._others = others

    def is_set(self) -> bool:
        return super().is_set() or any(other.is_set() for other in self._others)


_FAILED = State("failed")


def _load_local(checkpoint: Checkpoint, shelf: Shelf, progress: Progress) -> Engine:
    from ghigliottina.models.local import load  # torch is imported here, in the thread that loads

    return load(checkpoint, shelf, progress)
