import pytest
from cases import judged

from rewards.solution import exact_match


@pytest.mark.parametrize(
    "answer, value, why",
    [
        pytest.param("chiave", 1.0, "exact", id="the word"),
        pytest.param("La Chiave!", 1.0, "exact", id="article, case, sign"),
        pytest.param("**chiave**", 1.0, "exact", id="bold"),
        pytest.param("chiavi", 0.0, "inflected", id="another form"),
        pytest.param("lucchetto", 0.0, "other", id="another word"),
        pytest.param("chiave, lucchetto", 0.0, "other", id="contains it"),
        pytest.param("lucchetto porta chiave toppa " * 400, 0.0, "other", id="flood"),
        pytest.param("<b>chiave</b>", 0.0, "other", id="markup"),
        pytest.param("🔑", 0.0, "other", id="emoji"),
        pytest.param("", 0.0, "no_answer", id="nothing"),
        pytest.param("x" * 100_000, 0.0, "other", id="100 kB"),
    ],
)
def test_exact_match(answer, value, why):
    verdict = judged(exact_match, f"soluzione: {answer}\n")
    assert (verdict.value, verdict.why) == (value, why)


@pytest.mark.parametrize(
    "answer, solution, value",
    [
        ("oro", "l'oro", 1.0),
        ("perche", "perché", 1.0),
        ("Riccardo III", "riccardo iii", 1.0),
        ("uno due tre", "uno, due, tre", 0.0),
        ("77", "77", 1.0),
        ("gatto", "gatta", 0.0),
    ],
)
def test_what_is_the_same_word(answer, solution, value):
    assert judged(exact_match, f"soluzione: {answer}.", solution=solution).value == value


def test_without_a_solution_it_cannot_be_judged():
    assert judged(exact_match, "soluzione: chiave.", solution=None).value is None


@pytest.mark.parametrize("text", ["<think>soluzione: chiave.</think>", "<think>chiave</think>", "chiave", ""])
def test_a_hidden_or_unmarked_answer_is_none(text):
    assert judged(exact_match, text).why == "no_answer"
