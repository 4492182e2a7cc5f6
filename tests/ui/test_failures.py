import ast
from pathlib import Path
from string import Formatter

import pytest

import ghigliottina
from ghigliottina.errors import CheckpointError, GhigliottinaError, PuzzleError
from ghigliottina.game.puzzle import Puzzle
from ghigliottina.ui.failures import ENGLISH, ITALIAN, failure
from ghigliottina.ui.text import Language

ROOT = Path(ghigliottina.__file__).parent


def raised():
    """(code, names of its details) of every error that the models and the page raise, read from the source."""
    for file in (file for part in ("models", "training", "ui") for file in (ROOT / part).rglob("*.py")):
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
                continue
            refused = call.func.id == "_refuse"  # `checkpoint._refuse` adds the name by itself
            if not (refused or call.func.id.endswith("Error")) or len(call.args) < (4 if refused else 2):
                continue
            code = call.args[3 if refused else 1]
            if isinstance(code, ast.Constant):
                yield code.value, {keyword.arg for keyword in call.keywords} | ({"name"} if refused else set())


def blanks(text):
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize(("code", "details"), list(raised()))
def test_every_failure_of_a_model_speaks_italian(code, details):
    assert code in ITALIAN
    assert blanks(ITALIAN[code]) | blanks(ENGLISH.get(code, "")) <= details


@pytest.mark.parametrize(
    ("clues", "solution"),
    [
        (["uno", "due", "", "quattro", "cinque"], None),
        (["uno", "due", "tre"], None),
        (["uno", "due", "tre", "quattro", "cinque", "sei"], None),
        (["uno", "due", "tre", "Uno", "cinque"], None),
        (["u" * 50, "due", "tre", "quattro", "cinque"], None),
        (["🙂", "due", "tre", "quattro", "cinque"], None),
        (["uno", "due", "tre", "quattro", "cinque"], "s" * 50),
        (["uno", "due", "tre", "quattro", "cinque"], "🙂"),
    ],
)
def test_what_a_visitor_can_do_wrong_is_said_in_both_languages(clues, solution):
    with pytest.raises(PuzzleError) as caught:
        Puzzle.of(clues, solution)
    said = {language: failure(caught.value, language) for language in Language}
    assert said[Language.IT] != said[Language.EN]
    assert not any("{" in text for text in said.values())


def test_an_error_without_a_translation_speaks_for_itself():
    assert failure(CheckpointError("As it is.", "never_heard_of"), Language.IT) == "As it is."
    assert failure(GhigliottinaError("Bare."), Language.IT) == "Bare."


def test_a_bug_does_not_show_its_innards():
    assert "secret" not in failure(KeyError("secret"), Language.EN)
