"""Puzzles become examples: the very prompt that the page will send, and the answer that it should get."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from random import Random

from ghigliottina import prompt
from ghigliottina.game.puzzle import CLUES, Puzzle
from ghigliottina.links.candidates import Candidate, Evidence, candidates
from ghigliottina.links.generator import Difficulty, puzzles
from ghigliottina.links.graph import Graph
from ghigliottina.models.engine import Message
from ghigliottina.training.recipe import Recipe
from rewards import SOLUZIONE, Grammar

KEPT: Mapping[int, int] = {2: 2, 3: 5, 4: 8, 5: 5}
"""How many links of the right candidate are left, and how often (in twentieths): what the ranking's first candidate
has in real games. A puzzle made from the graph would always have all five, and the model would never see a gap."""


@dataclass(frozen=True, slots=True)
class Example:
    """One lesson."""

    messages: tuple[Message, ...]
    target: str
    """What to write after them, without the token that ends it."""
    puzzle: Puzzle


def examples(graph: Graph, recipe: Recipe, grammar: Grammar = SOLUZIONE) -> Iterator[Example]:
    """Endless lessons, the same for the same seed."""
    random = Random(recipe.seed)
    for puzzle in puzzles(graph, recipe.seed, difficulty=Difficulty(recipe.difficulty) if recipe.difficulty else None):
        if random.random() < recipe.by_heart:
            evidence, right = None, _gold(puzzle)
        else:
            evidence, right = worn(candidates(graph, puzzle.clues), puzzle, recipe.right_first, random)
        chat = prompt.messages(puzzle, evidence, grammar, shots=False)
        yield Example(tuple(chat), prompt.argue(right, grammar), puzzle)


def worn(evidence: Evidence, puzzle: Puzzle, right_first: float, random: Random) -> tuple[Evidence, Candidate]:
    """What the model reads, and the right candidate in it: the one with the most links, the earlier one of equals.

    Links are left out at random, of the right candidate by `KEPT` and of its rivals until the right one shows: so the
    choice can be told from the prompt, which links are there to copy, and where there are none.
    """
    found = evidence.find(puzzle.solution or "")
    right = _keep(found or _gold(puzzle), random.choices([*KEPT], [*KEPT.values()])[0], random)
    rivals = [candidate for candidate in evidence.candidates if candidate != found][: prompt.SHOWN - 1]
    place = 0 if random.random() < right_first else random.randint(min(1, len(rivals)), len(rivals))
    shown = [_keep(rival, right.linked - (i < place), random) for i, rival in enumerate(rivals)]
    return replace(evidence, candidates=(*shown[:place], right, *shown[place:])), right


def fixed(graph: Graph, grammar: Grammar = SOLUZIONE) -> Example:
    """One hard puzzle that no run trains on, with the evidence that the page would show: the same for all runs."""
    puzzle = next(puzzles(graph, 2018, held_out=True, difficulty=Difficulty.HARD))
    chat = prompt.messages(puzzle, candidates(graph, puzzle.clues), grammar)
    return Example(tuple(chat), prompt.argue(_gold(puzzle), grammar), puzzle)


def take(graph: Graph, recipe: Recipe) -> list[Example]:
    """The lessons of a whole run."""
    return list(islice(examples(graph, recipe), recipe.steps * recipe.puzzles))


def _gold(puzzle: Puzzle) -> Candidate:
    """The solution with its author's phrases."""
    return Candidate(puzzle.solution or "", float(CLUES), {clue: puzzle.links.get(clue) for clue in puzzle.clues})


def _keep(candidate: Candidate, most: int, random: Random) -> Candidate:
    """The candidate with at most so many of its links."""
    linked = [clue for clue, phrase in candidate.links.items() if phrase]
    kept = set(random.sample(linked, min(most, len(linked))))
    return replace(
        candidate, links={clue: phrase if clue in kept else None for clue, phrase in candidate.links.items()}
    )
