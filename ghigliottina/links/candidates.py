"""Rank every word by how well the five clues lead to it, and say why."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ghigliottina.links.graph import Graph, Kinship, key


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
        wanted = key(word)
        return next((candidate for candidate in self.candidates if key(candidate.word) == wanted), None)


def candidates(graph: Graph, clues: Sequence[str], limit: int = 10) -> Evidence:
    """The `limit` best answers to the clues, best first, each with the best phrase for every clue."""
    ties = [_ties(graph, clue) for clue in clues]
    given = {form for clue in clues for form in graph.forms(clue)}
    scores: dict[str, float] = {}
    for tie in ties:
        for word, (strength, _) in tie.items():
            if word not in given:
                scores[word] = scores.get(word, 0.0) + 0.35 + strength
    best = sorted(scores, key=lambda word: (-scores[word], word))[:limit]
    ranked = tuple(_candidate(graph, clues, ties, word, scores[word]) for word in best)
    return Evidence(tuple(clues), ranked)


def _ties(graph: Graph, clue: str) -> dict[str, tuple[float, int]]:
    ties: dict[str, tuple[float, int]] = {}
    for form, kinship in graph.forms(clue).items():
        if kinship == Kinship.PART:
            continue
        rows = graph.ends.get(form, ())
        damping = 1 + 0.1 * math.log(8 + len(rows))
        for row in rows:
            other = graph.word_keys[row] if graph.head_keys[row] == form else graph.head_keys[row]
            strength = 1 / math.log(8 + len(graph.ends[other])) / damping
            if other != form and strength > ties.get(other, (0.0, 0))[0]:
                ties[other] = (strength, row)
    return ties


def _candidate(
    graph: Graph, clues: Sequence[str], ties: Sequence[Mapping[str, tuple[float, int]]], word: str, score: float
) -> Candidate:
    rows = {clue: tie[word][1] if word in tie else None for clue, tie in zip(clues, ties, strict=True)}
    known = next(row for row in rows.values() if row is not None)
    written = graph.words[known] if graph.word_keys[known] == word else graph.heads[known]
    return Candidate(written, score, {clue: None if row is None else graph.phrases[row] for clue, row in rows.items()})
