"""What is wrong with a link: each fault, and what must not be taken for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghigliottina.errors import InputError
from ghigliottina.links.checking import REJECTIONS, REMARKS, REPAIRS, Fault, Link, examine

REPAIRED = [
    ("luna |miele|luna  di miele", "luna|miele|luna di miele", Fault.SPACES),
    ("luna|miele|luna\u00a0di miele", "luna|miele|luna di miele", Fault.SPACES),
    ("acqua|dolce|l’acqua dolce", "acqua|dolce|l'acqua dolce", Fault.APOSTROPHES),
    ("oro|zecchino|lo “zecchino” d´oro", 'oro|zecchino|lo "zecchino" d\'oro', Fault.APOSTROPHES),
    ('lupo|agnello|"il lupo e l\'agnello"', "lupo|agnello|il lupo e l'agnello", Fault.EDGES),
    ("lupo|agnello|il lupo e l'agnello,", "lupo|agnello|il lupo e l'agnello", Fault.EDGES),
    ("Luna|miele|luna di miele", "luna|miele|luna di miele", Fault.CASE),
    ("opera|Verdi|opera di Verdi", "opera|verdi|opera di Verdi", Fault.CASE),
    ("strada|fellini|fellini, La strada", "strada|fellini|Fellini, La strada", Fault.CASE),
    ("bonta|animo|bontà d'animo", "bontà|animo|bontà d'animo", Fault.ACCENT),
    ("caffe'|tazzina|tazzina di caffè", "caffè|tazzina|tazzina di caffè", Fault.ACCENT),
    ("crudelta|mentale|crudeltà mentale", "crudeltà|mentale|crudeltà mentale", Fault.ACCENT),
    ("domanda|perchè|domanda: perchè?", "domanda|perché|domanda: perché?", Fault.ACCENT),
    ("perché|chiedere|Perche' chiedere", "perché|chiedere|Perché chiedere", Fault.ACCENT),
    ("poco|pazienza|un pò di pazienza, poco tempo", "poco|pazienza|un po' di pazienza, poco tempo", Fault.ACCENT),
    ("cosa|dire|qual'è la cosa da dire", "cosa|dire|qual è la cosa da dire", Fault.ACCENT),
    ("tela|ragno|ragna+tela = ragnatela", "tela|ragno|ragnatela", Fault.SUM),
    ("stop|autostop|autostop, auto + stop", "stop|autostop|autostop", Fault.SUM),
    ("forno|altoforno|alto+forno", "forno|altoforno|altoforno", Fault.SUM),
    ("viso|monviso|Mon + viso, il monte", "viso|monviso|Monviso, il monte", Fault.SUM),
]
REJECTED = [
    ("|miele|luna di miele", Fault.EMPTY),
    ("luna|-|luna di miele", Fault.EMPTY),
    ("luna|miele|", Fault.EMPTY),
    ("luna|miele|luna di miele \N{HONEY POT}", Fault.STRANGE),
    ("luna|miele|луна di miele", Fault.STRANGE),
    ("luna|miele|luna\u200b di miele", Fault.STRANGE),
    ("luna|miele|<b>luna</b> di miele", Fault.STRANGE),
    ("luna|miele|luna di miele " * 9, Fault.LONG),
    ("Como|comò|il comò di Como", Fault.SAME),
    ("concerto|violino|Concerto", Fault.BARE),
    ("luna|miele|la torre di Pisa", Fault.NEITHER),
    ("ala|vela|il gatto con gli stivali", Fault.NEITHER),
]
FINE = [
    "gamba|levare|a gambe levate",
    "mare|male|mal di mare",
    "pane|spagna|pan di Spagna",
    "fare|bene|fa bene",
    "capo|lavoro|capolavoro",
    "santo|siro|San Siro",
    "amore|cuore|amor di cuor",
    "amico|nemico|amiche e nemici",
    "valigia|lago|valigie sul lago",
    "oro|colare|prendere per oro colato",
    "acqua|cheta|rovina i ponti dell'acqua cheta",
    "bello|buono|bel tempo e buon viaggio",
    "uomo|ragno|gli uomini e i ragni",
    "dio|grazia|per gli dei e per le grazie",
    "nove|sinfonia|Sinfonia n. 9",
    "sesto|papa|papa Paolo VI",
    "più|canale|Canale+ e Tele+: più canale",
    "onesta|persona|persona onesta",
    "volo|uccello|l'uccello volò via, il volo",
    "giacca|rosse|giacche rosse",
    "papa|bacio|il papà dà un bacio al Papa",
    "napoli|sole|'O sole di Napoli",
    "et|telefono|E.T. telefono casa",
    "orario|km/h|km/h, chilometri orari",
    "città|natale|città natale",
    "quanto|costa|quanto costa?",
    "pirandello|ninfa|L'uva e la Ninfa di Pirandello (1921): 8½ % & altro",
]


def link(text: str) -> Link:
    return Link(*text.split("|", 2))


@pytest.mark.parametrize(("text", "meant", "fault"), REPAIRED, ids=[row[0] for row in REPAIRED])
def test_a_repairable_link_is_mended_and_the_fault_named(text, meant, fault):
    mended, found = examine(link(text))
    assert mended == link(meant)
    assert fault in found and set(found) <= {*REPAIRS, *REMARKS}


@pytest.mark.parametrize(("text", "fault"), REJECTED, ids=[row[0][:40] for row in REJECTED])
def test_a_spoilt_link_is_named(text, fault):
    assert fault in examine(link(text))[1]


@pytest.mark.parametrize("text", FINE)
def test_a_good_link_is_left_alone(text):
    assert examine(link(text)) == (link(text), ())


@pytest.mark.parametrize(
    ("text", "remark"),
    [("sole|maglia|le spalle al sole", Fault.NO_WORD), ("sesto|senso|un senso in più", Fault.NO_HEAD)],
)
def test_a_phrase_that_lacks_one_word_is_only_remarked(text, remark):
    assert examine(link(text)) == (link(text), (remark,))


@given(st.text(max_size=30), st.text(max_size=30), st.text(max_size=60))
def test_any_three_strings_get_an_answer(head, word, phrase):
    mended, found = examine(Link(head, word, phrase))
    assert isinstance(mended, Link) and set(found) <= {*REPAIRS, *REJECTIONS, *REMARKS}


WORDS = st.sampled_from("perche piu' città Bonta bontà «oro» l’oro , : new york e' É caffé qual'è un pò".split())


@given(WORDS, WORDS, st.lists(WORDS, min_size=1, max_size=6), st.sampled_from([" ", "  ", " \t"]))
def test_what_is_mended_stays_mended(head, word, phrase, space):
    mended, _ = examine(Link(head, word, space.join(phrase)))
    again, found = examine(mended)
    assert again == mended and set(found) <= {*REJECTIONS, *REMARKS}


@pytest.mark.parametrize(
    "line", ["", "luna", "luna\tmiele", "luna\tmiele\tluna di miele\t5", "luna miele luna di miele"]
)
def test_a_line_without_three_fields_is_no_link(line):
    with pytest.raises(InputError, match="write head, word and phrase"):
        Link.parse(line)


def test_a_link_is_written_as_it_was_read():
    assert str(Link.parse("luna\tmiele\tluna di miele\r\n")) == "luna\tmiele\tluna di miele"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        pytest.param("sole|luna|il sole e la luna", "luna|sole|Il sole e la luna!", True, id="turned round"),
        pytest.param("caffe|nero|caffè nero", "caffè|nero|caffe nero", True, id="accents"),
        pytest.param("sole|luna|il sole e la luna", "sole|luna|sole, luna", False, id="another phrase"),
        pytest.param("sole|luna|la luna e il sole", "sole|notte|la luna e il sole", False, id="another word"),
    ],
)
def test_what_says_the_same_is_the_same(one, other, same):
    assert (link(one).key == link(other).key) is same
