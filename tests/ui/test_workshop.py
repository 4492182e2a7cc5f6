import sys
from dataclasses import dataclass, replace

import pytest
from fake_worker import until

from ghigliottina.errors import BusyError, GhigliottinaError, InputError
from ghigliottina.training.recipe import Recipe
from ghigliottina.training.runs import Runs, RunState
from ghigliottina.ui.workshop import Estimate, Merging, Workshop, memory

FAKE = (sys.executable, "-m", "tests.fake_worker")
SHORT, ENDLESS = Recipe(steps=2, learning_rate=1e-6), Recipe(steps=10_000, learning_rate=2e-5, save_every=1)
MERGER = """
import os, sys, time
print("home", os.environ["GHIGLIOTTINA_HOME"], flush=True)
print("tokens", [name for name in os.environ if "TOKEN" in name], flush=True)
time.sleep(0.3)
sys.exit("error: no luck with " + sys.argv[1] if {fail} else 0)
"""


@pytest.fixture
def runs(tmp_path):
    runs = Runs(tmp_path / "home", FAKE)
    yield runs
    if active := runs.active():
        runs.stop(active, discard=True)


def merger(fail=False):
    return (sys.executable, "-c", MERGER.format(fail=fail))


def saved(runs):
    run = runs.create(SHORT)
    run.write_status(state=RunState.FINISHED, checkpoint=run.name)
    return run.name


@pytest.mark.parametrize("wish", ["launch", "measure", "stop", "discard", "resume", "merge"])
def test_where_it_is_not_allowed_nothing_that_acts_does(runs, wish):
    name = saved(runs)
    with pytest.raises(GhigliottinaError) as caught:
        getattr(Workshop(runs, allowed=False), wish)(SHORT if wish in ("launch", "measure") else name)
    assert caught.value.code == "training_off"
    assert [run.name for run in runs.all()] == [name] and not (runs.folder / name / "stop").exists()


def test_a_launched_run_trains_and_can_be_stopped_and_thrown_away(runs):
    workshop = Workshop(runs, allowed=True)
    run = workshop.launch(ENDLESS)
    assert workshop.latest() == run
    until(lambda: run.status.checkpoint)
    workshop.stop(run.name)
    until(lambda: run.status.state is RunState.STOPPED)
    workshop.discard(run.name)
    assert runs.all() == [] and workshop.latest() is None


def test_a_second_launch_is_refused_and_leaves_no_folder(runs):
    workshop = Workshop(runs, allowed=True)
    first = workshop.launch(ENDLESS)
    for wish in (workshop.launch, workshop.measure):
        with pytest.raises(BusyError, match=first.name) as caught:
            wish(SHORT)
        assert caught.value.code == "run_active"
    assert runs.all() == [first]


@pytest.mark.parametrize("wish", ["stop", "discard", "resume", "merge"])
@pytest.mark.parametrize("name", ["", "../checkpoints", "grpo-1"])
def test_only_runs_that_are_there_can_be_named(runs, wish, name):
    with pytest.raises(InputError):
        getattr(Workshop(runs, allowed=True), wish)(name)


@pytest.mark.parametrize("fail", [False, True])
def test_a_merge_is_a_process_of_its_own(runs, fail, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "secret")
    workshop = Workshop(runs, allowed=True, merger=merger(fail))
    name = saved(runs)
    assert workshop.merging(name) is None
    workshop.merge(name)
    assert workshop.merging(name).state == "running"
    with pytest.raises(BusyError, match=name):
        workshop.merge(name)
    until(lambda: workshop.merging(name).state != "running")
    log = (runs.folder / name / "merge.log").read_text().splitlines()
    assert log[:2] == [f"home {runs.home}", "tokens []"]
    last = Merging("failed", f"error: no luck with {name}") if fail else Merging("done", "tokens []")
    assert workshop.merging(name) == last


def test_what_has_saved_nothing_can_not_be_merged(runs):
    with pytest.raises(InputError) as caught:
        Workshop(runs, allowed=True).merge(runs.create(SHORT).name)
    assert caught.value.code == "run_unsaved"


@pytest.mark.parametrize(("limit", "most"), [("max", None), ("1000000", 1_000_000), (None, None)])
def test_the_memory_is_the_containers_where_that_is_less(tmp_path, limit, most):
    file = tmp_path / "memory.max"
    if limit is not None:
        file.write_text(limit + "\n")
    found = memory(file)
    assert found == most if most else found > 100_000_000


@dataclass
class Measured:
    """A gauge that has measured, or has not."""

    found: Estimate | None
    measuring: bool = False

    def estimate(self, recipe):
        return self.found


@pytest.mark.parametrize(
    ("gauge", "recipe", "cost"),
    [
        (None, SHORT, Estimate(5.0, 300)),
        (None, replace(SHORT, steps=9, seed=4), Estimate(5.0, 300)),
        (None, replace(SHORT, puzzles=3), None),
        (Measured(None), SHORT, Estimate(5.0, 300)),
        (Measured(Estimate(1.0, 2)), SHORT, Estimate(1.0, 2)),
    ],
    ids=["done before", "more steps of that size", "bigger steps", "not measured", "measured"],
)
def test_what_a_step_costs_is_known_once_it_was_done(runs, gauge, recipe, cost):
    runs.create(SHORT)
    run = runs.create(SHORT)
    for number, seconds in enumerate((4.0, 6.0), start=1):
        run.note("step", step=number, seconds=seconds, memory=number * 150)
    (runs.create(SHORT).folder / "recipe.json").write_text("{")
    assert Workshop(runs, allowed=True, gauge=gauge).estimate(recipe) == cost
