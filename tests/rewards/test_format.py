import pytest
from cases import GOLD, THINK, gold, judged

from rewards import ANSWER, GRAMMARS
from rewards.format import SURPLUS, soft_format, soft_xml_count, strict_format, strict_xml_count

BLOCK = f"<think>\n{THINK}\n</think>\n"
REWARDS = (strict_format, soft_format, strict_xml_count, soft_xml_count)


@pytest.mark.parametrize(
    "text, strict, soft, strict_count, soft_count",
    [
        pytest.param(GOLD, 1, 1, 1, 1, id="gold"),
        pytest.param(GOLD.rstrip("\n"), 1, 1, 1, 1, id="no last newline"),
        pytest.param(GOLD + "\n", 0, 1, 1, 1, id="one newline more"),
        pytest.param("\n" + GOLD, 0, 1, 1, 1, id="a blank line first"),
        pytest.param(GOLD.replace("\n", "\r\n"), 0, 1, 1, 1, id="CRLF"),
        pytest.param(GOLD * 2, 0, 1, 0, 0, id="doubled: the soft form looks at the first only"),
        pytest.param(BLOCK * 2 + "soluzione: chiave.\n", 0, 0, 0.5, 0.5, id="doubled block"),
        pytest.param(BLOCK + "soluzione: chiave.\n" * 2, 0, 1, 0.5 - 18 / SURPLUS, 0.5, id="doubled answer"),
        pytest.param(f"<think>{THINK}</think> Soluzione : chiave", 0, 1, 0, 0.75, id="loose"),
        pytest.param(f"<THINK>\n{THINK}\n</THINK>\nsoluzione: chiave.\n", 0, 1, 0.5, 1, id="capitals"),
        pytest.param(GOLD + "x" * (SURPLUS // 2), 0, 1, 0.5, 1, id="text after"),
        pytest.param(GOLD + "x" * 100_000, 0, 1, 0, 1, id="100 kB after: never below 0"),
        pytest.param("Ecco: " + GOLD, 0, 0, 0.75, 1, id="text before"),
        pytest.param(BLOCK + "Dunque: soluzione: chiave.\n", 0, 0, 0.5, 1, id="text between"),
        pytest.param(BLOCK + "soluzione: chiave\n", 0, 1, 0.75, 0.75, id="no full stop"),
        pytest.param(BLOCK + "chiave\n", 0, 0, 0.5, 0.5, id="no answer mark"),
        pytest.param(BLOCK + "soluzione: .\n", 0, 0, 1, 1, id="empty answer: the marks are there"),
        pytest.param("<think>\n</think>\nsoluzione: chiave.\n", 0, 0, 1, 1, id="empty block"),
        pytest.param("soluzione: chiave.", 0, 0, 0.5, 0.5, id="answer alone"),
        pytest.param(f"<think>\n{THINK}\nsoluzione: chiave.\n", 0, 0, 0.75, 0.75, id="never closed"),
        pytest.param(f"<think>\nsoluzione: a.\n{THINK}\n</think>\nsoluzione: b.\n", 0, 1, 0.5, 0.5, id="hidden"),
        pytest.param(
            f"<think>\n- soluzione: b\n{THINK}\n</think>\nsoluzione: b.\n", 1, 1, 1, 1, id="a clue of that name"
        ),
        pytest.param(
            "soluzione: chiave.\n" + BLOCK, 0, 0, 1 - len(BLOCK.strip()) / SURPLUS, 1, id="the wrong way round"
        ),
        pytest.param("<think></think>", 0, 0, 0, 0.5, id="only tags"),
        pytest.param("<think>" * 10, 0, 0, 0, 0, id="one tag ten times"),
        pytest.param("<p>chiave</p> 🔑", 0, 0, 0, 0, id="other markup"),
        pytest.param("", 0, 0, 0, 0, id="nothing"),
        pytest.param("a " * 50_000, 0, 0, 0, 0, id="100 kB"),
    ],
)
def test_form(text, strict, soft, strict_count, soft_count):
    values = [judged(reward, text).value for reward in REWARDS]
    assert values == [strict, soft, pytest.approx(max(0, strict_count)), soft_count]


@pytest.mark.parametrize("grammar", GRAMMARS.values(), ids=GRAMMARS)
def test_each_grammar_has_its_gold(grammar):
    assert [judged(reward, gold(grammar=grammar).text, grammar=grammar).value for reward in REWARDS] == [1, 1, 1, 1]


def test_one_grammar_is_not_the_other():
    assert [judged(reward, GOLD, grammar=ANSWER).value for reward in REWARDS] == [0, 0, 0.5, 0.5]


@pytest.mark.parametrize(
    "text, why, details",
    [
        ("soluzione: chiave.", "no_think", {}),
        ("<think>a</think>", "no_answer", {}),
        (GOLD * 2, "repeated", {"mark": "<think>"}),
        ("Ecco: " + GOLD, "loose", {}),
        (GOLD, "form_kept", {}),
    ],
)
def test_the_reason_is_the_first_thing_wrong(text, why, details):
    verdict = judged(strict_format, text)
    assert (verdict.why, verdict.details) == (why, details)


def test_counts_say_what_they_counted():
    assert judged(soft_xml_count, GOLD * 2).details == {"present": 4, "of": 4, "surplus": 4}
    assert judged(strict_xml_count, GOLD + "fine").details == {"present": 4, "of": 4, "surplus": 4}
