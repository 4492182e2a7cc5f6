"""Whole runs on a tiny model: from the recipe to the shelf, stopped, resumed, failed; in one process and in two."""

import math
import os
import subprocess
import threading
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from ghigliottina.cli_training import LAUNCH
from ghigliottina.errors import InputError, TrainingError
from ghigliottina.links.graph import Graph
from ghigliottina.models import local
from ghigliottina.models.engine import Message, Sampling
from ghigliottina.models.shelf import Shelf
from ghigliottina.settings import Settings
from ghigliottina.training import trainer
from ghigliottina.training.recipe import Recipe
from ghigliottina.training.runs import Runs
from rewards import RUBRIC

GRPO = Recipe(start="tiny-adapter", steps=4, puzzles=2, completions=2, max_tokens=8, save_every=2, sample_every=2)
SFT = Recipe(method="sft", start="tiny", steps=3, puzzles=2, rank=4, alpha=8, save_every=2, sample_every=0)


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def graph():
    return Graph.load()


@pytest.fixture
def shelf(tmp_path, tiny_merged, tiny_adapter):
    """A home with the tiny model and its adapter on the shelf."""
    own = tmp_path / "home" / "checkpoints"
    own.mkdir(parents=True)
    for checkpoint in (tiny_merged, tiny_adapter):
        (own / checkpoint.name).symlink_to(checkpoint.path)
    return Shelf(Settings(tmp_path / "home", encoder="none"))


def started(shelf, recipe):
    return Runs(shelf.settings.home).create(recipe)


def go_on():
    return ""


def after(steps, answer="save"):
    """A stop that is asked for after so many steps."""
    asked = iter([""] * (steps - 1))
    return lambda: next(asked, answer)


@pytest.mark.parametrize("recipe", [GRPO, SFT], ids=["grpo", "sft"])
def test_from_the_recipe_to_the_shelf(recipe, shelf, graph):
    run = started(shelf, recipe)
    assert trainer.train(run, shelf, graph, go_on) == "finished"
    steps = run.steps()
    assert [step["step"] for step in steps] == list(range(1, recipe.steps + 1))
    assert all(step["seconds"] > 0 and step["memory"] > 1e8 and math.isfinite(step["loss"]) for step in steps)
    found = shelf.find(run.name)
    assert (found.kind, found.base, found.record["parent"]) == ("adapter", "tiny", recipe.start)
    assert Recipe.from_json(found.record["recipe"]) == recipe and found.record["metrics"]["steps"] == recipe.steps
    assert (found.path / "events.jsonl").is_file() and (found.path / "NOTICE").is_file()
    assert str(shelf.settings.home) not in "".join(p.read_text() for p in found.path.glob("*.json"))
    assert [event["step"] for event in run.events()[0] if event["event"] == "saved"] == [2, recipe.steps]


def test_what_grpo_tells_of_a_step(shelf, graph):
    run = started(shelf, GRPO)
    trainer.train(run, shelf, graph, go_on)
    step = run.steps()[0]
    assert list(step["rewards"]) == list(RUBRIC.names)
    assert step["rewards"]["semantic_similarity"] is None  # no encoder
    assert 0 < step["length"] <= 8 and step["entropy"] > 0 and 0 <= step["no_signal"] <= 1 and step["clipped"] <= 1
    rows = run.rollouts(1)
    assert [row["group"] for row in rows] == [0, 0, 1, 1]
    assert all(len(row["clues"]) == 5 and row["solution"] and row["tokens"] <= 8 for row in rows)
    assert sum(row["total"] for row in rows) / 4 == pytest.approx(step["reward"])
    samples = run.samples()
    assert [sample["step"] for sample in samples] == [0, 2, 4]
    assert len({sample["solution"] for sample in samples}) == 1 and "total" in samples[0]
    phases = [event["phase"] for event in run.events()[0] if event["event"] == "phase"]
    assert phases[:4] == ["prepare", "load", "rollouts", "loss"] and "save" in phases


def test_the_same_recipe_makes_the_same_adapter_and_the_engine_plays_it(shelf, graph):
    one, other = (started(shelf, SFT) for _ in range(2))
    for run in (one, other):
        trainer.train(run, shelf, graph, go_on)
    found = [shelf.find(run.name) for run in (one, other)]
    tensors, again = (load_file(checkpoint.path / "adapter_model.safetensors") for checkpoint in found)
    assert tensors.keys() == again.keys() and all(torch.equal(tensors[name], again[name]) for name in tensors)
    assert {tensor.dtype for tensor in tensors.values()} == {torch.bfloat16}
    assert all(tensor.abs().max() > 0 for name, tensor in tensors.items() if "lora_B" in name)
    engine = local.load(found[0], shelf, lambda share, phase: None)
    assert list(engine.stream([Message("user", "latte")], Sampling(max_new_tokens=3), threading.Event()))


@pytest.mark.parametrize("recipe", [GRPO, replace(SFT, steps=4)], ids=["grpo", "sft"])
def test_stopped_and_resumed_it_goes_on_as_if_it_had_not_been(recipe, shelf, graph):
    whole, parts = started(shelf, recipe), started(shelf, recipe)
    trainer.train(whole, shelf, graph, go_on)
    assert trainer.train(parts, shelf, graph, after(1)) == "stopped"
    assert parts.checkpoints() == [1] and shelf.find(parts.name).record["metrics"]["steps"] == 1
    assert trainer.train(parts, shelf, graph, go_on) == "finished"
    assert [s["step"] for s in parts.steps()] == [1, 2, 3, 4]
    for one, other in zip(whole.steps(), parts.steps(), strict=True):
        assert one["loss"] == pytest.approx(other["loss"], abs=1e-5)
        assert one["learning_rate"] == other["learning_rate"]
    for step in range(1, 5 if recipe.method == "grpo" else 1):
        assert [row["text"] for row in whole.rollouts(step)] == [row["text"] for row in parts.rollouts(step)]


def test_killed_it_goes_on_from_its_last_save(shelf, graph):
    run = started(shelf, GRPO)

    def killed():
        if len(run.steps()) == 3:
            raise KeyboardInterrupt  # nothing more is written, as after kill -9
        return ""

    with pytest.raises(KeyboardInterrupt):
        trainer.train(run, shelf, graph, killed)
    third = run.rollouts(3)
    (run.folder / "checkpoint-3").mkdir()  # a save that was cut off
    assert run.checkpoints() == [2]
    assert trainer.train(run, shelf, graph, go_on) == "finished"
    assert [s["step"] for s in run.steps()] == [1, 2, 3, 4] and run.rollouts(3) == third


def test_discarded_it_saves_nothing_more(shelf, graph):
    run = started(shelf, GRPO)
    assert trainer.train(run, shelf, graph, after(1, "discard")) == "stopped"
    assert run.checkpoints() == [] and not (shelf.settings.home / "checkpoints" / run.name).exists()


def test_a_loss_that_is_no_number_ends_the_run(shelf, graph, monkeypatch):
    run = started(shelf, SFT)
    monkeypatch.setattr(
        trainer.sft.LeanSFTTrainer, "compute_loss", lambda *_, **__: torch.tensor(math.nan, requires_grad=True)
    )
    with pytest.raises(TrainingError, match=r"At step 1 .*: lower the learning rate") as caught:
        trainer.train(run, shelf, graph, go_on)
    assert caught.value.code == "nan" and run.checkpoints() == []


def test_an_adapter_starts_where_its_parent_ended(shelf, graph):
    start = trainer.Start.fetch(GRPO, shelf)
    model = start.load(GRPO)
    assert sum(w.requires_grad for w in model.parameters()) == 2 * 7 * 2
    own = load_file(start.checkpoint.path / "adapter_model.safetensors")
    trained = model.state_dict()
    for name, tensor in own.items():
        torch.testing.assert_close(trained[name.replace(".weight", ".default.weight")], tensor.float())


def test_two_processes_share_a_step(shelf, graph, tmp_path):
    """The worker under `accelerate launch`, as on two GPUs: one writes, both train, and the result is whole."""
    run = started(shelf, GRPO)
    root = Path(__file__).parents[2]
    config = str(root / "assets" / "accelerate" / "cpu.yaml")
    argv = [*LAUNCH, "--config_file", config, "-m", "ghigliottina.training.worker", str(run.folder)]
    environment = os.environ | {"GHIGLIOTTINA_ENCODER": "none", "PYTHONPATH": str(root)}
    done = subprocess.run(argv, cwd=root, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    assert run.status.state == "finished"
    assert [step["step"] for step in run.steps()] == [1, 2, 3, 4]
    assert [row["group"] for row in run.rollouts(1)] == [0, 0, 1, 1]
    assert len({tuple(row["clues"]) for row in run.rollouts(1)}) == 2
    assert shelf.find(run.name).record["metrics"]["steps"] == 4


def test_puzzles_that_the_processes_cannot_share_are_refused(shelf, graph, monkeypatch):
    monkeypatch.setattr(trainer, "PartialState", lambda: type("State", (), {"num_processes": 4}))
    with pytest.raises(InputError, match="2 puzzles a step can't be shared by 4 processes: take a multiple of it"):
        trainer.train(started(shelf, GRPO), shelf, graph, go_on)


def test_vllm_needs_a_gpu(shelf, graph):
    with pytest.raises(InputError, match="vLLM samples on a GPU, and there is none here: leave --vllm out"):
        trainer.train(started(shelf, replace(GRPO, vllm=True)), shelf, graph, go_on)


@pytest.mark.model
def test_a_step_on_the_real_model(prepared_home, tmp_path, graph):
    """The shipped warm start, its rewards with the real encoder: a step that changes it, and lands on the shelf."""
    (tmp_path / "models").symlink_to(prepared_home / "models")
    shelf = Shelf(Settings(tmp_path))
    recipe = Recipe(steps=2, puzzles=1, completions=3, max_tokens=80, right_first=0.0, sample_every=0, seed=4)
    run = started(shelf, recipe)
    assert trainer.train(run, shelf, graph, go_on) == "finished"
    rows = run.rollouts(1)
    assert all(row["text"].startswith("<think>") and row["rewards"]["soft_format"] == 1.0 for row in rows)
    assert all(row["rewards"]["semantic_similarity"] is not None for row in rows)
    parent = load_file(shelf.find(recipe.start).path / "adapter_model.safetensors")
    child = load_file(shelf.find(run.name).path / "adapter_model.safetensors")
    assert parent.keys() == child.keys() and parent[
        "base_model.model.model.layers.0.mlp.up_proj.lora_A.weight"
    ].shape == (16, 640)
