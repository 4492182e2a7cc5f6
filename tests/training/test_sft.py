"""The warm start on tiny models: the lean loss against TRL's own, and a run from the recipe to the shelf."""

import json
import threading
from types import SimpleNamespace

import pytest
import tiny

from ghigliottina.errors import CheckpointError, InputError
from ghigliottina.links.graph import Graph
from ghigliottina.models.checkpoint import RECORD
from ghigliottina.models.engine import Message, Sampling
from ghigliottina.training.data import Example
from ghigliottina.training.recipe import Recipe

torch = pytest.importorskip("torch")
pytest.importorskip("trl")

from safetensors.torch import load_file  # noqa: E402

from ghigliottina.models import local  # noqa: E402
from ghigliottina.models.chat import Chat  # noqa: E402
from ghigliottina.training import sft  # noqa: E402

LESSONS = [
    Example((Message("user", "Indizi:\n- latte\nRisposta:"),), "<think>\n- latte: pane\n</think>\nsoluzione: pane.\n"),
    Example((Message("user", "luna di miele"),), "soluzione: luna.\n"),
]
RECIPE = Recipe(method="sft", start=tiny.BASE, steps=2, puzzles=2, rank=4, alpha=8)


@pytest.fixture(scope="module")
def graph():
    return Graph.load()


@pytest.fixture
def shelf(tiny_merged, tiny_adapter):
    known = {checkpoint.name: checkpoint for checkpoint in (tiny_merged, tiny_adapter)}
    return SimpleNamespace(fetch=lambda name, progress: known[name], find=known.__getitem__)


def trainer(kind, base, folder, **options):
    """A trainer on the two lessons, with an adapter that already changes something."""
    chat = Chat.load(base)
    torch.manual_seed(1)
    model = sft.get_peft_model(sft.AutoModelForCausalLM.from_pretrained(base.path), sft.lora(RECIPE))
    for name, weight in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.1)
    lessons = [sft.row(lesson, chat) for lesson in LESSONS]
    data = sft.Dataset.from_list(lessons)
    settings = sft.settings(RECIPE, str(folder))
    return kind(model, settings, train_dataset=data, processing_class=sft.tokenizer_of(chat), **options)


def loss_and_gradients(trainer):
    (batch,) = trainer.get_train_dataloader()
    loss = trainer.compute_loss(trainer.model.train(), batch)
    loss.backward()
    return loss, {name: weight.grad for name, weight in trainer.model.named_parameters() if weight.requires_grad}


def test_with_all_rows_loss_and_gradients_are_the_stock_trainers(tiny_merged, tmp_path):
    loss, gradients = loss_and_gradients(trainer(sft.SFTTrainer, tiny_merged, tmp_path))
    rows = torch.arange(len(local.Weights(tiny_merged).head))
    lean_loss, lean = loss_and_gradients(trainer(sft.LeanTrainer, tiny_merged, tmp_path, rows=rows))
    torch.testing.assert_close(lean_loss, loss, rtol=1e-5, atol=1e-6)
    assert lean.keys() == gradients.keys() and len(lean) == 2 * 7 * 2
    for name, gradient in gradients.items():
        assert gradient.abs().max() > 0
        torch.testing.assert_close(lean[name], gradient, rtol=1e-4, atol=1e-6)


def test_a_target_outside_the_rows_is_a_bug_and_shows_as_one(tiny_merged, tmp_path):
    rows = sft.rows_for([sft.row(lesson, Chat.load(tiny_merged)) for lesson in LESSONS], Chat.load(tiny_merged))
    with pytest.raises(IndexError, match="out of bounds"):
        loss_and_gradients(trainer(sft.LeanTrainer, tiny_merged, tmp_path, rows=rows[rows % 2 == 0]))


def test_the_rows_hold_every_token_of_the_lessons(tiny_merged):
    chat = Chat.load(tiny_merged)
    lessons = [sft.row(Example((Message("user", "日本"),), "語"), chat)]
    assert set(lessons[0]["input_ids"]) <= set(sft.rows_for(lessons, chat).tolist())


def test_the_answer_alone_is_scored_and_ends_with_an_end(tiny_merged):
    chat = Chat.load(tiny_merged)
    lesson = sft.row(LESSONS[0], chat)
    scored = [label for label in lesson["labels"] if label != sft.IGNORED]
    assert lesson["input_ids"][-len(scored) :] == scored
    assert lesson["input_ids"][: -len(scored)] == chat.ids(LESSONS[0].messages)
    assert scored[-1] in chat.ends and "".join(chat.pieces(scored[:-1])) == LESSONS[0].target


@pytest.fixture(scope="module")
def run(tiny_merged, graph, tmp_path_factory):
    out, told = tmp_path_factory.mktemp("home") / "checkpoints" / "mine", []
    shelf = SimpleNamespace(fetch=lambda name, progress: tiny_merged)
    checkpoint = sft.train(RECIPE, out, shelf, graph, lambda step, figures: told.append((step, figures["loss"])))
    return checkpoint, told


def test_a_run_leaves_a_sealed_adapter_that_says_how_it_was_made(run):
    checkpoint, told = run
    assert (checkpoint.name, checkpoint.kind, checkpoint.base, checkpoint.shots) == ("mine", "adapter", "tiny", False)
    assert [step for step, _ in told] == [1, 2]
    record = json.loads((checkpoint.path / RECORD).read_text())
    assert Recipe(**record["recipe"]) == RECIPE and record["metrics"]["steps"] == 2
    assert {"torch", "transformers", "peft", "trl"} == record["versions"].keys()
    assert "Gemma Terms of Use" in (checkpoint.path / "NOTICE").read_text()
    assert sorted(path.name for path in checkpoint.path.parent.iterdir()) == ["mine"]  # no drafts are left
    assert str(checkpoint.path.parent) not in "".join(p.read_text() for p in checkpoint.path.glob("*.json"))


def test_training_changes_every_adapted_layer(run):
    tensors = load_file(run[0].path / "adapter_model.safetensors")
    assert {tensor.dtype for tensor in tensors.values()} == {torch.bfloat16}
    assert all(tensor.abs().max() > 0 for name, tensor in tensors.items() if "lora_B" in name)


def test_the_engine_sends_the_adapter_the_prompt_that_it_was_trained_on(run, tiny_merged):
    played = Chat.load(run[0], tiny_merged)
    lesson = sft.row(LESSONS[0], Chat.load(tiny_merged))
    prompt = played.ids(LESSONS[0].messages)
    assert lesson["input_ids"][: len(prompt)] == prompt and lesson["labels"][len(prompt)] != sft.IGNORED


def test_the_engine_plays_it(run, shelf):
    engine = local.load(run[0], shelf, lambda share, phase: None)
    assert list(engine.stream(LESSONS[0].messages, Sampling(max_new_tokens=3), threading.Event()))


def test_the_same_recipe_makes_the_same_adapter(run, tiny_merged, graph, tmp_path):
    shelf = SimpleNamespace(fetch=lambda name, progress: tiny_merged)
    again = sft.train(RECIPE, tmp_path / "again", shelf, graph, lambda step, figures: None)
    assert (again.path / sft.ADAPTER).read_bytes() == (run[0].path / sft.ADAPTER).read_bytes()


def test_a_folder_that_exists_is_not_overwritten(shelf, graph, tmp_path):
    with pytest.raises(InputError, match="exists already: choose another folder"):
        sft.train(RECIPE, tmp_path, shelf, graph, lambda step, figures: None)


def test_an_adapter_is_no_base(shelf, graph, tmp_path):
    with pytest.raises(CheckpointError, match="is an adapter"):
        sft.train(Recipe(start="tiny-adapter"), tmp_path / "new", shelf, graph, lambda step, figures: None)
