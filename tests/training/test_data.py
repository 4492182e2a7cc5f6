"""What the model is taught: whatever the target says can be told from the prompt."""

from itertools import islice
from random import Random

import pytest

from ghigliottina import prompt
from ghigliottina.game.puzzle import Puzzle
from ghigliottina.links.candidates import Candidate, Evidence, candidates
from ghigliottina.links.graph import Graph
from ghigliottina.training.data import KEPT, examples, take, worn
from ghigliottina.training.recipe import PRESETS, Recipe
from rewards import SOLUZIONE, Completion

CLUES = ("latte", "sole", "miele", "piena", "lupo")
LUNA = Puzzle.of(CLUES, "luna", links={clue: f"{clue} e luna" for clue in CLUES})


def full(word):
    return Candidate(word, 1.0, {clue: f"{clue} e {word}" for clue in CLUES})


@pytest.fixture(scope="module")
def graph():
    return Graph.load()


@pytest.fixture(scope="module")
def lessons(graph):
    return list(islice(examples(graph, PRESETS["sft"]), 200))


BOOKS = {
    "the right one first": Evidence(CLUES, (full("luna"), full("cane"), full("mare"), full("re"), full("via"))),
    "the right one last": Evidence(CLUES, (full("cane"), full("mare"), full("re"), full("via"), full("luna"))),
    "the right one missing": Evidence(CLUES, (full("cane"), full("mare"))),
    "the right one alone": Evidence(CLUES, (full("luna"),)),
    "no candidate at all": Evidence(CLUES, ()),
}


@pytest.mark.parametrize("evidence", BOOKS.values(), ids=BOOKS)
def test_the_right_candidate_has_the_most_links_and_is_the_first_of_those(evidence):
    for seed in range(100):
        shown, right = worn(evidence, LUNA, 0.5, Random(seed))
        assert right.word == "luna" and right.linked in KEPT
        assert len(shown.candidates) <= prompt.SHOWN
        assert max(shown.candidates, key=lambda candidate: candidate.linked) == right


def test_the_right_candidate_stands_first_as_often_as_asked():
    firsts = [worn(BOOKS["the right one first"], LUNA, 0.75, Random(seed)) for seed in range(400)]
    assert 0.68 < sum(shown.candidates[0] == right for shown, right in firsts) / 400 < 0.82


def test_a_link_that_was_left_out_is_neither_shown_nor_taught(graph, lessons):
    gaps = 0
    for lesson in lessons:
        (ask,) = lesson.messages
        if "Parole possibili" not in ask.content:
            continue
        answer = Completion.parse(lesson.target)
        (entry,) = [line for line in ask.content.splitlines() if line.startswith(f"{answer.answer} (")]
        steps = [line.removeprefix("- ") for line in answer.think.splitlines()]
        taught = [step for step in steps if not step.endswith(f": {prompt.NO_LINK}")]
        assert len(steps) == 5 and all(step.replace(";", ",") in entry for step in taught)
        gaps += len(steps) - len(taught)
    assert gaps > 100


def test_about_a_fifth_is_by_heart_with_all_phrases(lessons):
    closed = [lesson for lesson in lessons if "Parole possibili" not in lesson.messages[0].content]
    assert 20 < len(closed) < 60
    assert not any(prompt.NO_LINK in lesson.target for lesson in closed)


def test_every_target_is_in_strict_form(lessons):
    assert all(SOLUZIONE.write((c := Completion.parse(x.target)).think, c.answer) == x.target for x in lessons)


def test_the_prompt_is_the_one_that_the_page_sends(graph):
    """But for the links left out: with nothing left out the solver's own prompt is made."""
    (ask,) = prompt.messages(LUNA, candidates(graph, CLUES), SOLUZIONE, shots=False)
    (mine,) = prompt.messages(LUNA, worn(candidates(graph, CLUES), LUNA, 1.0, Random(0))[0], SOLUZIONE)
    assert mine.content.split("Parole")[0] == ask.content.split("Parole")[0]


def test_a_run_takes_its_steps_times_its_puzzles_the_same_for_the_same_seed(graph):
    recipe = Recipe(steps=3, puzzles=2, seed=5)
    assert take(graph, recipe) == take(graph, recipe)
    assert len(take(graph, recipe)) == 6
    assert take(graph, recipe) != take(graph, Recipe(steps=3, puzzles=2, seed=6))
