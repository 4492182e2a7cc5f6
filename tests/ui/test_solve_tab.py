import pytest
from served import graph

from ghigliottina.game.puzzle import Puzzle
from ghigliottina.links.candidates import candidates
from ghigliottina.solver import Solver
from ghigliottina.ui.solve_screen import Question
from ghigliottina.ui.solve_tab import EXAMPLES
from ghigliottina.ui.text import Language


@pytest.mark.parametrize("solution", EXAMPLES)
def test_the_links_solve_every_example(solution):
    puzzle = Puzzle.of(EXAMPLES[solution], solution)
    assert candidates(graph(), puzzle.clues).candidates[0].word == solution


def test_a_question_is_read_from_the_components_in_their_order():
    asked = ["a", "b", "c", "d", None, "luna", "model+links", "uno", "en"]
    assert Question.of(*asked) == Question(("a", "b", "c", "d", ""), "luna", Solver.MODEL_LINKS, "uno", Language.EN)
    assert Question.of(*asked[:5], None, "links", None, "it").checkpoint == ""


@pytest.mark.parametrize("wrong", [{"solver": "root"}, {"language": "xx"}, {"solver": None}])
def test_a_choice_that_was_not_offered_is_no_question(wrong):
    choices = {"solver": "links", "checkpoint": None, "language": "it"} | wrong
    with pytest.raises(ValueError, match="is not a valid"):
        Question.of(*"abcde", "", *choices.values())
