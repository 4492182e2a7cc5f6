"""The link graph and its ranking: time, memory, and how many real games the first candidate wins.

The games are for measuring only and not part of the project: `../shared/puzzles/dev.jsonl` beside the repository, or
wherever GHIGLIOTTINA_DEV_PUZZLES says. Weights were fitted on one half of them, split by a hash of the solution; what
counts is the other half. “Right” is the same word: the same key, or one that `inflections.tsv` puts in one family.
"""

import hashlib
import os
import resource
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from ghigliottina.game.puzzle import Puzzle, read_puzzles
from ghigliottina.links.candidates import Evidence, candidates
from ghigliottina.links.graph import Graph, key
from rewards.words import fold

GAMES = Path(__file__).resolve().parent.parent.parent.parent / "shared" / "puzzles" / "dev.jsonl"
TV = "tv2019-24"


def figures() -> Iterator[tuple[str, str]]:
    """Load time and memory in this fresh process, then the games."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    graph, seconds = timed_load()
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    best = min(seconds, *(timed_load()[1] for _ in range(2)))
    yield f"load {len(graph.phrases):,} links, best of three", f"{best:.2f} s (bar: 1 s)"
    yield "memory that loading adds, at its peak", f"{grown:.0f} MB (bar: 200 MB)"
    path = Path(os.environ.get("GHIGLIOTTINA_DEV_PUZZLES") or GAMES)
    if not path.exists():
        yield "real games", f"skipped: {path.name} isn't there (GHIGLIOTTINA_DEV_PUZZLES)"
        return
    games = [game for game in read_puzzles(path, skip=lambda error: None) if game.solution]
    times, found = [], []
    for game in games:
        start = time.perf_counter()
        candidates(graph, game.clues)
        times.append((time.perf_counter() - start) * 1000)
        found.append(candidates(graph, game.clues, 100))
    times.sort()
    yield "candidates of a game, mean", f"{sum(times) / len(times):.1f} ms (bar: 10 ms)"
    yield "candidates of a game, 95 of 100 take at most", f"{times[int(len(times) * 0.95)]:.1f} ms"
    yield from accuracies(graph, games, found)


def timed_load() -> tuple[Graph, float]:
    """The shipped graph, and the seconds that loading it took."""
    start = time.perf_counter()
    return Graph.load(), time.perf_counter() - start


def accuracies(graph: Graph, games: Sequence[Puzzle], found: Sequence[Evidence]) -> Iterator[tuple[str, str]]:
    """Accuracy@1, MRR, recall@10 and @100, over the parts of the games."""
    ranks = [rank(graph, game, evidence) for game, evidence in zip(games, found, strict=True)]
    exact = [rank(graph, game, evidence, strict=True) for game, evidence in zip(games, found, strict=True)]
    held = [not tuned_on(game) for game in games]
    tv = [game.source == TV for game in games]
    bars = (".729 .779 .867 .932", ".494 .569 .705 .834")
    yield f"all {len(games):,} games", f"{row(ranks)} (first prototype {bars[0]})"
    yield f"their {sum(tv)} of {TV}", f"{row(only(ranks, tv))} (first prototype {bars[1]})"
    yield f"the {sum(held)} that nothing was tuned on", row(only(ranks, held))
    yield "the same, solution spelled to the letter", row(only(exact, held))
    unseen_tv = [a and b for a, b in zip(held, tv, strict=True)]
    yield f"their {sum(unseen_tv)} of {TV}", row(only(ranks, unseen_tv))
    for linked in range(6):
        part = [bool(e.candidates) and e.candidates[0].linked == linked for e in found]
        if any(part):
            yield f"the first is linked to {linked} clues ({sum(part)} games)", row(only(ranks, part))
    for low, high in ((0, 0.3), (0.3, 0.6), (0.6, 0.85), (0.85, 1.01)):
        part = [unseen and low <= e.confidence < high for unseen, e in zip(held, found, strict=True)]
        said = sum(only([e.confidence for e in found], part)) / max(sum(part), 1)
        right = sum(r == 1 for r in only(ranks, part)) / max(sum(part), 1)
        yield (
            f"untuned, confidence {low:.2f}–{min(high, 1):.2f} ({sum(part)} games)",
            f"says {said:.2f}, is {right:.2f}",
        )


def rank(graph: Graph, game: Puzzle, evidence: Evidence, strict: bool = False) -> float:
    """The place of the solution among the candidates, from 1; infinite if it isn't there."""
    solution = key(game.solution or "")
    family = set(graph.relatives(solution))
    for place, candidate in enumerate(evidence.candidates, start=1):
        word = key(candidate.word)
        if word == solution or (not strict and not family.isdisjoint(graph.relatives(word))):
            return place
    return float("inf")


def tuned_on(game: Puzzle) -> bool:
    """Whether a game is of the half that the weights were fitted on."""
    return int(hashlib.sha256(fold(game.solution or "").encode()).hexdigest(), 16) % 2 == 0


def only(values: Sequence[float], part: Sequence[bool]) -> list[float]:
    return [value for value, chosen in zip(values, part, strict=True) if chosen]


def row(ranks: Sequence[float]) -> str:
    count = max(len(ranks), 1)
    recall = [sum(rank <= most for rank in ranks) / count for most in (1, 10, 100)]
    mrr = sum(1 / rank for rank in ranks) / count
    return f"accuracy {recall[0]:.3f}  MRR {mrr:.3f}  @10 {recall[1]:.3f}  @100 {recall[2]:.3f}"
