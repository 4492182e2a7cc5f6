"""Rank every word by how well the five clues lead to it, and say why."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Candidate:
    """A word that might be the answer, and the phrase that ties each clue to it."""

    word: str
    score: float
    links: Mapping[str, str | None]
    """clue → phrase, in the order of the clues; None where no link is known."""

    @property
    def linked(self) -> int:
        """How many of the clues have a phrase."""
        return sum(phrase is not None for phrase in self.links.values())


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the link graph has to say about five clues."""

    clues: tuple[str, ...]
    candidates: tuple[Candidate, ...]
    """Best first; empty where no clue is known."""
    confidence: float = 0.0
    """The chance in [0, 1] that the first candidate is the solution, fitted on real games."""

    def find(self, word: str) -> Candidate | None:
        """The candidate that is the same word as `word` (accents, article and case forgiven), if any."""
        raise NotImplementedError
