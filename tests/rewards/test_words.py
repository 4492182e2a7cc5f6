import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewards.words import bare, fold, inflection_of, names, same_word, tokens


@pytest.mark.parametrize(
    "text, key",
    [
        ("  Perché ", "perche"),
        ("L’ORO", "l'oro"),
        ("a\u00a0 b\tc", "a b c"),
        ("PERCHE`", "perche'"),
        ("jalapeño", "jalapeno"),
        ("STRASSE ß", "strasse ss"),
        ("", ""),
    ],
)
def test_fold(text, key):
    assert fold(text) == key


@given(st.text())
def test_folding_twice_is_folding_once(text):
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    "text, word",
    [
        ("La Chiave!", "chiave"),
        ("L’oro", "oro"),
        ("un'ancora", "ancora"),
        ("«lo scuro»", "scuro"),
        ("'luna'", "luna"),
        ("**luna**", "luna"),
        ("citta'", "città"),
        ("E'", "è"),
        ("la", "la"),
        ("...", "..."),
        ("uno", "uno"),
        ("lavoro", "lavoro"),
        ("'ndrangheta", "'ndrangheta"),
    ],
)
def test_bare(text, word):
    assert bare(text) == word


@pytest.mark.parametrize(
    "one, other, same",
    [
        pytest.param("Luna", "luna.", True, id="case, full stop"),
        pytest.param("la luna", "luna", True, id="article"),
        pytest.param("l'oro", "ORO", True, id="elided article"),
        pytest.param("l’oro", "l'oro", True, id="curly apostrophe"),
        pytest.param(unicodedata.normalize("NFD", "città"), "città", True, id="decomposed"),
        pytest.param("perche", "perché", True, id="accent left out"),
        pytest.param("perche'", "perché", True, id="accent as apostrophe"),
        pytest.param("perchè", "perché", True, id="accent of the wrong kind"),
        pytest.param("e'", "è", True, id="e'"),
        pytest.param("po'", "po", True, id="apostrophe left out"),
        pytest.param("pero", "però", True, id="pero is taken for però"),
        pytest.param("papà", "pàpa", False, id="accents that contradict"),
        pytest.param("Riccardo  III", "riccardo iii", True, id="two words"),
        pytest.param("gatto", "gatti", False, id="plural"),
        pytest.param("gatto", "gatta", False, id="feminine"),
        pytest.param("luna", "la luna piena", False, id="more words"),
        pytest.param("luna, sole", "luna", False, id="a list"),
        pytest.param("lu\u200bna", "luna", False, id="invisible character"),
        pytest.param("<b>luna</b>", "luna", False, id="markup"),
        pytest.param("77", "77.", True, id="number"),
        pytest.param("...---...", "...---...", True, id="signs"),
        pytest.param("", "", False, id="nothing is no word"),
        pytest.param("luna " * 20_000, "luna", False, id="100 kB"),
    ],
)
def test_same_word(one, other, same):
    assert same_word(one, other) == same_word(other, one) == same


@pytest.mark.parametrize(
    "pair",
    (
        "gatto gatti, gatto gatta, gatto gatte, amico amiche, amico amici, lago laghi, figlio figli, "
        "faccia facce, mela mele, ora ore, oro ori, uomo uomini, moglie mogli, città città, portare portato, "
        "portare porto, levata levare, mangiare mangio, cercare cerchi, finire finisce, sentito sentire, "
        "andando andava, pane pan, fiore fior, amore amor, mezz' mezzo, Pesca pesche"
    ).split(", "),
)
def test_forms_of_one_word(pair):
    one, other = pair.split()
    assert inflection_of(one, other) and inflection_of(other, one)


@pytest.mark.parametrize(
    "pair",
    (
        "luna sole, oro ora, mare marito, sole sale, cane canto, sole soldi, merce mercato, bar barba, "
        "gatto gattopardo, tavolo tavolozza, 77 7, sì sei"
    ).split(", "),
)
def test_words_apart(pair):
    one, other = pair.split()
    assert not inflection_of(one, other) and not inflection_of(other, one)


@pytest.mark.parametrize(
    "phrase, word, named",
    [
        ("pan di Spagna", "pane", True),
        ("a gambe levate", "gamba", True),
        ("vale tanto oro quanto pesa", "l'oro", True),
        ("La donna d’oro", "oro", True),
        ("mezz'ora", "mezzo", True),
        ("la borsa o la vita", "la borsa", True),
        ("nelle borse", "la borsa", True),
        ("il passero solitario", "passero solitario", True),
        ("i passeri sono solitari", "passero solitario", False),
        ("le gambe delle donne, 77", "77", True),
        ("1977", "77", False),
        ("linea ...---... punto", "...---...", True),
        ("il tavolo", "tavola calda", False),
        ("", "pane", False),
    ],
)
def test_a_phrase_names_a_word_in_any_form(phrase, word, named):
    assert names(phrase, word) == named


def test_tokens():
    assert tokens("L’oro, è già 1° d'oro!") == ["l'", "oro", "e", "gia", "1", "d'", "oro"]
