import pytest
from elements import Elements

from ghigliottina.errors import CheckpointError
from ghigliottina.game.puzzle import Puzzle
from ghigliottina.links.candidates import Candidate, Evidence
from ghigliottina.models.host import State
from ghigliottina.solver import Attempt, Cut
from ghigliottina.ui import render, tables
from ghigliottina.ui.markup import Html, join, tag
from ghigliottina.ui.playing import Moment
from ghigliottina.ui.text import Language, say
from rewards import RUBRIC, SOLUZIONE, Completion

CLUES = ("latte", "sole", "miele", "piena", "lupo")
EVIL = "<img src=x onerror=alert(1)>${alert(2)}{{7*7}}\"'`</script><script>alert(3)</script>"
IT, EN = Language.IT, Language.EN


def links(**phrases):
    return {clue: phrases.get(clue) for clue in CLUES}


MOON = Candidate(
    "luna", 9.0, links(sole="il sole e la luna", miele="luna di miele", piena="luna piena", lupo="luna e lupo")
)
BREAD = Candidate("pane", 4.0, links(latte="pane e latte", lupo="fame da lupo"))
EVIDENCE = Evidence(CLUES, (MOON, BREAD), 0.9)
BLANK = Moment(Attempt(Puzzle(CLUES), Completion.parse(""), EVIDENCE))


def moment(think="", answer=None, solution=None, done=True, evidence=EVIDENCE, clues=CLUES, cut=None, judged=True):
    text = SOLUZIONE.write(think, answer) if answer is not None else f"<think>\n{think}"
    completion = Completion.parse(text)
    puzzle = Puzzle(clues, solution)
    breakdown = RUBRIC.judge(completion, clues, solution) if done and judged else None
    return Moment(Attempt(puzzle, completion, evidence, 3.25, 20, done, cut), breakdown)


def pictures(now, language=IT):
    attempt = now.attempt
    return [
        render.board(now, language),
        render.status(now, language),
        render.thought(now, language),
        tables.ranking(attempt.evidence, language),
        tables.rewards(now.breakdown, language),
        render.raw(attempt.completion, language),
    ]


def test_a_tag_escapes_all_but_tags():
    inner = tag("i", "a < b")
    assert tag("b", inner, " & ", class_='x"y', hidden=True, id=None) == (
        '<b class="x&quot;y" hidden><i>a &lt; b</i> &amp; </b>'
    )
    assert isinstance(join("<", inner), Html)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize(
    "now",
    [
        moment(think=f"- latte: {EVIL}\n{EVIL}", answer=EVIL, solution=EVIL, clues=(EVIL, *CLUES[1:])),
        moment(think=EVIL, done=False, clues=(EVIL, *CLUES[1:])),
        moment(answer=EVIL, evidence=Evidence(CLUES, (Candidate(EVIL, 1.0, {EVIL: EVIL, "sole": None}),))),
        moment(think=f"- {EVIL}: {EVIL}", answer="luna"),
    ],
    ids=["everywhere", "half-written", "in the ranking", "in a step"],
)
def test_nothing_that_people_or_models_write_becomes_markup(now, language):
    for picture in pictures(now, language):
        elements = Elements(picture)
        assert not {"img", "script"} & set(elements.tags)
        assert not [name for name in elements.attributes if name.startswith("on")]


def test_problems_and_states_are_escaped_too():
    for picture in (render.problem(EVIL, IT), render.model(State("failed", error=CheckpointError(EVIL)), IT)):
        assert not {"img", "script"} & set(Elements(picture).tags)


@pytest.mark.parametrize("length", [0, 1, 12, 60, 400])
def test_every_prefix_of_an_answer_can_be_drawn(length):
    text = SOLUZIONE.write("- sole: il sole e la luna", "luna")[:length]
    now = Moment(Attempt(Puzzle(CLUES), Completion.parse(text), EVIDENCE))
    for picture in pictures(now):
        Elements(picture)


def test_the_board_tells_known_links_from_claims_and_gaps():
    now = moment(think="- latte: la luna di latte\n- sole: nessun legame trovato", answer="luna")
    assert render.links(now.attempt) == [
        ("latte", "la luna di latte", "claimed"),
        ("sole", "il sole e la luna", "linked"),
        ("miele", "luna di miele", "linked"),
        ("piena", "luna piena", "linked"),
        ("lupo", "luna e lupo", "linked"),
    ]
    own = moment(think="- sole: nessun legame trovato", answer="cometa")
    assert {kind for _, _, kind in render.links(own.attempt)} == {"unlinked"}
    half = moment(think="- latte: la via lattea", done=False)
    assert [kind for _, _, kind in render.links(half.attempt)] == ["claimed", "open", "open", "open", "open"]
    assert "il sole e la <b>luna</b>" in render.board(now, IT)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("luna", "È la prima della classifica"),
        ("pane", "È la numero 2 della classifica: il modello l’ha preferita a “luna”."),
        ("cometa", "È una parola del modello"),
        (None, "Il testo finisce prima di una risposta."),
    ],
    ids=["first", "candidate", "own", "nobody"],
)
def test_the_status_says_whose_word_it_is(answer, said):
    assert said in render.status(moment(answer=answer), IT)


@pytest.mark.parametrize(
    ("confidence", "tone", "italian", "english"),
    [
        (0.95, "sure", "Ne sono sicuro", "I’m sure of it"),
        (0.7, "fairly", "Ne sono abbastanza sicuro", "I’m fairly sure"),
        (0.4, "maybe", "Forse è questa", "It may be this one"),
        (0.1, "guess", "Tiro a indovinare", "I’m guessing"),
    ],
)
def test_the_four_tones_are_said_in_words(confidence, tone, italian, english):
    now = moment(answer="luna", evidence=Evidence(CLUES, (MOON, BREAD), confidence))
    assert f'data-tone="{tone}"' in render.status(now, IT)
    assert italian in render.status(now, IT)
    assert english in render.status(now, EN)


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (BLANK, "Legge gli indizi"),
        (moment(think="- sole: ", done=False), "Ragiona"),
        (moment(answer="lu", done=False), "Scrive la risposta"),
        (Moment(Attempt(Puzzle(CLUES), Completion.parse("")), ahead=3), "In fila: 3 prima di te"),
        (
            Moment(Attempt(Puzzle(CLUES), Completion.parse("")), model=State("preparing", 0.43)),
            "Il modello si prepara: 43 %",
        ),
        (moment(think="x", cut=Cut.STOP), "Fermato dopo 3,2 s"),
        (moment(answer="luna", cut=Cut.TIME), "Tempo scaduto dopo 3,2 s"),
        (moment(answer="luna", solution="luna"), "Esatta!"),
        (moment(answer="pane", solution="luna"), "La soluzione era “luna”."),
    ],
)
def test_the_status_says_what_is_going_on(now, said):
    assert said in render.status(now, IT)


@pytest.mark.parametrize(
    ("phrase", "word", "shown"),
    [
        ("luna di miele", "luna", "<b>luna</b> di miele"),
        ("Luna Park, la luna", "luna", "<b>Luna</b> Park, la luna"),
        ("Biancaneve", "neve", "Bianca<b>neve</b>"),
        ("corona del re", "re", "corona del <b>re</b>"),
        ("i gatti", "gatto", "i gatti"),
        ("1 < 2", "<", "1 &lt; 2"),
        ("pane", "", "pane"),
    ],
)
def test_the_word_stands_out_in_its_phrase(phrase, word, shown):
    assert tables.emphasised(phrase, word) == shown


def test_the_ranking_shows_ten_words_with_ticks_and_phrases():
    many = Evidence(CLUES, tuple(Candidate(f"parola{i}", 1.0, links(sole="sole")) for i in range(14)))
    shown = tables.ranking(many, IT)
    assert shown.count("<details>") == 10
    assert "indizi legati: 1 su 5" in shown
    assert "Nessuna parola" in tables.ranking(Evidence(CLUES, ()), IT)
    assert tables.ranking(None, IT) == ""


@pytest.mark.parametrize(
    ("now", "row", "total"),
    [
        (moment(answer="luna"), ("La soluzione non è nota.", "non giudicata"), "Senza la soluzione"),
        (moment(answer="pane", solution="luna"), ("“pane” non è “luna”.", "0,00"), "Totale"),
        (moment(answer="luna", solution="luna"), ("È proprio la soluzione.", "2,00"), "Totale"),
    ],
    ids=["not judged", "wrong", "right"],
)
def test_the_rewards_show_value_points_and_why(now, row, total):
    shown = tables.rewards(now.breakdown, IT)
    assert all(text in shown for text in (*row, total))
    assert all(say(f"reward_{name}", IT) in shown for name in RUBRIC.names)


@pytest.mark.parametrize("language", Language)
def test_every_reason_of_a_reward_becomes_a_whole_sentence(language):
    odd = ["", "luna", "<think></think>soluzione: luna, pane, sole.", "x " * 3000, SOLUZIONE.write("a: b", "latte") * 2]
    for text in odd:
        for score in RUBRIC.judge(Completion.parse(text), CLUES, "lune").scores:
            sentence = tables.why(score, language)
            assert sentence.endswith(".") and "{" not in sentence


def test_a_screen_reader_hears_the_answer_only_at_the_end():
    assert render.spoken(moment(answer="luna", done=False), IT) == '<p role="status"></p>'
    assert render.spoken(moment(answer="luna"), IT) == '<p role="status">La risposta è luna. Ne sono sicuro.</p>'
    assert render.spoken(moment(think="x"), IT) == '<p role="status">Nessuna risposta</p>'


@pytest.mark.parametrize("phase", ["waiting", "preparing", "loading", "ready", "failed"])
@pytest.mark.parametrize("language", Language)
def test_every_state_of_the_model_has_its_words(phase, language):
    shown = render.model(State(phase, 0.43, error=CheckpointError("Gone.") if phase == "failed" else None), language)
    Elements(shown)
    assert ("43" in shown) == (phase in ("preparing", "loading"))
    assert ("Gone." in shown) == (phase == "failed")
    Elements(render.model(None, language))
