"""Puzzles of our own, made from the links: endless, seeded, and fair: the solution is the best word for its clues."""

import hashlib
import math
import random
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from enum import StrEnum

from ghigliottina.game.puzzle import CLUES, LONGEST_CLUE, Puzzle
from ghigliottina.links.candidates import candidates
from ghigliottina.links.graph import FUNCTION_WORDS, Graph, key
from rewards import GRAMMARS
from rewards.reasoning import joins
from rewards.words import fold, inflection_of, names, tokens

SOURCE = "generated"
ENOUGH = 8
"""Links of a solution; with fewer, its puzzles would all be the same."""
HELD_OUT = 0.1
"""The share of the words that training never sees as solutions."""
SAME_KIND = 3
"""Of the five phrases at most so many are built alike, as *luna piena* and *luna nuova* are."""


class Difficulty(StrEnum):
    """How hard a puzzle is; about a third of all puzzles each."""

    EASY = "easy"
    MEDIUM = "medium"
    HARD = "hard"


MEDIUM_FROM, HARD_FROM = 6.0, 12.0
"""Where they begin, see `hardness`; thirds of the puzzles, measured."""


def puzzles(
    graph: Graph, seed: int, *, held_out: bool = False, difficulty: Difficulty | None = None
) -> Iterator[Puzzle]:
    """Puzzles without end, each with its solution and a phrase for every clue; one seed always gives the same ones.

    The solutions are the words that training may see or, with `held_out`, the others; all are equally likely. Raises
    ValueError if there is no such word with enough links.
    """
    known = {word: links for word, links in _solutions(graph).items() if is_held_out(word) == held_out}
    if not known:
        raise ValueError(f"no word of the graph has the {ENOUGH} links that a solution needs")
    words, dice = list(known), random.Random(seed)
    while True:
        solution = dice.choice(words)
        links = _draw(known[solution], solution, dice)
        if len(links) == CLUES:
            puzzle = Puzzle.of(links, solution, links=links, source=SOURCE)
            found = difficulty_of(graph, puzzle)
            if found and difficulty in (None, found):
                yield puzzle


def is_held_out(word: str) -> bool:
    """Whether puzzles with this solution are kept from training: a tenth of all words, the same on every machine.

    The last vowels don't count, so that *gatto* and *gatti* are on the same side.
    """
    stem = fold(word).rstrip("aeiou'").rstrip("h")
    return int.from_bytes(hashlib.sha256(stem.encode()).digest()[:8]) < HELD_OUT * 2**64


def difficulty_of(graph: Graph, puzzle: Puzzle) -> Difficulty | None:
    """How hard the solution is to find; None if the ranking finds a better word, so that the puzzle is unfair."""
    hard = hardness(graph, puzzle)
    if hard is None:
        return None
    return Difficulty.HARD if hard >= HARD_FROM else Difficulty.MEDIUM if hard >= MEDIUM_FROM else Difficulty.EASY


def hardness(graph: Graph, puzzle: Puzzle) -> float | None:
    """How widely the clues point, less how far the solution is ahead; None if another word is ahead.

    A clue with many links (*acqua*) points to many words, so it says little: each counts the logarithm of its links,
    and the lead over the second word, in the ranking's log odds, is taken off.
    """
    first, *others = candidates(graph, puzzle.clues, 2).candidates
    if key(first.word) != key(puzzle.solution or ""):
        return None
    wide = sum(math.log1p(len(graph.ends.get(key(clue), ()))) for clue in puzzle.clues)
    return wide - (first.score - others[0].score if others else 0.0)


def _solutions(graph: Graph) -> dict[str, dict[str, str]]:
    """word → clue → phrase, of all words fit for a solution, as they are written."""
    known: dict[str, dict[str, str]] = {}
    for head, word, phrase in zip(graph.heads, graph.words, graph.phrases, strict=True):
        for solution, clue in ((head, word), (word, head)):
            if len(solution) > 2 and solution.isalpha() and solution.islower():
                known.setdefault(solution, {}).setdefault(clue, phrase)
    return {word: links for word, links in known.items() if len(links) >= ENOUGH and _is_common(word, links.values())}


def _is_common(word: str, phrases: Collection[str]) -> bool:
    """Whether the word is no function word and no name: in lower case in most phrases that have it."""
    lower, capital = (sum(form in phrase for phrase in phrases) for form in (word, word.capitalize()))
    return word not in FUNCTION_WORDS and lower > capital


def _draw(links: Mapping[str, str], solution: str, dice: random.Random) -> dict[str, str]:
    """Five clues at random with their phrases, no two alike; fewer if there aren't five such."""
    chosen: dict[str, str] = {}
    kinds = Counter[object]()
    for clue in dice.sample(list(links), len(links)):
        kind = _kind(links[clue], solution)
        if kinds[kind] < SAME_KIND and _fits(clue, links[clue], solution) and _differs(clue, links[clue], chosen):
            chosen[clue] = links[clue]
            kinds[kind] += 1
            if len(chosen) == CLUES:
                break
    return chosen


def _kind(phrase: str, solution: str) -> object:
    """How a phrase is built: its function words, and whether it begins with the solution."""
    words = [word.rstrip("'") for word in tokens(phrase)]
    return tuple(word for word in words if word in FUNCTION_WORDS), inflection_of(words[0], solution)


def _fits(clue: str, phrase: str, solution: str) -> bool:
    """Whether the clue may be shown, doesn't give the solution away, and is joined to it by the phrase."""
    if len(clue) > LONGEST_CLUE or not _CLUE.fullmatch(clue) or key(clue) in FUNCTION_WORDS:
        return False
    step = f"{clue}: {phrase}".lower()
    if any(grammar.answer_open in step for grammar in GRAMMARS.values()):
        return False  # *soluzione* as a clue would open an answer amid the reasoning
    return not _akin(clue, solution) and joins(phrase, clue, solution)


def _differs(clue: str, phrase: str, chosen: Mapping[str, str]) -> bool:
    """Whether the clue is no form of a chosen one, and neither of their phrases says the other too."""
    return not any(_akin(clue, other) or names(phrase, other) or names(said, clue) for other, said in chosen.items())


def _akin(a: str, b: str) -> bool:
    """Whether one holds the other or a form of it, or both look grown from one root, as *orso* and *orsacchiotto*."""
    x, y = fold(a), fold(b)
    if x in y or y in x or names(x, y) or names(y, x):
        return True
    root = max(3, min(len(x), len(y)) - 2)
    return x[:root] == y[:root]


_CLUE = re.compile(r"[^\W_]{2,}(?:[ '’]+[^\W_]+)*['’]?")
