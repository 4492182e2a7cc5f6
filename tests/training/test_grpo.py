"""GRPO on tiny models: the lean trainer against TRL's own, piece by piece."""

import pytest
import torch
from datasets import Dataset
from trl import GRPOTrainer

from ghigliottina.game.puzzle import Puzzle
from ghigliottina.models.chat import Chat
from ghigliottina.models.engine import Message
from ghigliottina.training import grpo
from ghigliottina.training.adapter import Start
from ghigliottina.training.data import Example
from ghigliottina.training.recipe import Recipe
from ghigliottina.training.trainer import common, tokenizer_of
from rewards import RUBRIC
from rewards.trl import reward_functions

CLUES = ("latte", "sole", "miele", "piena", "lupo")
LESSONS = [
    Example((Message("user", "latte, sole, miele, piena, lupo"),), "luna", Puzzle.of(CLUES, "luna")),
    Example((Message("user", "pane"),), "luna", Puzzle.of(CLUES, "luna")),
]
RECIPE = Recipe(start="tiny-adapter", steps=2, puzzles=2, completions=3, max_tokens=12, temperature=0.9)
ADVANTAGES = {
    "both groups": [1.0, -0.5, -0.5, 0.2, 0.7, -0.9],
    "one group without signal": [0.0, 0.0, 0.0, 0.2, 0.7, -0.9],
    "one answer without": [1.0, 0.0, -1.0, 0.2, 0.7, -0.9],
    "none at all": [0.0] * 6,
}


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def start(tiny_merged, tiny_adapter):
    return Start(tiny_adapter, tiny_merged)


def parts(start, folder, **changes):
    settings = grpo.settings(RECIPE, **(common(RECIPE, str(folder)) | changes))
    return {
        "model": start.load(RECIPE),
        "args": settings,
        "reward_funcs": reward_functions(RUBRIC),
        "train_dataset": Dataset.from_list([grpo.row(lesson) for lesson in LESSONS]),
        "processing_class": tokenizer_of(Chat.load(start.checkpoint, start.base)),
    }


def lean(start, folder, rows=None, **changes):
    chat = Chat.load(start.checkpoint, start.base)
    known = parts(start, folder, **changes)
    rows = torch.arange(len(known["model"].get_output_embeddings().weight)) if rows is None else rows
    return grpo.LeanGRPOTrainer(chat=chat, rows=rows, note=lambda phase: None, **known)


def scored(advantages, trainer):
    """What the trainers make of rollouts: two prompts of unlike length, three answers each, padded."""
    prompts = [[2, 50, 60, 70], [2, 80, 90]]
    answers = [[5, 9, 1], [300], [40, 41, 42, 43, 1], [7, 8], [9, 9, 9], [20, 1]]
    width = max(map(len, answers))
    ids = [prompts[i // 3] for i in range(6)]
    return {
        "prompt_ids": torch.tensor([[0] * (4 - len(p)) + p for p in ids]),
        "prompt_mask": torch.tensor([[0] * (4 - len(p)) + [1] * len(p) for p in ids]),
        "completion_ids": torch.tensor([a + [0] * (width - len(a)) for a in answers]),
        "completion_mask": torch.tensor([[1] * len(a) + [0] * (width - len(a)) for a in answers]),
        "advantages": torch.tensor(advantages),
        "num_items_in_batch": torch.tensor(sum(map(len, answers))),
    }


def loss_and_gradients(trainer, advantages):
    trainer.model.train()
    trainer.current_gradient_accumulation_steps = 1
    loss = trainer.compute_loss(trainer.model, scored(advantages, trainer))
    loss.backward()
    return loss, {name: weight.grad for name, weight in trainer.model.named_parameters() if weight.requires_grad}


@pytest.mark.parametrize("advantages", ADVANTAGES.values(), ids=ADVANTAGES)
def test_with_all_rows_loss_and_gradients_are_the_stock_trainers(advantages, start, tmp_path):
    loss, gradients = loss_and_gradients(GRPOTrainer(**parts(start, tmp_path)), advantages)
    lean_loss, lean_gradients = loss_and_gradients(lean(start, tmp_path), advantages)
    torch.testing.assert_close(lean_loss, loss, rtol=1e-5, atol=1e-6)
    assert lean_gradients.keys() == gradients.keys() and len(gradients) == 2 * 7 * 2
    for name, gradient in gradients.items():
        assert any(advantages) == bool(gradient.abs().max() > 0)
        torch.testing.assert_close(lean_gradients[name], gradient, rtol=1e-4, atol=1e-6)


def test_with_some_rows_it_is_the_stock_trainer_over_those_tokens(start, tmp_path):
    rows = torch.tensor([1, 5, 7, 8, 9, 20, 40, 41, 42, 43, 111, 300])
    stock = GRPOTrainer(**parts(start, tmp_path))
    head = stock.model.get_base_model().get_output_embeddings()
    # The stock trainer over the same tokens: all others get a logit that no softmax sees.
    shut = torch.full((len(head.weight),), -1e4)
    shut[rows] = 0.0
    head.bias = torch.nn.Parameter(shut, requires_grad=False)
    loss, gradients = loss_and_gradients(stock, ADVANTAGES["both groups"])
    lean_loss, lean_gradients = loss_and_gradients(lean(start, tmp_path, rows), ADVANTAGES["both groups"])
    torch.testing.assert_close(lean_loss, loss, rtol=1e-5, atol=1e-6)
    for name, gradient in gradients.items():
        torch.testing.assert_close(lean_gradients[name], gradient, rtol=1e-4, atol=1e-6)


def test_answers_without_advantage_are_not_scored(start, tmp_path, monkeypatch):
    trainer = lean(start, tmp_path)
    seen = []
    monkeypatch.setattr(
        trainer, "_score", lambda model, one: seen.append(len(one.targets)) or (torch.zeros(len(one.targets)),) * 2
    )
    trainer.current_gradient_accumulation_steps = 1
    trainer.compute_loss(trainer.model, scored(ADVANTAGES["one group without signal"], trainer))
    trainer.compute_loss(trainer.model, scored(ADVANTAGES["none at all"], trainer))
    assert seen == [7, 1]


def test_rollouts_come_from_the_adapter_as_it_is_now(start, tmp_path):
    """In float32 the merged network's own log-probabilities are those that the loss computes: it is on-policy."""
    trainer = lean(start, tmp_path)
    prompt = [[{"role": "user", "content": "latte e miele"}]] * 3
    first = grpo.sample(prompt, trainer)
    assert first["completion_ids"] == grpo.sample(prompt, trainer)["completion_ids"]
    assert len({tuple(ids) for ids in first["completion_ids"]}) > 1
    trainer.state.global_step = 1
    assert grpo.sample(prompt, trainer)["completion_ids"] != first["completion_ids"]
    gemma, head = grpo.merged(trainer.model, trainer.rows)
    from ghigliottina.models.gemma import Memory

    answer = first["completion_ids"][0]
    states = gemma.read(first["prompt_ids"][0] + answer, Memory())[len(first["prompt_ids"][0]) - 1 : -1]
    sampled = (head(states) / trainer.temperature).log_softmax(-1).gather(1, torch.tensor(answer)[:, None])[:, 0]
    (pack,) = [grpo.pack(first["prompt_ids"][0], [answer], trainer.window)]
    with torch.no_grad():
        trained, entropies = trainer._score(trainer.model, pack)
    torch.testing.assert_close(sampled, trained, rtol=1e-4, atol=1e-5)
    assert (entropies > 0).all()


def test_a_whole_step_changes_the_adapter_and_nothing_else(start, tmp_path):
    def variety(completions, **_):
        return [float(len(set(completion[0]["content"]))) for completion in completions]

    known = parts(start, tmp_path, save_strategy="no") | {"reward_funcs": [variety]}
    known["args"].reward_weights = None
    rows = torch.arange(len(known["model"].get_output_embeddings().weight))
    chat, phases = Chat.load(start.checkpoint, start.base), []
    trainer = grpo.LeanGRPOTrainer(chat=chat, rows=rows, note=phases.append, **known)
    before = {name: weight.clone() for name, weight in trainer.model.named_parameters()}
    trainer.train()
    changed = {name for name, weight in trainer.model.named_parameters() if not torch.equal(weight, before[name])}
    assert changed and all("lora_" in name for name in changed)
    assert phases == ["rollouts", "loss"] * 2
    assert len(trainer._logs["completion"]) == 6 and list(trainer._logs["extra"]["solution"]) == ["luna"] * 6
