import re
import subprocess
import sys
from pathlib import Path

import pytest
from cases import CLUES, GOLD, SOLUTION, STEPS, THINK, TinyEncoder, gold

from rewards import ANSWER, GRAMMARS, RUBRIC, SOLUZIONE, WHY, Breakdown, Completion, Entry, Rubric, Score, Verdict

ROOT = Path(__file__).parents[2]
JUDGES = RUBRIC.with_embedder(TinyEncoder())
"""The rubric with an encoder: everything can be judged."""
MAXIMUM = 4.75


def total(text, solution=SOLUTION, rubric=JUDGES):
    return rubric.judge(Completion.parse(text), CLUES, solution).total


def test_the_rubric_is_the_table_of_the_design():
    assert RUBRIC.weights == {
        "exact_match": 2.0,
        "semantic_similarity": 0.5,
        "reasoning_steps": 0.5,
        "think_length": 0.25,
        "completion_length": 0.25,
        "strict_format": 0.5,
        "soft_format": 0.25,
        "strict_xml_count": 0.25,
        "soft_xml_count": 0.25,
    }
    assert RUBRIC.names == tuple(RUBRIC.weights)


@pytest.mark.parametrize("grammar", GRAMMARS.values(), ids=GRAMMARS)
def test_the_gold_answer_earns_the_maximum(grammar):
    breakdown = JUDGES.judge(gold(grammar=grammar), CLUES, SOLUTION)
    assert set(breakdown.values.values()) == {1.0}
    assert breakdown.total == breakdown.maximum == MAXIMUM


def test_without_solution_or_encoder_the_maximum_is_of_what_was_judged():
    without_solution = JUDGES.judge(gold(), CLUES)
    assert [s.name for s in without_solution.scores if s.value is None] == ["exact_match", "semantic_similarity"]
    assert without_solution.total == without_solution.maximum == MAXIMUM - 2.5
    without_encoder = RUBRIC.judge(gold(), CLUES, SOLUTION)
    assert without_encoder.total == without_encoder.maximum == MAXIMUM - 0.5


FLOOD = " ".join([SOLUTION, "lucchetto", "toppa", "porta", *CLUES] * 3)
GAMES = {
    "flood as the answer": SOLUZIONE.write(THINK, FLOOD),
    "a short list": SOLUZIONE.write(THINK, "chiave, toppa"),
    "echo of a clue": SOLUZIONE.write(THINK, "violino"),
    "flood as the reasoning": SOLUZIONE.write(FLOOD, SOLUTION),
    "flood under every clue": SOLUZIONE.write("\n".join(f"- {clue}: {FLOOD}" for clue in CLUES), SOLUTION),
    "one phrase under every clue": SOLUZIONE.write("\n".join(f"- {c}: chiave di violino" for c in CLUES), SOLUTION),
    "numbers for steps": SOLUZIONE.write("1. 2. 3. 4. 5. Step 1: Step 2: Step 3: Step 4: Step 5:", SOLUTION),
    "doubled": GOLD * 2,
    "doubled block": GOLD.replace("<think>", f"<think>\n{THINK}\n</think>\n<think>"),
    "padded with words": SOLUZIONE.write(THINK + "\n" + "bla " * 300, SOLUTION),
    "padded with blanks": GOLD + " \n" * 1_000,
    "text after": GOLD + "Spero che sia utile!\n",
    "solution hidden in the block": SOLUZIONE.write(THINK + "\nsoluzione: chiave.", "toppa"),
    "solution in a second answer": GOLD.replace("chiave.\n", "toppa.\nsoluzione: chiave.\n"),
    "marks alone": "<think>\n</think>\nsoluzione: .\n",
    "one step": SOLUZIONE.write(STEPS[0], SOLUTION),
    "markup": SOLUZIONE.write(THINK, "<b>chiave</b>"),
    "CRLF": GOLD.replace("\n", "\r\n"),
    "100 kB": "chiave " * 15_000,
    "100 kB of answers": "soluzione: chiave.\n" * 5_000,
    "emoji": "🔑" * 100,
    "answer alone": "soluzione: chiave.\n",
    "English": "The answer is chiave.",
    "nothing": "",
}


@pytest.mark.parametrize("text", GAMES.values(), ids=GAMES)
def test_no_game_earns_the_maximum(text):
    breakdown = JUDGES.judge(Completion.parse(text), CLUES, SOLUTION)
    assert breakdown.total < breakdown.maximum
    assert all(score.value is not None and 0 <= score.value <= 1 for score in breakdown.scores)
    assert all(set(score.details) == set(WHY[score.why]) for score in breakdown.scores)


@pytest.mark.parametrize(
    "worse, better",
    [
        pytest.param(
            "flood as the answer",
            SOLUZIONE.write(THINK.replace("chiav", "topp"), "toppa"),
            id="a flood loses to a wrong word",
        ),
        pytest.param("nothing", "soluzione: toppa.\n", id="silence loses to a guess"),
        pytest.param("100 kB of answers", "soluzione: chiave.\n", id="repeating loses to saying it once"),
        pytest.param(
            "solution hidden in the block", SOLUZIONE.write(THINK, "toppa"), id="hiding loses to a wrong word"
        ),
        pytest.param("echo of a clue", SOLUZIONE.write(THINK, "chiavi"), id="an echo loses to another form"),
    ],
)
def test_a_game_loses_to_an_honest_try(worse, better):
    assert total(GAMES[worse]) < total(better)


def test_a_batch_is_judged_like_its_members_with_one_call_of_the_encoder():
    encoder = TinyEncoder()
    cases = [(Completion.parse(text), CLUES, SOLUTION) for text in [*GAMES.values(), SOLUZIONE.write(THINK, "toppa")]]
    together = RUBRIC.with_embedder(encoder).judge_all(cases)
    assert len(encoder.calls) == 1
    assert together == [JUDGES.judge(*case) for case in cases]
    assert RUBRIC.judge_all([]) == []


def test_weights_can_be_changed_by_name_only():
    changed = RUBRIC.with_weights({"soft_format": 0.0, "exact_match": 3})
    assert changed.weights == RUBRIC.weights | {"soft_format": 0.0, "exact_match": 3}
    assert changed.judge(gold(), CLUES, SOLUTION).maximum == MAXIMUM - 0.5 - 0.25 + 1
    with pytest.raises(ValueError, match=r"“exact”.*exact_match, semantic_similarity"):
        RUBRIC.with_weights({"exact": 1.0})


def test_a_bug_in_a_reward_comes_through():
    def broken(completion, clues, solution):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Rubric((Entry("broken", broken, 1.0),)).judge(gold(), CLUES)


def test_none_is_not_zero():
    scores = (Score("a", None, 2.0), Score("b", 0.0, 1.0), Score("c", 0.5, 4.0))
    breakdown = Breakdown(scores)
    assert (breakdown.total, breakdown.maximum) == (2.0, 5.0)
    assert breakdown.values == {"a": None, "b": 0.0, "c": 0.5}


def test_every_reason_is_listed_and_every_listed_reason_is_given():
    sources = [file.read_text(encoding="utf-8") for file in (ROOT / "rewards").glob("*.py") if file.stem != "rubric"]
    named = {code for source in sources for code in re.findall(r'"([a-z_]+)"', source)}
    assert set(WHY) <= named
    assert Verdict(1.0).why == ""


def test_every_reward_says_what_earns_1_and_what_earns_0():
    for entry in RUBRIC.entries:
        assert re.search(r"earns? .*\b0\b|counts? for nothing", " ".join((entry.reward.__doc__ or "").split())), (
            entry.name
        )


def test_the_rewards_need_only_the_standard_library():
    code = "import sys; before = set(sys.modules); from rewards import RUBRIC; import rewards.trl; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-S", "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
    top = {name.split(".")[0] for name in done.stdout.split()}
    assert top - set(sys.stdlib_module_names) - {"__main__"} == {"rewards"}


def test_the_other_grammar_is_judged_by_its_own_marks():
    assert JUDGES.judge(Completion.parse(GOLD, ANSWER), CLUES, SOLUTION).total < 1
