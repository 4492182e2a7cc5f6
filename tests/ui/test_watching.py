import json

import pytest

from ghigliottina.training.recipe import Recipe
from ghigliottina.training.runs import Runs, RunState
from ghigliottina.ui.watching import Watch, last_reward
from ghigliottina.ui.workshop import Workshop


@pytest.fixture
def runs(tmp_path):
    return Runs(tmp_path)


@pytest.fixture
def run(runs):
    return runs.create(Recipe(steps=40))


def watch(run, allowed=True, step=None):
    return Watch.of(run, Workshop(Runs(run.folder.parent.parent), allowed), step)


def test_a_run_that_has_only_a_folder(run):
    assert (watch(run).latest, watch(run).phase, list(watch(run).curves()), list(watch(run).groups())) == (
        0,
        "",
        [],
        [],
    )


def test_what_happened_is_read_from_the_folder(run):
    run.note("phase", phase="load")
    run.note("sample", step=0, text="a")
    for step in (1, 2):
        run.write_rollouts(step, [{"group": 1, "text": f"{step}b"}, {"group": 0, "text": f"{step}a"}])
        run.note(
            "step", step=step, seconds=5.0, reward=float(step), rewards={"exact_match": step / 2, "strict_format": None}
        )
    run.note("phase", phase="save")
    run.write_status(state=RunState.RUNNING)
    seen = watch(run)
    assert (seen.latest, seen.phase, seen.seconds) == (2, "save", 10)
    assert [(curve.name, curve.points, curve.share) for curve in seen.curves()] == [
        ("reward", ((1, 1.0), (2, 2.0)), False),
        ("exact_match", ((1, 0.5), (2, 1.0)), True),
    ]
    assert [[row["text"] for row in rows] for _, rows in seen.groups()] == [["2a"], ["2b"]]
    assert [row["text"] for row in watch(run, step=1).rollouts] == ["1b", "1a"]
    assert watch(run, step=7).rollouts == []
    assert last_reward(run) == 2.0


def test_numbers_that_are_none_are_left_out(run):
    for step, loss in enumerate([0.5, float("nan"), float("inf"), None], start=1):
        run.note("step", step=step, loss=loss, reward=None, rewards=None)
    assert [curve.points for curve in watch(run).curves()] == [((1, 0.5),)]


def test_the_time_left_follows_the_latest_steps(run):
    run.write_status(state=RunState.QUEUED)
    for step in range(1, 21):
        run.note("step", step=step, seconds=100.0 if step <= 10 else 4.0)
    assert watch(run).seconds_left == 80
    run.write_status(state=RunState.STOPPED)
    assert watch(run).seconds_left is None


@pytest.mark.parametrize(
    ("state", "allowed", "shown"),
    [(RunState.FAILED, True, True), (RunState.FAILED, False, False), (RunState.FINISHED, True, False)],
    ids=["failed", "failed on a public server", "finished"],
)
def test_the_log_shows_only_where_it_helps_and_tells_no_stranger(run, state, allowed, shown):
    (run.folder / "worker.log").write_text("/home/somebody is full")
    run.write_status(state=state)
    assert bool(watch(run, allowed).log) is shown


def test_a_damaged_recipe_spoils_nothing_else(run):
    (run.folder / "recipe.json").write_text(json.dumps({"method": "magic"}))
    run.note("step", step=1, reward=1.0)
    assert (watch(run).recipe, watch(run).maximum, watch(run).latest) == (None, 4.75, 1)
