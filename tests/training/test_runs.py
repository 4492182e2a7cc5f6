import os
import re
import resource
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from fake_worker import until

from ghigliottina.errors import BusyError, InputError, TrainingError
from ghigliottina.training.recipe import Recipe
from ghigliottina.training.run import STARTING
from ghigliottina.training.runs import Run, Runs, RunState, harmless

ROOT = Path(__file__).resolve().parents[2]
FAKE = (sys.executable, "-m", "tests.fake_worker")
ENDLESS = Recipe(steps=10_000, learning_rate=2e-5, save_every=5)
SHORT = Recipe(steps=3, learning_rate=1e-6)
STUBBORN = Recipe(steps=9, learning_rate=0.01)
"""Its first step takes ten seconds, so it hears nothing."""


@pytest.fixture
def runs(tmp_path):
    runs = Runs(tmp_path / "home", FAKE)
    yield runs
    if active := runs.active():
        runs.stop(active, discard=True, grace=0)


def ended(run):
    until(lambda: run.status.state in (RunState.STOPPED, RunState.FINISHED, RunState.FAILED))
    return run.status


def numbers(events):
    return [event["step"] for event in events]


# The folder


def test_a_new_run_is_a_folder_with_its_recipe(runs):
    recipe = Recipe(method="sft", weights={"exact_match": 1.5})
    run = runs.create(recipe)
    assert re.fullmatch(r"sft-\d{8}-\d{6}", run.name) and run.folder == runs.home / "runs" / run.name
    assert Run(run.folder).recipe == recipe
    assert (run.status.state, run.status.steps, run.status.pid) == (RunState.QUEUED, recipe.steps, 0)
    assert (run.events(), run.steps(), run.rollouts(), run.checkpoints(), run.log_tail()) == (([], 0), [], [], [], "")


def test_runs_of_one_second_have_names_of_their_own_and_the_newest_comes_first(runs):
    made = [runs.create(SHORT) for _ in range(3)]
    assert runs.all() == made[::-1] and len({run.name for run in made}) == 3


def test_a_run_never_takes_the_name_of_a_checkpoint_on_the_shelf(runs):
    for second in range(3):
        stamp = time.strftime("grpo-%Y%m%d-%H%M%S", time.localtime(time.time() + second))
        (runs.home / "checkpoints" / stamp).mkdir(parents=True)
    assert runs.create(SHORT).name.endswith("-2")


@pytest.mark.parametrize("name", ["", ".", "..", "../runs", "grpo-20260101-000000", "/etc", "x" * 5000])
def test_names_are_looked_up_and_never_paths(runs, name):
    known = runs.create(SHORT).name
    with pytest.raises(InputError, match=known) as caught:
        runs.find(name)
    assert caught.value.code == "run_unknown" and len(str(caught.value)) < 300


def test_what_has_no_recipe_is_on_no_list(runs):
    run = runs.create(SHORT)
    assert runs.find(run.name) == run
    (run.folder / "recipe.json").unlink()
    assert runs.all() == []


@pytest.mark.parametrize("text", ['{"steps": ', "5", "[]"])
def test_a_damaged_recipe_is_named(runs, text):
    run = runs.create(SHORT)
    (run.folder / "recipe.json").write_text(text)
    with pytest.raises(InputError, match=r".+: .+\."):
        _ = Run(run.folder).recipe


# Events


def test_events_are_read_from_where_one_left_off(runs):
    run = runs.create(SHORT)
    run.note("phase", phase="load")
    first, since = run.events()
    run.note("step", step=1, loss=0.5, text="è")
    later, end = run.events(since)
    assert [event["event"] for event in first + later] == ["phase", "step"]
    assert abs(later[0]["time"] - time.time()) < 5 and (later[0]["loss"], later[0]["text"]) == (0.5, "è")
    assert run.events(end) == ([], end) and end == (run.folder / "events.jsonl").stat().st_size


def test_half_a_line_is_no_event_and_spoils_none(runs):
    run = runs.create(SHORT)
    run.note("phase", phase="load")
    _, whole = run.events()
    with (run.folder / "events.jsonl").open("ab") as file:
        file.write(b'{"event": "ste')
    assert run.events()[1] == whole and len(run.events()[0]) == 1
    run.note("step", step=1)
    assert [event["event"] for event in run.events()[0]] == ["phase", "step"]


def test_the_curve_goes_on_after_a_resume_with_each_step_once(runs):
    run = runs.create(SHORT)
    run.note("start", from_step=0)
    run.note("sample", step=0, total=1.0)
    for step in (1, 2, 3, 4, 5):
        run.note("step", step=step, reward=float(step))
    run.note("sample", step=5, total=2.0)
    assert run.status.step == 5
    run.note("start", from_step=3)
    assert numbers(run.steps()) == [1, 2, 3] and numbers(run.samples()) == [0] and run.status.step == 3
    run.note("step", step=4, reward=40.0)
    assert [event["reward"] for event in run.steps()] == [1.0, 2.0, 3.0, 40.0]


def test_the_latest_rollouts_are_those_written_last(runs):
    run = runs.create(SHORT)
    for step in (11, 12, 10):  # a resume went back
        run.write_rollouts(step, [{"group": 0, "text": f"perché {step}"}, {"group": 1}])
        time.sleep(0.01)
    assert run.rollouts()[0]["text"] == "perché 10" and len(run.rollouts(12)) == 2
    assert run.rollouts(99) == []


def test_only_whole_checkpoints_count(runs):
    run = runs.create(SHORT)
    for name, state in {
        "checkpoint-10": "{}",
        "checkpoint-9": '{"a": 1}',
        "checkpoint-12": '{"a": ',
        "other": "{}",
    }.items():
        (run.folder / name).mkdir()
        (run.folder / name / "trainer_state.json").write_text(state)
    (run.folder / "checkpoint-11").mkdir()
    assert run.checkpoints() == [9]


@contextmanager
def small_files(size):
    """As much room as one says: the kernel cuts writes off there, as a full disk does; pytest's own log too."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_an_event_that_has_no_room_leaves_no_half_line(runs):
    run = runs.create(SHORT)
    run.note("phase", phase="load")
    before = (run.folder / "events.jsonl").read_bytes()
    with small_files(len(before) + 10), pytest.raises(OSError, match="No space left"):
        run.note("phase", phase="save")
    assert (run.folder / "events.jsonl").read_bytes() == before


def test_a_status_finds_room_on_a_full_disk(runs):
    run = runs.create(SHORT)
    (run.folder / ".status.json.draft").symlink_to("/dev/full")
    run.write_status(state=RunState.FAILED, code="disk_full", reason="short")
    assert (run.status.code, run.status.reason, run.status.steps) == ("disk_full", "short", 3)


# How it stands


@pytest.mark.parametrize("text", [None, "", "{", "[]", '{"state": "happy"}', '{"state": "failed", "magic": 1}'])
def test_a_damaged_status_is_a_failure_that_says_so_and_is_mended_by_a_resume(runs, text):
    run = runs.create(SHORT)
    (run.folder / "status.json").unlink() if text is None else (run.folder / "status.json").write_text(text)
    assert (run.status.state, run.status.code) == (RunState.FAILED, "status_damaged")
    runs.resume(run)
    assert ended(run).state is RunState.FINISHED


def test_a_process_has_a_while_to_come_to_the_lock(runs):
    run = runs.create(SHORT)
    assert run.status.state is RunState.QUEUED
    old = time.time() - STARTING - 1
    os.utime(run.folder / "status.json", (old, old))
    assert (run.status.state, run.status.code) == (RunState.FAILED, "worker_died")


def test_who_holds_the_lock_is_named_to_everybody_else(runs):
    one, other = runs.create(SHORT), runs.create(SHORT)
    assert runs.active() is None
    with runs.lock(one):
        one.write_status(state=RunState.RUNNING)
        assert (runs.active(), one.status.state) == (one, RunState.RUNNING)
        code = (
            f"from ghigliottina.training.runs import *; from pathlib import Path; r = Runs(Path({str(runs.home)!r}))\n"
        )
        code += f"with r.lock(r.find({other.name!r})): pass"
        done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
        assert f"BusyError: No run can start now: “{one.name}” trains since" in done.stderr
        with pytest.raises(BusyError) as caught:
            runs.launch(other)
        assert caught.value.details["pid"] == os.getpid() and caught.value.code == "run_active"
    assert runs.active() is None and one.status.code == "worker_died"


# Processes


def test_a_run_is_launched_and_finishes(runs):
    run = runs.create(SHORT)
    runs.launch(run)
    status = ended(run)
    assert (status.state, status.step, status.steps) == (RunState.FINISHED, 3, 3) and status.pid != os.getpid()
    assert numbers(run.steps()) == [1, 2, 3] and run.rollouts()[0]["text"] == "answer of step 3"
    assert run.events()[0][-1]["event"] == "finished" and run.log_tail() == ""
    until(lambda: runs.active() is None)
    with pytest.raises(InputError, match="has done all its 3 steps"):
        runs.resume(run)


def test_of_two_launches_at_once_one_wins_and_the_other_hears_of_it(runs):
    pair = [runs.create(ENDLESS), runs.create(ENDLESS)]

    def launch(run):
        try:
            runs.launch(run)
        except BusyError as error:
            return error.details["run"]

    with ThreadPoolExecutor(2) as pool:
        heard = list(pool.map(launch, pair))
    active = runs.active()
    assert sorted(heard, key=str) == sorted([None, active.name], key=str)
    assert pair[heard.index(None)] == active
    loser = pair[1 - heard.index(None)]
    assert loser.events() == ([], 0) and not (loser.folder / "worker.log").exists()


def test_two_launches_of_one_run_are_one(runs):
    run = runs.create(ENDLESS)
    runs.launch(run)
    with pytest.raises(BusyError):
        runs.resume(run)
    until(lambda: run.steps())
    assert [event["event"] for event in run.events()[0]].count("start") == 1 and run.status.state is RunState.RUNNING


def test_a_process_that_dies_at_once_is_a_failure(tmp_path):
    runs = Runs(tmp_path, (sys.executable, "-c", "import sys; sys.exit('no luck')"))
    run = runs.create(SHORT)
    with pytest.raises(TrainingError, match="ended at once with code 1: read"):
        runs.launch(run)
    assert (run.status.state, run.status.code, run.log_tail()) == (RunState.FAILED, "worker_died", "no luck")


def test_stop_and_save_then_resume(runs):
    run = runs.create(ENDLESS)
    runs.launch(run)
    until(lambda: len(run.steps()) > 2)
    before = run.status.step
    runs.stop(run)
    assert run.status.state in (RunState.STOPPING, RunState.STOPPED)
    status = ended(run)
    assert status.state is RunState.STOPPED and status.step <= before + 2 and "resume" in status.reason
    assert run.checkpoints()[-1] == status.step and status.checkpoint == run.name
    with pytest.raises(InputError, match="nothing to stop"):
        runs.stop(run)
    until(lambda: runs.active() is None)
    runs.resume(run)
    until(lambda: run.status.step > status.step)
    assert numbers(run.steps()) == list(range(1, len(run.steps()) + 1))


def test_kill_9_is_seen_and_survived(runs):
    run = runs.create(ENDLESS)
    runs.launch(run)
    until(lambda: len(run.steps()) > 6)
    os.kill(run.status.pid, signal.SIGKILL)
    status = ended(run)
    assert (status.state, status.code, runs.active()) == (RunState.FAILED, "worker_died", None)
    saved = run.checkpoints()[-1]
    runs.resume(run)
    until(lambda: run.status.step > status.step + 1)
    starts = [event["from_step"] for event in run.events()[0] if event["event"] == "start"]
    assert starts == [0, saved] and numbers(run.steps()) == list(range(1, len(run.steps()) + 1))


def test_the_end_of_the_page_does_not_touch_the_run(runs):
    run = runs.create(ENDLESS)
    code = "import sys, time; from pathlib import Path; from ghigliottina.training.runs import Runs\n"
    code += f"runs = Runs(Path({str(runs.home)!r}), {FAKE!r}); runs.launch(runs.find({run.name!r}))\n"
    code += "print('launched', flush=True); time.sleep(60)"
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, start_new_session=True) as page:
        assert page.stdout.readline() == b"launched\n"
        os.killpg(page.pid, signal.SIGTERM)
    assert page.returncode == -signal.SIGTERM
    before = run.status.step
    until(lambda: run.status.step > before + 2)
    assert runs.active() == run and run.status.state is RunState.RUNNING


def test_sigterm_to_the_run_saves_it(runs):
    run = runs.create(ENDLESS)
    runs.launch(run)
    until(lambda: run.steps())
    os.kill(run.status.pid, signal.SIGTERM)
    status = ended(run)
    assert status.state is RunState.STOPPED and run.checkpoints()[-1] == status.step


@pytest.mark.parametrize(("recipe", "grace"), [(ENDLESS, 10.0), (STUBBORN, 0.1)], ids=["willing", "stubborn"])
def test_discard_removes_the_run_and_its_adapter(runs, recipe, grace):
    run = runs.create(recipe)
    adapter = runs.home / "checkpoints" / run.name
    runs.launch(run)
    adapter.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    runs.stop(run, discard=True, grace=grace)
    assert time.monotonic() - start < 8
    assert (runs.active(), runs.all(), run.folder.exists(), adapter.exists()) == (None, [], False, False)
    assert not list(runs.folder.glob(".trash*"))


def test_delete_waits_for_the_end_and_leaves_the_adapter(runs):
    run = runs.create(ENDLESS)
    runs.launch(run)
    with pytest.raises(InputError, match="stop it first"):
        runs.delete(run)
    runs.stop(run)
    ended(run)
    runs.delete(run)
    assert runs.all() == [] and (runs.home / "checkpoints" / run.name).is_dir()


def test_a_process_that_trains_gets_no_secrets():
    given = {"PATH": "/bin", "OMP_NUM_THREADS": "2", "HF_TOKEN": "x", "openai_api_key": "x", "MY_SECRET_1": "x"}
    assert harmless(given) == {"PATH": "/bin", "OMP_NUM_THREADS": "2"}
