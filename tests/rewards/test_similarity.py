import pickle

import pytest
from cases import CLUES, SOLUTION, TinyEncoder, judged

from rewards import Completion
from rewards.similarity import CEILING, semantic_similarity


@pytest.mark.parametrize(
    "answer, value, why",
    [
        pytest.param("chiave", 1.0, "exact", id="the word"),
        pytest.param("la Chiave", 1.0, "exact", id="the word with its article"),
        pytest.param("lucchetto", 0.5, "near", id="halfway between the median and the word"),
        pytest.param("il lucchetto", 0.5, "near", id="its article is nothing"),
        pytest.param("banana", 0.0, "near", id="below the median"),
        pytest.param("chiavi", CEILING, "near", id="however near, below an exact match"),
        pytest.param("violino", 0.0, "echo", id="a clue"),
        pytest.param("i violini", 0.0, "echo", id="a form of a clue"),
        pytest.param("chiave, lucchetto", 0.0, "list", id="a list that contains it"),
        pytest.param("lucchetto/toppa", 0.0, "list", id="a list by another sign"),
        pytest.param("lucchetto toppa", 0.0, "list", id="two words for one"),
        pytest.param("lucchetto " * 10_000, 0.0, "list", id="flood"),
        pytest.param("x" * 100_000, 0.0, "other", id="100 kB in one word"),
        pytest.param("🔑" * 1_000, 0.0, "other", id="emoji without end"),
        pytest.param("", 0.0, "no_answer", id="nothing"),
    ],
)
def test_semantic_similarity(answer, value, why):
    verdict = judged(semantic_similarity.with_embedder(TinyEncoder()), f"soluzione: {answer}\n")
    assert (pytest.approx(verdict.value), verdict.why) == (value, why)


def test_none_where_it_cannot_be_judged():
    assert judged(semantic_similarity, "soluzione: chiave.").why == "no_encoder"
    without = judged(semantic_similarity.with_embedder(TinyEncoder()), "soluzione: chiave.", solution=None)
    assert (without.value, without.why) == (None, "no_solution")


def test_the_solution_itself_earns_all_even_if_it_looks_like_a_clue():
    verdict = judged(semantic_similarity.with_embedder(TinyEncoder()), "soluzione: porto.", ("porta",), "porto")
    assert verdict.value == 1.0


def test_a_batch_asks_the_encoder_once_and_only_where_it_must():
    encoder = TinyEncoder()
    reward = semantic_similarity.with_embedder(encoder)
    answers = ["lucchetto", "chiave", "violino", "lucchetto", "banana", "", "a b c"]
    reward.judge_all([(Completion.parse(f"soluzione: {answer}\n"), CLUES, SOLUTION) for answer in answers])
    assert encoder.calls == [["banana", "chiave", "lucchetto"]]
    judged(reward, "soluzione: chiave.")
    assert len(encoder.calls) == 1


def test_it_travels_to_other_processes():
    assert pickle.loads(pickle.dumps(semantic_similarity)) == semantic_similarity
