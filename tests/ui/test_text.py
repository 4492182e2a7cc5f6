import re
from string import Formatter
from typing import get_args, get_type_hints

import pytest

from ghigliottina.models.host import State
from ghigliottina.solver import Cut, Origin, Solver, Tone
from ghigliottina.ui.text import TEXTS, Language, number, say
from rewards import RUBRIC, WHY


def blanks(text):
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("key", TEXTS)
def test_both_languages_fill_in_the_same_details(key):
    italian, english = TEXTS[key]
    assert italian.strip() and english.strip()
    assert blanks(italian) == blanks(english)


@pytest.mark.parametrize(
    "key",
    [
        *(f"reward_{name}" for name in RUBRIC.names),
        *(f"why_{why}" for why in WHY),
        *(f"origin_{origin}" for origin in Origin),
        *(f"tone_{tone}" for tone in Tone),
        *(f"cut_{cut}" for cut in Cut),
        *(f"solver_{solver}" for solver in Solver),
        *(f"model_{phase}" for phase in get_args(get_type_hints(State)["phase"])),
    ],
)
def test_everything_that_can_be_shown_has_words(key):
    assert key in TEXTS


@pytest.mark.parametrize("why", WHY)
def test_the_reasons_of_rewards_have_the_details_that_their_sentences_need(why):
    assert blanks(TEXTS[f"why_{why}"][0]) <= set(WHY[why])


@pytest.mark.parametrize(
    ("value", "digits", "italian", "english"),
    [(0.25, 2, "0,25", "0.25"), (12, 1, "12,0", "12.0")],
)
def test_numbers_are_written_as_the_language_writes_them(value, digits, italian, english):
    assert number(value, Language.IT, digits) == italian
    assert number(value, Language.EN, digits) == english


def test_italian_is_italian():
    """Words that only one of the two languages has are on their side."""
    italian, english = (" ".join(texts[side] for texts in TEXTS.values()) for side in (0, 1))
    assert not re.findall(r"\b(the|and|you|with)\b", italian, re.IGNORECASE)
    assert not re.findall(r"\b(della|che|gli|sono)\b", english, re.IGNORECASE)
    assert say("go", Language.IT) == "Risolvi"
