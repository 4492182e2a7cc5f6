"""Judging: a list of weighted rewards, and what they made of one completion."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from rewards.completion import Completion

Reward = Callable[[Completion, Sequence[str], str | None], float | None]
"""(completion, the five clues, the solution if known) → a value in [0, 1], or None where it can't be judged."""


class Embedder(Protocol):
    """Turns words into vectors. The one seam behind which an encoder hides."""

    median: float
    """The median cosine of two random words of the vocabulary: what “unrelated” looks like to this encoder."""

    def __call__(self, words: Sequence[str]) -> Sequence[Sequence[float]]:
        """One vector of length 1 for each word, in order."""
        ...


@dataclass(frozen=True, slots=True)
class Score:
    """What one reward made of one completion."""

    name: str
    value: float | None
    """In [0, 1]. None: not judged. 0.0: judged and found wanting."""
    weight: float

    @property
    def points(self) -> float:
        """What it adds to the total."""
        return 0.0 if self.value is None else self.value * self.weight


@dataclass(frozen=True, slots=True)
class Breakdown:
    """All scores of one completion: total and parts travel together."""

    scores: tuple[Score, ...]

    @property
    def total(self) -> float:
        """The weighted sum."""
        return sum(score.points for score in self.scores)

    @property
    def maximum(self) -> float:
        """What a perfect answer would earn from the rewards that could be judged."""
        return sum(score.weight for score in self.scores if score.value is not None)
