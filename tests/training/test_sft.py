"""The warm start on tiny models: the lean loss against TRL's own, and its lessons as tokens."""

import pytest
import tiny
import torch
from datasets import Dataset

from ghigliottina.game.puzzle import Puzzle
from ghigliottina.models import local
from ghigliottina.models.chat import Chat
from ghigliottina.models.engine import Message
from ghigliottina.training import sft
from ghigliottina.training.adapter import Start
from ghigliottina.training.data import Example
from ghigliottina.training.recipe import Recipe
from ghigliottina.training.trainer import common, rows_for, tokenizer_of

PUZZLE = Puzzle.of(("latte", "sole", "miele", "piena", "lupo"), "luna")
LESSONS = [
    Example(
        (Message("user", "Indizi:\n- latte\nRisposta:"),),
        "<think>\n- latte: pane\n</think>\nsoluzione: pane.\n",
        PUZZLE,
    ),
    Example((Message("user", "luna di miele"),), "soluzione: luna.\n", PUZZLE),
]
RECIPE = Recipe(method="sft", start=tiny.BASE, steps=2, puzzles=2, rank=4, alpha=8)


def trainer(kind, base, folder, **options):
    """A trainer on the two lessons, with an adapter that already changes something."""
    chat = Chat.load(base)
    torch.manual_seed(1)
    model = Start(base, base).load(RECIPE)
    for name, weight in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.1)
    lessons = [sft.row(lesson, chat) for lesson in LESSONS]
    data = Dataset.from_list(lessons)
    settings = sft.settings(RECIPE, **common(RECIPE, str(folder)))
    return kind(model, settings, train_dataset=data, processing_class=tokenizer_of(chat), **options)


def loss_and_gradients(trainer):
    (batch,) = trainer.get_train_dataloader()
    loss = trainer.compute_loss(trainer.model.train(), batch)
    loss.backward()
    return loss, {name: weight.grad for name, weight in trainer.model.named_parameters() if weight.requires_grad}


def test_with_all_rows_loss_and_gradients_are_the_stock_trainers(tiny_merged, tmp_path):
    loss, gradients = loss_and_gradients(trainer(sft.SFTTrainer, tiny_merged, tmp_path))
    rows = torch.arange(len(local.Weights(tiny_merged).head))
    lean_loss, lean = loss_and_gradients(trainer(sft.LeanSFTTrainer, tiny_merged, tmp_path, rows=rows))
    torch.testing.assert_close(lean_loss, loss, rtol=1e-5, atol=1e-6)
    assert lean.keys() == gradients.keys() and len(lean) == 2 * 7 * 2
    for name, gradient in gradients.items():
        assert gradient.abs().max() > 0
        torch.testing.assert_close(lean[name], gradient, rtol=1e-4, atol=1e-6)


def test_a_target_outside_the_rows_is_a_bug_and_shows_as_one(tiny_merged, tmp_path):
    rows = rows_for(LESSONS, Chat.load(tiny_merged))
    with pytest.raises(IndexError, match="out of bounds"):
        loss_and_gradients(trainer(sft.LeanSFTTrainer, tiny_merged, tmp_path, rows=rows[rows % 2 == 0]))


def test_the_rows_hold_every_token_of_the_lessons(tiny_merged):
    chat = Chat.load(tiny_merged)
    lesson = Example((Message("user", "日本"),), "語", PUZZLE)
    assert set(sft.row(lesson, chat)["input_ids"]) <= set(rows_for([lesson], chat).tolist())


def test_the_answer_alone_is_scored_and_ends_with_an_end(tiny_merged):
    chat = Chat.load(tiny_merged)
    lesson = sft.row(LESSONS[0], chat)
    scored = [label for label in lesson["labels"] if label != sft.IGNORED]
    assert lesson["input_ids"][-len(scored) :] == scored
    assert lesson["input_ids"][: -len(scored)] == chat.ids(LESSONS[0].messages)
    assert scored[-1] in chat.ends and "".join(chat.pieces(scored[:-1])) == LESSONS[0].target
