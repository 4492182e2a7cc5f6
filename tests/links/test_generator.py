"""Our own puzzles, made from the real links: fair, of five good links each, the same for everyone with the seed."""

import os
import subprocess
import sys
from collections import Counter
from itertools import combinations, islice

import pytest

from ghigliottina.game.puzzle import LONGEST_CLUE, Puzzle
from ghigliottina.links.candidates import Candidate, candidates
from ghigliottina.links.generator import Difficulty, difficulty_of, hardness, is_held_out, puzzles
from ghigliottina.links.graph import Graph, key
from ghigliottina.prompt import argue
from rewards import GRAMMARS, RUBRIC, Completion
from rewards.reasoning import joins
from rewards.words import bare, fold, inflection_of, names

MANY = 200


@pytest.fixture(scope="module")
def graph():
    return Graph.load()


@pytest.fixture(scope="module")
def made(graph):
    return [*islice(puzzles(graph, 1), MANY // 2), *islice(puzzles(graph, 1, held_out=True), MANY // 2)]


PROPERTIES = {
    "five clues, each with its phrase": lambda p: len(p.clues) == 5 and tuple(p.links) == p.clues,
    "phrases join clue and solution": lambda p: all(joins(said, clue, p.solution) for clue, said in p.links.items()),
    "five different phrases": lambda p: len({fold(phrase) for phrase in p.links.values()}) == 5,
    "no phrase that says two clues": lambda p: (
        not any(names(said, other) for clue, said in p.links.items() for other in p.clues if other != clue)
    ),
    "a solution in lower case, one word": lambda p: p.solution.isalpha() and p.solution.islower(),
    "a solution of three letters or more": lambda p: len(p.solution) >= 3,
    "clues short enough": lambda p: all(1 < len(clue) <= LONGEST_CLUE for clue in p.clues),
    "no clue holds the solution or the reverse": lambda p: (
        not any(fold(clue) in fold(p.solution) or fold(p.solution) in fold(clue) for clue in p.clues)
    ),
    "no clue is a form of the solution": lambda p: not any(inflection_of(clue, p.solution) for clue in p.clues),
    "no two clues are forms of one word": lambda p: (
        not any(inflection_of(a, b) or fold(bare(a)) == fold(bare(b)) for a, b in combinations(p.clues, 2))
    ),
    "marked as generated": lambda p: p.source == "generated",
}


@pytest.mark.parametrize("holds", PROPERTIES.values(), ids=PROPERTIES)
def test_every_puzzle_has(made, holds):
    assert [puzzle for puzzle in made if not holds(puzzle)] == []


def test_the_solution_is_the_first_of_the_ranking(made, graph):
    assert [p for p in made if key(candidates(graph, p.clues, 1).candidates[0].word) != key(p.solution)] == []


@pytest.mark.parametrize("grammar", GRAMMARS.values(), ids=GRAMMARS)
def test_the_gold_answer_earns_the_maximum(made, grammar):
    for puzzle in made:
        text = argue(Candidate(puzzle.solution, 0.0, puzzle.links), grammar)
        judged = RUBRIC.judge(Completion.parse(text, grammar), puzzle.clues, puzzle.solution)
        assert judged.total == pytest.approx(judged.maximum), text


def test_puzzles_are_many_and_different(made):
    assert len({p.clues for p in made}) == MANY
    assert len({p.solution for p in made}) > MANY * 0.8


def test_training_and_held_out_share_no_solution(made):
    assert Counter(is_held_out(p.solution) for p in made) == {False: MANY // 2, True: MANY // 2}
    assert [is_held_out(p.solution) for p in made] == [False] * (MANY // 2) + [True] * (MANY // 2)


def test_a_tenth_of_the_words_is_held_out(graph):
    words = set(graph.heads)
    assert 0.08 < sum(map(is_held_out, words)) / len(words) < 0.12


@pytest.mark.parametrize(
    ("word", "same"),
    [("gatto", "gatti"), ("Gatto", "gatta"), ("amico", "amiche"), ("citta'", "città"), ("perche", "perché")],
)
def test_forms_of_a_word_are_on_one_side(word, same):
    assert is_held_out(word) == is_held_out(same)


@pytest.mark.parametrize("difficulty", Difficulty)
def test_difficulty_is_what_was_asked_for_and_no_rarity(graph, made, difficulty):
    assert all(difficulty_of(graph, p) is difficulty for p in islice(puzzles(graph, 2, difficulty=difficulty), 5))
    assert sum(difficulty_of(graph, p) is difficulty for p in made) > MANY * 0.2


def test_wide_clues_make_it_harder():
    rows = [(f"stretto{i}", "sole", f"stretto{i} sole") for i in range(5)]
    rows += [(f"largo{i}", "mare", f"largo{i} mare") for i in range(5)]
    rows += [(f"stretto{i}", f"lume{i}", f"stretto{i} lume{i}") for i in range(5)]
    rows += [(f"largo{i}", f"altro{i}{j}", f"largo{i} altro{i}{j}") for i in range(5) for j in range(9)]
    graph = Graph.of(rows)
    narrow = hardness(graph, Puzzle.of([f"stretto{i}" for i in range(5)], "sole"))
    wide = hardness(graph, Puzzle.of([f"largo{i}" for i in range(5)], "mare"))
    assert narrow < wide


@pytest.mark.parametrize("seed", [0, 7])
def test_a_seed_gives_the_same_puzzles_whatever_the_hash_seed(graph, seed):
    here = [(p.solution, p.links) for p in islice(puzzles(graph, seed), 5)]
    code = (
        "from itertools import islice; from ghigliottina.links.graph import Graph\n"
        "from ghigliottina.links.generator import puzzles\n"
        f"print([(p.solution, p.links) for p in islice(puzzles(Graph.load(), {seed}), 5)])"
    )
    for hash_seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
        assert done.stdout.strip() == str(here)


def test_another_seed_gives_others(graph):
    assert next(puzzles(graph, 1)) != next(puzzles(graph, 2))


def test_a_graph_too_small_says_so():
    with pytest.raises(ValueError, match="8 links"):
        next(puzzles(Graph.of([("luna", "miele", "luna di miele")]), 1))
