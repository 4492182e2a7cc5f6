"""From five clues to what the page shows, moment by moment: waiting, reasoning, the answer, its worth."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from ghigliottina.errors import CheckpointError
from ghigliottina.game.puzzle import Puzzle
from ghigliottina.links.candidates import candidates
from ghigliottina.models.host import State
from ghigliottina.solver import Attempt, Cut, Player, Solver, solve
from ghigliottina.ui.workbench import Workbench
from rewards import Breakdown, Completion

UPDATE_SECONDS = 0.1
"""Between two pictures of a growing answer: faster than anyone reads, slow enough for a phone on a bad line."""
WAIT_SECONDS = 0.25
"""Between two looks at the line in front of the model, or at a model that is getting ready."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What there is to show at one instant."""

    attempt: Attempt
    breakdown: Breakdown | None = None
    """Only when the attempt is done: a half-written text is not judged."""
    model: State | None = None
    """How far the model is, where we are waiting for it."""
    ahead: int = 0
    """How many are before us in the line for the model."""

    def broken_off(self) -> "Moment":
        """The same at its end, if there won't be more; itself if this is the end already."""
        return self if self.attempt.done else Moment(replace(self.attempt, done=True))


def moments(
    bench: Workbench, puzzle: Puzzle, solver: Solver, checkpoint: str, stop: threading.Event
) -> Iterator[Moment]:
    """Play one puzzle. The first moment comes at once, the last one is done and judged.

    Ends soon after `stop` is set, waiting included. Raises GhigliottinaError if the model can't be had.
    """
    if solver is Solver.LINKS:
        yield from _play(bench, puzzle, Player(solver), stop)
        return
    if not checkpoint:
        raise CheckpointError("No model is installed: use the solver “links”.", "model_none")
    waiting = Moment(_blank(bench, puzzle))
    yield from _prepare(bench, waiting, checkpoint, stop)
    place = bench.line.join()
    try:
        while (ahead := bench.line.ahead(place)) and not stop.is_set():
            yield replace(waiting, ahead=ahead)
            stop.wait(WAIT_SECONDS)
        yield from _play(bench, puzzle, bench.models.player(solver, checkpoint), stop)
    finally:
        bench.line.leave(place)


def _prepare(bench: Workbench, waiting: Moment, checkpoint: str, stop: threading.Event) -> Iterator[Moment]:
    bench.models.prepare(checkpoint)
    while under_way(state := bench.models.state(checkpoint)) and not stop.is_set():
        yield replace(waiting, model=state)
        stop.wait(WAIT_SECONDS)
    if state.error is not None:
        raise state.error


def under_way(state: State) -> bool:
    """It will be ready if one waits."""
    return state.phase in ("waiting", "preparing", "loading")


def _blank(bench: Workbench, puzzle: Puzzle) -> Attempt:
    return Attempt(puzzle, Completion.parse(""), candidates(bench.graph, puzzle.clues))


def _play(bench: Workbench, puzzle: Puzzle, player: Player, stop: threading.Event) -> Iterator[Moment]:
    if stop.is_set():
        attempt = replace(_blank(bench, puzzle), done=True, cut=Cut.STOP)
    else:
        for attempt in spaced(solve(puzzle, player, bench.graph, stop)):
            if not attempt.done:
                yield Moment(attempt)
    yield Moment(attempt, bench.rubric.judge(attempt.completion, puzzle.clues, puzzle.solution))


def spaced(attempts: Iterator[Attempt], clock: Callable[[], float] = time.monotonic) -> Iterator[Attempt]:
    """The same stream with `UPDATE_SECONDS` between two attempts; the first and the last always come through."""
    last = float("-inf")
    for attempt in attempts:
        if attempt.done or clock() - last >= UPDATE_SECONDS:
            last = clock()
            yield attempt
