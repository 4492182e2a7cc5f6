import pytest
from cases import CLUES, GOLD, SOLUTION, STEPS, THINK, judged

from rewards import RUBRIC, SOLUZIONE, Completion
from rewards.reasoning import joins, linked_clues, reasoning_steps


def with_think(think, answer="chiave"):
    return f"<think>\n{think}\n</think>\nsoluzione: {answer}.\n"


@pytest.mark.parametrize(
    "think, linked",
    [
        pytest.param(THINK, 5, id="gold"),
        pytest.param(THINK.replace("\n", "\r\n"), 5, id="CRLF"),
        pytest.param(THINK.upper(), 5, id="capitals"),
        pytest.param("\n".join(reversed(STEPS)), 5, id="another order"),
        pytest.param("\n".join(STEPS[:3]), 3, id="three of five"),
        pytest.param("\n".join([STEPS[0]] * 5), 1, id="each clue once"),
        pytest.param("1. 2. 3. 4. 5.", 0, id="numbers alone"),
        pytest.param("1.\n2.\n3.\n4.\n5.", 0, id="empty list"),
        pytest.param("Step 1: a\nStep 2: b\nFirst, c\nSecond, d", 0, id="Step 1:"),
        pytest.param("\n".join(f"- {clue}:" for clue in CLUES), 0, id="no phrases"),
        pytest.param("\n".join(f"- {clue}: {clue}" for clue in CLUES), 0, id="just the clue"),
        pytest.param("\n".join(f"- {clue}: chiave" for clue in CLUES), 0, id="just the answer"),
        pytest.param("\n".join(f"- {clue}: la chiave" for clue in CLUES), 0, id="never the clue"),
        pytest.param("\n".join(f"- {clue}: {clue} bello" for clue in CLUES), 0, id="never the answer"),
        pytest.param("\n".join(f"- {clue}: chiave di violino" for clue in CLUES), 1, id="one phrase for all"),
        pytest.param("\n".join(f"- {clue}: chiave {' '.join(CLUES)}" for clue in CLUES), 1, id="a flood for all"),
        pytest.param(
            "\n".join(f"- {clue}: {clue} chiave " + "parola " * 20 + clue for clue in CLUES), 0, id="endless phrases"
        ),
        pytest.param("\n".join(f"- {clue}: chiave di violino" for clue in ("viola", "arco")), 0, id="no clue"),
        pytest.param("\n".join(step.removeprefix("- ") for step in STEPS), 0, id="not lines of their own"),
        pytest.param("<b>" + "</b>\n<b>".join(STEPS) + "</b>", 0, id="markup"),
        pytest.param("soluzione: chiave.\n" * 100, 0, id="hidden solution"),
        pytest.param("- violino: chiave di violino\n" * 4_000, 1, id="100 kB"),
        pytest.param("", 0, id="nothing"),
    ],
)
def test_reasoning_steps(think, linked):
    verdict = judged(reasoning_steps, with_think(think))
    assert verdict.value == linked / 5
    assert verdict.details["linked"] == linked and len(verdict.details["missing"]) == 5 - linked


@pytest.mark.parametrize(
    "answer, why, value",
    [
        pytest.param("", "no_answer", 0.0, id="no answer"),
        pytest.param("violino", "echo", 0.0, id="a clue joins nothing"),
        pytest.param("chiavi", "steps", 1.0, id="another form"),
        pytest.param("chiave lucchetto toppa", "steps", 0.0, id="a list"),
    ],
)
def test_the_answer_that_the_phrases_must_say(answer, why, value):
    verdict = judged(reasoning_steps, with_think(THINK, answer))
    assert (verdict.why, verdict.value) == (why, value)


KNOWN = {step.partition(": ")[2] for step in STEPS} | {"accento inglese"}


@pytest.mark.parametrize(
    "line, value, guessed",
    [
        ("chiave inglese", 1.0, ()),
        ("nessun legame trovato", 0.8, ()),
        ("", 0.8, ()),
        ("inglese", 0.8, ()),
        ("chiave", 0.8, ()),
        ("inglese chiave", 0.7, ("inglese",)),
        ("la chiave del baule", 0.7, ("inglese",)),
        ("accento inglese", 0.7, ("inglese",)),
        ("chiave di violino", 0.7, ("inglese",)),
    ],
)
def test_who_knows_what_people_say_pays_nothing_else_and_makes_guesses_cost(line, value, guessed):
    text = with_think(THINK.replace("chiave inglese", line))
    verdict = judged(reasoning_steps.with_phrases(KNOWN.__contains__), text)
    assert (verdict.value, verdict.details["guessed"]) == (pytest.approx(value), guessed)
    rubric = RUBRIC.with_phrases(KNOWN.__contains__)
    told = rubric.judge(Completion.parse(text, SOLUZIONE), CLUES, SOLUTION).values["reasoning_steps"]
    assert told == pytest.approx(value)


def test_guesses_cost_no_more_than_all():
    text = with_think("\n".join(f"- {clue}: {clue} con chiave" for clue in CLUES))
    assert judged(reasoning_steps.with_phrases(KNOWN.__contains__), text).value == 0.0
    assert judged(reasoning_steps.with_phrases(KNOWN.__contains__), GOLD).value == 1.0


def test_it_needs_clues_but_no_solution():
    assert judged(reasoning_steps, with_think(THINK), solution=None).value == 1.0
    assert judged(reasoning_steps, with_think(THINK), clues=()).why == "no_clues"


def test_the_phrases_are_there_for_the_page():
    completion = Completion.parse(with_think("- Violino: chiave di violino\n- volta: boh"))
    assert linked_clues(completion, CLUES) == {"violino": "chiave di violino"}


@pytest.mark.parametrize(
    "phrase, clue, answer, joined",
    [
        pytest.param("chiave di violino", "violino", "chiave", True, id="both words"),
        pytest.param("mazzo di chiavi", "mazzo", "chiave", True, id="inflected"),
        pytest.param("pan di Spagna", "pane", "Spagna", True, id="cut short"),
        pytest.param("l'oro nero", "l'oro", "nero", True, id="elided article"),
        pytest.param("77, le gambe delle donne", "77", "gambe", True, id="number"),
        pytest.param("il dolce far niente", "dolce far niente", "il dolce far niente", False, id="one word twice"),
        pytest.param("la sosta del passero solitario", "passero solitario", "sosta", True, id="clue of two words"),
        pytest.param("portafortuna", "porta", "fortuna", True, id="compound"),
        pytest.param("un capolavoro di pittura", "lavoro", "capo", True, id="compound among others, short half"),
        pytest.param("maxischermo", "schermo", "maxischermo", True, id="the answer has grown out of the clue"),
        pytest.param("il carcere duro per i mafiosi", "carcere", "mafia", True, id="derived"),
        pytest.param("il gatto e la volpe", "gatto", "cane", False, id="one word only"),
        pytest.param("violino", "violino", "chiave", False, id="just the clue"),
        pytest.param("chiave", "violino", "chiave", False, id="just the answer"),
        pytest.param("chiaveviolino mare", "mare", "chiave", True, id="grown"),
        pytest.param("", "violino", "chiave", False, id="nothing"),
    ],
)
def test_a_phrase_joins_a_clue_to_the_answer(phrase, clue, answer, joined):
    assert joins(phrase, clue, answer) == joined
