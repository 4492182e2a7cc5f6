import pytest
from cases import GOLD, STEPS, THINK, judged

from rewards.length import COMPLETION_TOKENS, THINK_TOKENS, completion_length, count_tokens, think_length


@pytest.mark.parametrize(
    "text, tokens",
    [
        ("", 0),
        ("- pane: pan di Spagna", 6),
        ("l'oro", 3),
        ("  a \n b  ", 2),
        ("x" * 120, 10),
        (" " * 120, 10),
        ("🔑🔑", 2),
    ],
)
def test_tokens_are_counted_without_a_tokenizer(text, tokens):
    assert count_tokens(text) == tokens


LEAST, MOST = THINK_TOKENS


@pytest.mark.parametrize(
    "think, value, why",
    [
        pytest.param(THINK, 1.0, "length_good", id="five steps"),
        pytest.param("\n".join(f"- parola{i}: frase" for i in range(5)), 1.0, "length_good", id="five short steps"),
        pytest.param("a " * LEAST, 1.0, "length_good", id="just enough"),
        pytest.param("a " * (LEAST // 2), 0.5, "too_short", id="half of it"),
        pytest.param(STEPS[0], 0.35, "too_short", id="one step"),
        pytest.param("a " * MOST, 1.0, "length_good", id="the most"),
        pytest.param("a " * (MOST * 3 // 2), 0.5, "too_long", id="halfway too long"),
        pytest.param("a " * 50_000, 0.0, "too_long", id="100 kB"),
        pytest.param("a" * 100_000, 0.0, "too_long", id="100 kB in one word"),
        pytest.param("a" + " " * 100_000 + "b", 0.0, "too_long", id="100 kB of blanks"),
        pytest.param("", 0.0, "no_think", id="empty block"),
    ],
)
def test_think_length(think, value, why):
    verdict = judged(think_length, f"<think>{think}</think>soluzione: chiave.")
    assert (pytest.approx(verdict.value, abs=0.001), verdict.why) == (value, why)


@pytest.mark.parametrize("text", ["soluzione: chiave.", f"<think>{THINK}", ""])
def test_without_a_closed_block_there_is_no_reasoning(text):
    assert judged(think_length, text).why == "no_think"


SOFT, HARD = COMPLETION_TOKENS


@pytest.mark.parametrize(
    "text, value, why",
    [
        pytest.param(GOLD, 1.0, "length_good", id="gold"),
        pytest.param("a " * SOFT, 1.0, "length_good", id="the budget"),
        pytest.param("a " * ((SOFT + HARD) // 2), 0.5, "too_long", id="halfway"),
        pytest.param("a " * HARD, 0.0, "too_long", id="the end"),
        pytest.param("a " * 50_000, 0.0, "too_long", id="100 kB"),
        pytest.param(GOLD + "\n" * 100_000, 0.0, "too_long", id="padded"),
        pytest.param(GOLD * 6, 0.0, "too_long", id="six times"),
        pytest.param("", 0.0, "no_text", id="nothing"),
        pytest.param(" \r\n", 0.0, "no_text", id="blanks"),
    ],
)
def test_completion_length(text, value, why):
    verdict = judged(completion_length, text)
    assert (pytest.approx(verdict.value), verdict.why) == (value, why)
