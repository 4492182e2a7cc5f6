"""A puzzle and an engine become a stream of growing answers."""

import math
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from enum import StrEnum

from ghigliottina import prompt
from ghigliottina.game.puzzle import Puzzle
from ghigliottina.links.candidates import Candidate, Evidence, candidates
from ghigliottina.links.graph import Graph
from ghigliottina.models.checkpoint import Checkpoint
from ghigliottina.models.engine import GREEDY, Batch, Engine, Sampling
from rewards import SOLUZIONE, Completion, Grammar


class Solver(StrEnum):
    """The three ways to an answer."""

    LINKS = "links"
    MODEL = "model"
    MODEL_LINKS = "model+links"


class Origin(StrEnum):
    """Whose word the answer is."""

    NOBODY = "nobody"
    """There is no answer (yet)."""
    FIRST = "first"
    """The first of the ranking."""
    CANDIDATE = "candidate"
    """Another word of the ranking: the model argued for it against the first."""
    OWN = "own"
    """The model's own: the ranking does not know it."""


class Cut(StrEnum):
    """Why an answer ended before its model did."""

    STOP = "stop"
    """Somebody asked."""
    TIME = "time"
    """The time limit."""


class Tone(StrEnum):
    """How sure the answer sounds."""

    SURE = "sure"
    FAIRLY = "fairly"
    MAYBE = "maybe"
    GUESS = "guess"


@dataclass(frozen=True, slots=True)
class Player:
    """Who answers: a way to answer and, for all but `links`, an engine with the habits of its checkpoint."""

    solver: Solver
    engine: Engine | None = None
    grammar: Grammar = SOLUZIONE
    shots: bool = False
    """The checkpoint knows the grammar only from examples, which the prompt must bring; and it does not know when to
    end, so it is stopped where the grammar ends."""
    sampling: Sampling = GREEDY
    seconds: float = 90.0
    """The time limit of one answer."""

    @classmethod
    def of(cls, solver: Solver, engine: Engine, checkpoint: Checkpoint, seconds: float = 90.0) -> "Player":
        """The player that a checkpoint makes: its engine, speaking its grammar."""
        return cls(solver, engine, checkpoint.grammar, checkpoint.shots, seconds=seconds)


@dataclass(frozen=True, slots=True)
class Attempt:
    """An answer as far as it has come. The last one of a stream is `done`."""

    puzzle: Puzzle
    completion: Completion
    evidence: Evidence | None = None
    """What the link graph says; every solver shows it, only `model+links` lets the model read it."""
    seconds: float = 0.0
    tokens: int = 0
    done: bool = False
    cut: Cut | None = None
    """Why it ended before the model did; None if it didn't."""

    @property
    def backing(self) -> Candidate | None:
        """What the link graph knows of the answer, if it knows the word as one for these clues."""
        return self.evidence.find(self.completion.answer) if self.evidence and self.completion.answer else None

    @property
    def origin(self) -> Origin:
        """Whose word the answer is."""
        if not self.completion.answer:
            return Origin.NOBODY
        if self.evidence is None or self.backing is None:
            return Origin.OWN
        return Origin.FIRST if self.backing == self.evidence.candidates[0] else Origin.CANDIDATE

    @property
    def confidence(self) -> float:
        """The chance in [0, 1] that the answer is right, as far as the link graph can tell.

        The first of the ranking has the chance that was fitted on real games; the others share what is left of it by
        their odds, of which scores are the logarithm; a word that the graph doesn't link has none.
        """
        if self.evidence is None or self.backing is None:
            return 0.0
        first, *others = self.evidence.candidates
        if self.backing == first:
            return self.evidence.confidence
        odds = {other.word: math.exp(other.score - first.score) for other in others}
        return (1 - self.evidence.confidence) * odds[self.backing.word] / sum(odds.values())

    @property
    def tone(self) -> Tone:
        """The confidence as one of four tones."""
        steps = ((Tone.SURE, 0.85), (Tone.FAIRLY, 0.6), (Tone.MAYBE, 0.3))
        return next((tone for tone, least in steps if self.confidence >= least), Tone.GUESS)


def solve(puzzle: Puzzle, player: Player, graph: Graph, stop: threading.Event | None = None) -> Iterator[Attempt]:
    """Answer one puzzle: yields a growing Attempt, the first at once with its evidence, the last with `done`.

    Ends within one token of `stop` being set, of the time limit, or of the iterator being closed. Raises
    GhigliottinaError if the engine can't be used.
    """
    start = time.monotonic()
    evidence = candidates(graph, puzzle.clues)
    attempt = Attempt(puzzle, Completion.parse("", player.grammar), evidence)
    yield attempt
    if player.solver is Solver.LINKS:
        text = prompt.argue(evidence.candidates[0], player.grammar) if evidence.candidates else ""
        completion = Completion.parse(text, player.grammar)
        yield replace(attempt, completion=completion, seconds=time.monotonic() - start, done=True)
        return
    yield from _write(attempt, player, stop or threading.Event(), start)


def _write(attempt: Attempt, player: Player, stop: threading.Event, start: float) -> Iterator[Attempt]:
    """Let the model write. Leaving the loop closes the engine's iterator, and that stops the model."""
    if player.engine is None:
        raise ValueError(f"the solver {player.solver} needs an engine")
    open_book = attempt.evidence if player.solver is Solver.MODEL_LINKS else None
    chat = prompt.messages(attempt.puzzle, open_book, player.grammar, shots=player.shots)
    begun, text, cut = prompt.begun(chat), "", None
    # The limit counts from the first piece: waiting for a turn, or for the model to load, is not the answer's fault.
    limit = float("inf")
    with closing(player.engine.stream(chat, player.sampling, stop)) as pieces:
        for tokens, piece in enumerate(pieces, start=1):
            now = time.monotonic()
            limit = min(limit, now + player.seconds)
            text += piece
            completion = Completion.parse(text, player.grammar, begun)
            attempt = replace(attempt, completion=completion, seconds=now - start, tokens=tokens)
            if player.shots and completion.finished:
                break
            if now > limit:
                cut = Cut.TIME
                break
            yield attempt
    if stop.is_set():
        cut = Cut.STOP
    yield replace(attempt, seconds=time.monotonic() - start, done=True, cut=cut)


def solve_all(puzzles: Sequence[Puzzle], player: Player, graph: Graph) -> list[Attempt]:
    """Answer many puzzles, as `solve` would to the end, in order: side by side where the engine can.

    Then `seconds` is a share of the time that all took. A checkpoint that knows the grammar from examples only is asked
    one by one: it must be stopped where the grammar ends.
    """
    if player.shots or not isinstance(player.engine, Batch) or player.solver is Solver.LINKS:
        return [list(solve(puzzle, player, graph))[-1] for puzzle in puzzles]
    start = time.monotonic()
    found = [candidates(graph, puzzle.clues) for puzzle in puzzles]
    shown = found if player.solver is Solver.MODEL_LINKS else [None] * len(puzzles)
    chats = [prompt.messages(*asked, player.grammar) for asked in zip(puzzles, shown, strict=True)]
    texts = player.engine.complete(chats, player.sampling)
    seconds = (time.monotonic() - start) / max(1, len(puzzles))
    answers = zip(puzzles, texts, found, strict=True)
    return [
        Attempt(puzzle, Completion.parse(text, player.grammar), evidence, seconds, done=True)
        for puzzle, text, evidence in answers
    ]
