"""A puzzle and an engine become a stream of growing answers."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from ghigliottina import prompt
from ghigliottina.game.puzzle import Puzzle
from ghigliottina.links.candidates import Candidate, Evidence
from ghigliottina.models.engine import Engine, Sampling
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


class Tone(StrEnum):
    """How sure the answer sounds."""

    SURE = "sure"
    FAIRLY = "fairly"
    MAYBE = "maybe"
    GUESS = "guess"


@dataclass(frozen=True, slots=True)
class Player:
    """Who answers: a way to answer, and the engine with the habits of its checkpoint."""

    solver: Solver
    engine: Engine | None = None
    """Needed by all but `links`."""
    grammar: Grammar = SOLUZIONE
    shots: bool = False
    """The checkpoint knows the grammar only from examples, which the prompt must bring; and it doesn't know when to
    end, so it is stopped where the grammar ends."""
    sampling: Sampling = Sampling()
    seconds: float = 90.0
    """The time limit of one answer."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """An answer as far as it has come. The last one of a stream is `done`."""

    puzzle: Puzzle
    completion: Completion
    evidence: Evidence | None
    """What the ranking says: shown by all solvers, read by the model in `model+links` only. None without a graph."""
    seconds: float = 0.0
    tokens: int = 0
    done: bool = False
    cut: str = ""
    """Why it ended early: `stop` (somebody asked) or `time` (the limit); empty if it didn't."""

    @property
    def backing(self) -> Candidate | None:
        """What the ranking knows of the answer: its phrases, if any."""
        return self.evidence.find(self.completion.answer) if self.evidence and self.completion.answer else None

    @property
    def origin(self) -> Origin:
        """Whose word the answer is."""
        if not self.completion.answer:
            return Origin.NOBODY
        if self.backing is None or self.evidence is None:
            return Origin.OWN
        return Origin.FIRST if self.backing == self.evidence.candidates[0] else Origin.CANDIDATE

    @property
    def confidence(self) -> float:
        """The chance that the answer is right, in [0, 1], as far as the link graph can tell."""
        raise NotImplementedError

    @property
    def tone(self) -> Tone:
        """The confidence in words."""
        raise NotImplementedError
