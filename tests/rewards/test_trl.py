import json
import pickle

import pytest
from cases import CLUES, GOLD, SOLUTION, TinyEncoder

from rewards import ANSWER, RUBRIC
from rewards.trl import reward_functions, reward_weights

TEXTS = [GOLD, "soluzione: toppa.\n", ""]
COLUMNS = {"clues": [CLUES] * 3, "solution": [SOLUTION] * 3}


def by_name(**options):
    return {function.__name__: function for function in reward_functions(RUBRIC, **options)}


def test_names_and_weights_are_those_of_the_rubric():
    assert tuple(by_name()) == RUBRIC.names
    assert reward_weights(RUBRIC) == list(RUBRIC.weights.values())


@pytest.mark.parametrize(
    "completions",
    [
        pytest.param(TEXTS, id="plain text"),
        pytest.param([[{"role": "assistant", "content": text}] for text in TEXTS], id="conversation"),
        pytest.param([[{"role": "assistant", "content": [{"type": "text", "text": t}]}] for t in TEXTS], id="parts"),
        pytest.param([*TEXTS[:2], []], id="empty conversation"),
    ],
)
def test_trl_and_the_page_see_the_same_numbers(completions):
    functions = by_name()
    values = functions["exact_match"](completions=completions, prompts=[""] * 3, trainer_state=None, **COLUMNS)
    assert values == [1.0, 0.0, 0.0]
    assert functions["semantic_similarity"](completions=completions, **COLUMNS) == [None] * 3


def test_unknown_solutions_are_not_judged():
    exact = by_name()["exact_match"]
    assert exact(TEXTS, [CLUES] * 3) == [None] * 3
    assert exact(TEXTS, [CLUES] * 3, [SOLUTION, None, SOLUTION]) == [1.0, None, 0.0]


def test_columns_of_different_lengths_are_a_bug():
    with pytest.raises(ValueError):
        by_name()["exact_match"](TEXTS, [CLUES] * 2, [SOLUTION] * 2)


def test_grammar_and_prefill_are_put_to_use():
    text = GOLD.removeprefix("<think>")
    assert by_name()["strict_format"]([text], [CLUES]) == [0.0]
    assert by_name(prefill="<think>")["strict_format"]([text], [CLUES]) == [1.0]
    assert by_name(grammar=ANSWER)["exact_match"](["<answer>chiave</answer>"], [CLUES], [SOLUTION]) == [1.0]


def test_they_travel_to_other_processes():
    for function in reward_functions(RUBRIC.with_embedder(TinyEncoder())):
        copy = pickle.loads(pickle.dumps(function))
        assert copy.__name__ == function.__name__
        assert copy(TEXTS, **COLUMNS) == function(TEXTS, **COLUMNS)


def test_a_real_trainer_asks_them(tiny_merged, tmp_path):
    """One step of TRL's GRPOTrainer on the tiny model; its log must carry each reward by its name."""
    from datasets import Dataset
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from trl import GRPOConfig, GRPOTrainer

    rows = [{"prompt": "pane", "clues": list(CLUES), "solution": SOLUTION}] * 2
    config = GRPOConfig(
        output_dir=str(tmp_path),
        reward_weights=reward_weights(RUBRIC),
        per_device_train_batch_size=2,
        num_generations=2,
        max_completion_length=4,
        max_steps=1,
        logging_steps=1,
        report_to="none",
        save_strategy="no",
        use_cpu=True,
        bf16=False,
        activation_checkpointing=False,
    )
    trainer = GRPOTrainer(
        model=AutoModelForCausalLM.from_pretrained(tiny_merged.path),
        reward_funcs=reward_functions(RUBRIC),
        args=config,
        train_dataset=Dataset.from_list(rows),
        processing_class=AutoTokenizer.from_pretrained(tiny_merged.path),
    )
    trainer.train()
    logged = json.dumps(trainer.state.log_history)
    assert all(f"rewards/{name}/mean" in logged for name in RUBRIC.names)
