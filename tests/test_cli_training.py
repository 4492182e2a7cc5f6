"""The workshop's commands, with a trainer that only pretends."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import fake_worker
import pytest
import typer
from typer.testing import CliRunner

from ghigliottina import cli, cli_training
from ghigliottina.errors import BusyError, GhigliottinaError, InputError, TrainingError
from ghigliottina.training import worker
from ghigliottina.training.recipe import PRESETS, Recipe, command
from ghigliottina.training.runs import Runs, RunState

ROOT = Path(__file__).resolve().parent.parent
QUICK = ("train", "--steps", "3", "--learning-rate", "1e-5")
"""Three steps of ten milliseconds."""


@pytest.fixture
def runs(tmp_path, monkeypatch):
    runs = Runs(tmp_path, (sys.executable, "-m", "tests.fake_worker"))
    monkeypatch.setattr(cli_training, "_runs", lambda: runs)
    monkeypatch.setattr(worker, "_trainer", lambda: fake_worker.train)
    yield runs
    if active := runs.active():
        runs.stop(active, discard=True, grace=0)


def call(*words):
    """What a command prints. Raises the error that ends it."""
    done = CliRunner().invoke(cli.app, words)
    if isinstance(done.exception, GhigliottinaError):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done


@pytest.fixture
def recipe_of(monkeypatch):
    """The recipe that a command line would train by."""

    def recipe_of(*words):
        made = []

        def new(runs, recipe):
            made.append(recipe)
            raise typer.Exit

        monkeypatch.setattr(cli_training, "_new", new)
        call(*words)
        return made[0]

    return recipe_of


RECIPES = {
    **PRESETS,
    "the defaults": Recipe(),
    "other numbers": Recipe(steps=7, learning_rate=1.5e-05, temperature=0.7, by_heart=0.25, seed=3, sample_every=0),
    "other names": Recipe(start="google/gemma-3-1b-it", difficulty="hard"),
    "weights": Recipe(weights={"exact_match": 1.5, "soft_format": 0}),
    "a warm start with a bit of each": Recipe(method="sft", steps=7, weights={"exact_match": 1e-05}, puzzles=1),
}


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_a_recipes_command_makes_that_recipe(recipe_of, recipe):
    assert recipe_of(*command(recipe)) == recipe


@pytest.mark.parametrize(
    ("recipe", "words"),
    [
        pytest.param(Recipe(), ["train", "--method", "grpo"], id="the default"),
        pytest.param(
            PRESETS["demo-2"], ["train", "--method", "grpo", "--preset", "demo-2"], id="a preset says its name only"
        ),
        pytest.param(
            replace(PRESETS["sft"], steps=250),
            ["train", "--method", "sft", "--steps", "250"],
            id="only what differs",
        ),
    ],
)
def test_a_recipes_command_is_short(recipe, words):
    assert command(recipe) == words


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        pytest.param(["--steps", "0"], "recipe's steps is 0", id="no steps"),
        pytest.param(["--method", "magic"], "recipe's method is magic", id="an unknown method"),
        pytest.param(["--preset", "magic"], "no preset “magic”", id="an unknown preset"),
        pytest.param(["--weight", "exact_match"], "“exact_match” is no weight", id="a weight without a value"),
        pytest.param(["--weight", "charm=1"], "no reward has that name", id="a weight of nothing"),
        pytest.param(["--resume", "x", "--steps", "9"], "keeps its recipe", id="a resume with a new recipe"),
        pytest.param(["--resume", "x"], "There is no run “x”", id="a resume of nothing"),
    ],
)
def test_what_cannot_be_trained_is_refused_before_there_is_a_run(runs, words, fault):
    with pytest.raises(InputError, match=fault):
        call("train", *words)
    assert runs.all() == []


def test_train_tells_its_steps_and_prints_the_runs_name(runs):
    done = call(*QUICK)
    [run] = runs.all()
    assert (done.stdout, run.status.state) == (f"{run.name}\n", RunState.FINISHED)
    assert "step 3/3  reward 3  loss 0.3333" in done.stderr and "finished: 3 of 3 steps" in done.stderr


def test_a_failure_is_the_commands_own(runs, monkeypatch):
    def fail(*_):
        raise MemoryError

    monkeypatch.setattr(worker, "_trainer", lambda: fail)
    with pytest.raises(TrainingError, match="fewer completions"):
        call(*QUICK)
    assert runs.all()[0].status.code == "memory"


def test_a_run_in_the_background_is_listed_stopped_resumed_and_deleted(runs):
    name = call("train", "--steps", "9999", "--learning-rate", "2e-5", "--background").stdout.strip()
    [run] = runs.all()
    assert run.name == name
    with pytest.raises(BusyError, match=name):
        call(*QUICK)
    fake_worker.until(lambda: run.steps())
    assert f"{name}   running" in call("runs").stdout and "reward" in call("runs").stdout
    with pytest.raises(InputError, match="stop it first"):
        call("runs", "delete", name)
    call("runs", "stop", name)
    fake_worker.until(lambda: runs.active() is None)
    step = run.status.step
    assert f"stopped   {f'{step}/9999':>9}" in call("runs").stdout
    call("train", "--resume", name, "--background")
    fake_worker.until(lambda: run.status.step > step)
    call("runs", "stop", name)
    fake_worker.until(lambda: runs.active() is None)
    call("runs", "delete", name)
    assert call("runs").stdout == ""


def test_a_run_can_be_discarded(runs):
    name = call("train", "--steps", "9999", "--learning-rate", "2e-5", "--background").stdout.strip()
    call("runs", "stop", name, "--discard")
    assert runs.all() == [] and runs.active() is None


def test_show_prints_all_there_is_to_know(runs):
    name = call(*QUICK).stdout.strip()
    shown = json.loads(call("runs", "show", name).stdout)
    assert shown["recipe"] == runs.find(name).recipe.as_json()
    assert (shown["status"]["state"], shown["last"]["reward"]) == ("finished", 3.0)
    assert shown["command"][:2] == ["python", "app.py"] and "--steps" in shown["command"]


def test_the_list_survives_a_damaged_run_and_says_why_one_failed(runs):
    name = call(*QUICK).stdout.strip()
    (runs.find(name).folder / "recipe.json").write_text("{")
    (runs.find(name).folder / "status.json").write_text("{")
    listed = call("runs").stdout
    assert "(damaged recipe)" in listed and "status.json can't be read" in listed


def test_ctrl_c_saves_and_stops(tmp_path):
    code = "from tests import fake_worker; from ghigliottina import cli; from ghigliottina.training import worker\n"
    code += "worker._trainer = lambda: fake_worker.train; cli.main()"
    command = [sys.executable, "-c", code, "train", "--steps", "9999", "--learning-rate", "2e-5"]
    environment = {**os.environ, "GHIGLIOTTINA_HOME": str(tmp_path)}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert "Ctrl-C saves and stops" in process.stderr.readline()
        assert "step 1/9999" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        told, errors = process.communicate(timeout=20)
    [run] = Runs(tmp_path).all()
    assert (process.returncode, told) == (0, f"{run.name}\n") and "Traceback" not in errors
    assert run.status.state is RunState.STOPPED and run.checkpoints() == [run.status.step]
