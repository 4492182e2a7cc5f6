"""What a step costs, measured by a run that is discarded; the worker only pretends to train."""

import sys
from dataclasses import replace

import pytest
from fake_worker import until

from ghigliottina.errors import BusyError
from ghigliottina.training.probe import Estimate, Probe
from ghigliottina.training.recipe import Recipe
from ghigliottina.training.runs import Runs

RECIPE = Recipe(learning_rate=1e-5, steps=40)


@pytest.fixture
def runs(tmp_path):
    return Runs(tmp_path, (sys.executable, "-m", "tests.fake_worker"))


def test_two_steps_are_measured_remembered_and_discarded(runs):
    probe = Probe(runs)
    assert probe.estimate(RECIPE) is None
    probe.measure(RECIPE)
    assert probe.measuring
    until(lambda: not probe.measuring)
    assert Probe(runs).estimate(replace(RECIPE, steps=7, seed=3)) == Estimate(0.2, 2000)
    assert Probe(runs).estimate(replace(RECIPE, completions=7)) is None
    assert runs.all() == [] and list((runs.home / "checkpoints").glob("*")) == []


def test_while_a_run_trains_nothing_is_measured(runs):
    other = runs.create(replace(RECIPE, learning_rate=1e-3))
    runs.launch(other)
    with pytest.raises(BusyError):
        Probe(runs).measure(RECIPE)
    assert [run.name for run in runs.all()] == [other.name]
    runs.stop(other, discard=True)


def test_a_damaged_memory_is_no_memory(runs):
    runs.home.mkdir(exist_ok=True)
    (runs.home / "probes.json").write_text("{half")
    assert Probe(runs).estimate(RECIPE) is None
