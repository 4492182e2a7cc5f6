"""Puzzles × player → a report that explains itself."""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean

from ghigliottina.game.puzzle import Puzzle
from ghigliottina.links.candidates import candidates
from ghigliottina.links.graph import Graph
from ghigliottina.solver import Attempt, Player, Solver, solve_all
from rewards import Breakdown, Rubric
from rewards.words import same_word

DEPTH = 100
"""How far down the ranking the solution is looked for."""


@dataclass(frozen=True, slots=True)
class Row:
    """One puzzle, answered and judged."""

    puzzle: Puzzle
    answer: str
    text: str
    breakdown: Breakdown
    rank: int | None
    """Where the solution stands in the ranking, from 1; None beyond `DEPTH`, or where nothing is ranked."""
    seconds: float

    @property
    def correct(self) -> bool | None:
        """Whether the answer is the solution; None where no solution is known."""
        return None if self.puzzle.solution is None else same_word(self.answer, self.puzzle.solution)

    def as_json(self) -> dict[str, object]:
        """The row as plain data."""
        return {
            "clues": list(self.puzzle.clues),
            "solution": self.puzzle.solution,
            "answer": self.answer,
            "correct": self.correct,
            "rank": self.rank,
            "rewards": self.breakdown.values,
            "total": self.breakdown.total,
            "seconds": round(self.seconds, 3),
            "text": self.text,
        }


@dataclass(frozen=True, slots=True)
class Report:
    """What a player made of a set of puzzles. A figure is None where no row can tell."""

    rows: tuple[Row, ...]
    ranked: bool
    """The player reads the ranking, so the solution's place in it says something about the player."""
    seconds: float
    """From the first puzzle to the last."""

    @property
    def accuracy(self) -> float | None:
        """The share of puzzles answered with their solution, among those whose solution is known."""
        return _mean(row.correct for row in self.rows)

    @property
    def mrr(self) -> float | None:
        """Mean reciprocal rank of the solution; beyond `DEPTH` it counts 0."""
        return _mean(1 / row.rank if row.rank else 0.0 for row in self._ranked())

    def recall(self, depth: int) -> float | None:
        """The share of puzzles whose solution is among the first `depth` (≤ `DEPTH`) of the ranking."""
        return _mean(row.rank is not None and row.rank <= depth for row in self._ranked())

    @property
    def rewards(self) -> dict[str, float | None]:
        """reward → its mean over the rows that it could judge."""
        names = self.rows[0].breakdown.values if self.rows else {}
        return {name: _mean(row.breakdown.values[name] for row in self.rows) for name in names}

    @property
    def total(self) -> float | None:
        """The mean total reward."""
        return _mean(row.breakdown.total for row in self.rows)

    @property
    def puzzles_per_minute(self) -> float:
        """Throughput, everything included but loading."""
        return 60 * len(self.rows) / self.seconds if self.seconds else 0.0

    def as_json(self) -> dict[str, object]:
        """The report as plain data: the contract of `evaluate --json`."""
        return {
            "n": len(self.rows),
            "accuracy": self.accuracy,
            "mrr": self.mrr,
            "recall_10": self.recall(10),
            "recall_100": self.recall(100),
            "rewards": self.rewards,
            "total": self.total,
            "puzzles_per_minute": self.puzzles_per_minute,
            "rows": [row.as_json() for row in self.rows],
        }

    def _ranked(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.puzzle.solution is not None) if self.ranked else ()


TOGETHER = 32
"""Puzzles that are answered side by side."""


def evaluate(
    puzzles: Sequence[Puzzle], player: Player, graph: Graph, rubric: Rubric, together: int = TOGETHER
) -> Iterator[Report]:
    """Play the puzzles, so many at a time; yields the report so far after each such batch, so that one can watch it and
    stop anywhere."""
    start = time.monotonic()
    rows: tuple[Row, ...] = ()
    ranked = player.solver is not Solver.MODEL
    for begin in range(0, len(puzzles), together):
        attempts = solve_all(puzzles[begin : begin + together], player, graph)
        rows += tuple(_row(attempt, graph, rubric, ranked) for attempt in attempts)
        yield Report(rows, ranked, time.monotonic() - start)


def _row(attempt: Attempt, graph: Graph, rubric: Rubric, ranked: bool) -> Row:
    puzzle = attempt.puzzle
    return Row(
        puzzle=puzzle,
        answer=attempt.completion.answer,
        text=attempt.completion.text,
        breakdown=rubric.judge(attempt.completion, puzzle.clues, puzzle.solution),
        rank=_rank(puzzle, graph) if ranked else None,
        seconds=attempt.seconds,
    )


def _rank(puzzle: Puzzle, graph: Graph) -> int | None:
    if puzzle.solution is None:
        return None
    ranking = candidates(graph, puzzle.clues, DEPTH).candidates
    return next((rank for rank, c in enumerate(ranking, start=1) if same_word(c.word, puzzle.solution)), None)


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None
