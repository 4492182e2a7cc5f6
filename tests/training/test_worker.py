import errno
import os
import re
import signal
import time

import fake_worker
import pytest

from ghigliottina.errors import CheckpointError, TrainingError
from ghigliottina.links.graph import Graph
from ghigliottina.models.shelf import Shelf
from ghigliottina.training import worker
from ghigliottina.training.recipe import Recipe
from ghigliottina.training.runs import Runs, RunState


@pytest.fixture(scope="module")
def graph():
    return Graph.load()


@pytest.fixture
def run(tmp_path, graph, monkeypatch):
    monkeypatch.setattr(Graph, "load", lambda: graph)  # a second each time
    return Runs(tmp_path).create(Recipe(steps=4, learning_rate=1e-8, save_every=2))


def raising(error):
    def train(run, shelf, graph, stop):
        raise error

    return train


def test_a_trainer_gets_what_it_needs_and_its_run_ends_finished(run, graph, tmp_path):
    def train(run, shelf, links, stop):
        assert (type(shelf), links, stop()) == (Shelf, graph, "")
        assert shelf.settings.home == tmp_path and Runs(tmp_path).active() == run
        assert (run.status.state, run.status.pid, run.status.steps) == (RunState.RUNNING, os.getpid(), 4)
        return fake_worker.train(run, shelf, links, stop)

    assert worker.main(run.folder, train) == 0
    assert (run.status.state, run.status.reason, run.status.step) == (RunState.FINISHED, "", 4)
    assert run.status.checkpoint == run.name and run.checkpoints() == [2, 4]
    assert Runs(tmp_path).active() is None


TORCH_CPU = "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: you tried"
TORCH_GPU = type("OutOfMemoryError", (RuntimeError,), {})("CUDA out of memory. Tried to allocate 2 GiB")
FAILURES = {
    "no such start": (CheckpointError("No such.", "checkpoint_unknown"), "checkpoint_unknown", "No such."),
    "no numbers any more": (TrainingError("The loss is NaN: lower it.", "nan"), "nan", "The loss is NaN: lower it."),
    "memory": (MemoryError(), "memory", "fewer completions or puzzles"),
    "memory of the CPU, by torch": (RuntimeError(TORCH_CPU), "memory", "fewer completions or puzzles"),
    "memory of the GPU, by torch": (TORCH_GPU, "memory", "fewer completions or puzzles"),
    "disk": (OSError(errno.ENOSPC, "No space left on device"), "disk_full", "free some space"),
    "disk quota": (OSError(errno.EDQUOT, "Disk quota exceeded"), "disk_full", "free some space"),
    "disk, by safetensors": (RuntimeError("I/O error: No space left on device (os error 28)"), "disk_full", "free"),
    "another file error": (PermissionError(errno.EACCES, "Permission denied"), "bug", "PermissionError: [Errno 13]"),
    "a bug": (KeyError("clues"), "bug", "KeyError: 'clues'"),
}  # fmt: skip


@pytest.mark.parametrize(("error", "code", "words"), FAILURES.values(), ids=FAILURES)
def test_every_failure_ends_failed_with_its_reason(run, error, code, words, capsys):
    assert worker.main(run.folder, raising(error)) == 1
    assert (run.status.state, run.status.code) == (RunState.FAILED, code) and words in run.status.reason
    assert run.events()[0][-1]["event"] == "failed" and words in run.events()[0][-1]["reason"]
    assert "Traceback" in capsys.readouterr().err


def test_what_a_failure_came_from_tells_more_than_how_it_ended(run):
    def train(*_):
        try:
            raise OSError(errno.ENOSPC, "No space left on device")
        except OSError:
            raise RuntimeError("[enforce fail at inline_container.cc:664] . unexpected pos 704 vs 598") from None

    worker.main(run.folder, train)
    assert run.status.code == "disk_full"


def test_a_disk_that_takes_no_event_ends_the_run_with_that_reason(run):
    (run.folder / "events.jsonl").symlink_to("/dev/full")
    assert worker.main(run.folder, fake_worker.train) == 1
    assert run.status.code == "disk_full"


def test_a_disk_that_takes_no_lock_ends_the_run_with_that_reason(run):
    (run.folder.parent / "..owner.json.draft").symlink_to("/dev/full")
    assert worker.main(run.folder, fake_worker.train) == 1
    assert run.status.code == "disk_full"


def test_a_damaged_recipe_ends_the_run_with_that_reason(run):
    (run.folder / "recipe.json").write_text('{"steps": 0}')
    assert worker.main(run.folder, fake_worker.train) == 1
    assert run.status.code == "recipe" and "steps is 0" in run.status.reason


def asks(how):
    """A trainer that is asked to stop during its second step."""

    def train(run, shelf, graph, stop):
        for step in (1, 2, 3):
            if step == 2:
                how(run)
            run.note("step", step=step)
            if asked := stop():
                run.note("saved", step=step, how=asked)
                return "stopped"
        return "finished"

    return train


def by_signal(number):
    return lambda run: os.kill(os.getpid(), number)


STOPS = {
    "a file": (lambda run: Runs(run.folder.parent.parent).stop(run), "save"),
    "a file, not to save": (lambda run: (run.folder / "stop").write_text("discard"), "discard"),
    "SIGTERM": (by_signal(signal.SIGTERM), "save"),
    "Ctrl-C": (by_signal(signal.SIGINT), "save"),
    "SIGTERM twice": (lambda run: [by_signal(signal.SIGTERM)(run) for _ in "12"], "save"),
}


@pytest.mark.parametrize(("how", "asked"), STOPS.values(), ids=STOPS)
def test_it_stops_after_the_step_that_it_is_in(run, how, asked):
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    assert worker.main(run.folder, asks(how)) == 0
    assert (run.status.state, run.status.step) == (RunState.STOPPED, 2) and "resume it" in run.status.reason
    assert run.events()[0][-2]["how"] == asked
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before


def test_a_second_ctrl_c_ends_it_at_once(run):
    def train(run, shelf, graph, stop):
        for _ in "12":
            os.kill(os.getpid(), signal.SIGINT)
        time.sleep(30)

    with pytest.raises(KeyboardInterrupt):
        worker.main(run.folder, train)
    assert run.status.state is RunState.STOPPED and "before it could save" in run.status.reason


def test_only_the_first_of_several_processes_writes(run, monkeypatch):
    monkeypatch.setenv("RANK", "1")
    before = {file: file.read_bytes() for file in run.folder.parent.rglob("*") if file.is_file()}
    heard = []

    def train(run, shelf, graph, stop):
        heard.append(run.recipe)
        run.note("step", step=1)
        run.write_status(step=1)
        run.write_rollouts(1, [{}])
        return "finished"

    with Runs(run.folder.parent.parent).lock(run):
        worker.main(run.folder, train)
    after = {file: file.read_bytes() for file in run.folder.parent.rglob("*") if file.is_file()}
    assert heard == [run.recipe] and {file for file in after if file not in before} <= {run.folder.parent / ".lock"}
    assert all(after[file] == content for file, content in before.items())


def test_a_second_worker_is_refused_and_changes_nothing(run, capsys):
    other = Runs(run.folder.parent.parent).create(Recipe())
    with Runs(run.folder.parent.parent).lock(other):
        assert worker.main(run.folder, raising(AssertionError)) == 4
    assert re.search(f"“{other.name}” trains since .+ Wait for it, or stop it", capsys.readouterr().err)
    assert run.status.state is RunState.QUEUED


def test_a_folder_that_is_no_run_is_refused(tmp_path, capsys):
    assert worker.main(tmp_path / "runs" / "nothing", fake_worker.train) == 2
    assert "There is no run “nothing”" in capsys.readouterr().err and not list(tmp_path.iterdir())
