"""merge, as a person runs it: what it takes, prints and refuses. Merging itself: models/test_merging.py."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ghigliottina import cli, cli_merging
from ghigliottina.errors import CheckpointError, GhigliottinaError, InputError
from ghigliottina.models import card
from ghigliottina.models.checkpoint import RECORD, Checkpoint
from ghigliottina.training.recipe import Recipe
from ghigliottina.training.runs import Runs

ROOT = Path(__file__).resolve().parent.parent
REPO = "qualcuno/fuso"


@pytest.fixture
def home(tmp_path, monkeypatch, tiny_merged, tiny_adapter):
    """A home folder with a base and an adapter over it."""
    monkeypatch.setenv("GHIGLIOTTINA_HOME", str(tmp_path))
    monkeypatch.delenv("HF_TOKEN", raising=False)
    for checkpoint in (tiny_merged, tiny_adapter):
        shutil.copytree(checkpoint.path, tmp_path / "checkpoints" / checkpoint.name)
    return tmp_path


@pytest.fixture
def pushed(monkeypatch):
    """What would have been uploaded: (folder, repository, token) each time."""
    made = []
    monkeypatch.setenv("HF_TOKEN", "hf_x")
    monkeypatch.setattr(card, "push", lambda *given: made.append(given) or "http://hub")
    return made


def merge(*words):
    """What the command prints. Raises the error that ends it."""
    done = CliRunner().invoke(cli.app, ["merge", *map(str, words)])
    if isinstance(done.exception, GhigliottinaError):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.stdout


def whole(home):
    return sorted(path.parent.name for path in (home / "checkpoints").glob(f"*/{RECORD}"))


def run_of(home, *, saved):
    """A run, and its adapter if it has saved one."""
    run = Runs(home).create(Recipe(start="tiny"))
    if saved:
        shutil.copytree(home / "checkpoints" / "tiny-adapter", home / "checkpoints" / run.name)
    for step in (1, 2):
        run.note("step", step=step, loss=0.5, reward=step / 2, rewards={"exact_match": 0.0})
    return run


def test_it_makes_a_model_and_says_how_near_it_is(home):
    done = subprocess.run(
        [sys.executable, str(ROOT / "app.py"), "merge", "tiny-adapter"],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    merged, written, refused, where = done.stdout.splitlines()
    assert merged.startswith("merged in float32: logits differ") and "100.0% of 512" in merged
    assert written.startswith("written as bfloat16: logits differ")
    assert "above 0.01" in refused
    assert where == f"tiny-adapter-merged: {home}/checkpoints/tiny-adapter-merged"
    assert Checkpoint.read(home / "checkpoints" / "tiny-adapter-merged").kind == "merged"


@pytest.mark.parametrize("what", ["adapter", "run", "folder"])
def test_it_takes_an_adapter_a_run_or_a_folder(home, tmp_path_factory, what):
    given = {"adapter": "tiny-adapter"}.get(what) or run_of(home, saved=True).name
    if what == "folder":
        given = tmp_path_factory.mktemp("altrove") / "mio"
        shutil.move(home / "checkpoints" / "tiny-adapter", given)
    merge(given, "--name", "fuso", "--dtype", "float32")
    assert "fuso" in whole(home)
    assert json.loads((home / "checkpoints" / "fuso" / "config.json").read_text())["dtype"] == "float32"


@pytest.mark.parametrize(
    ("words", "kind", "code"),
    [
        pytest.param(["niente"], CheckpointError, "checkpoint_unknown", id="nothing of that name"),
        pytest.param(["tiny"], CheckpointError, "merge_whole", id="a whole model"),
        pytest.param(["tiny-adapter", "--name", "tiny"], InputError, "merge_exists", id="a name that is taken"),
        pytest.param(["tiny-adapter", "--name", "gemma-3-270m"], InputError, "merge_exists", id="the base's name"),
        pytest.param(["tiny-adapter", "--name", "../fuori"], InputError, "merge_name", id="a path as a name"),
        pytest.param(["tiny-adapter", "--name", ".nascosto"], InputError, "merge_name", id="a hidden name"),
        pytest.param(["tiny-adapter", "--name", "x" * 81], InputError, "merge_name", id="a long name"),
        pytest.param(["tiny-adapter", "--name", ""], InputError, "merge_name", id="an empty name"),
        pytest.param(["tiny-adapter", "--push", REPO], InputError, "push_token", id="no token"),
        pytest.param(["tiny-adapter", "--push", "fuso"], InputError, "push_name", id="no owner"),
    ],
)
def test_what_it_refuses(home, words, kind, code):
    with pytest.raises(kind) as caught:
        merge(*words)
    assert caught.value.code == code
    assert whole(home) == ["tiny", "tiny-adapter"]


def test_it_is_measured_open_book_and_by_heart(tiny_adapter):
    chats = cli_merging._chats(tiny_adapter)
    assert ["Parole possibili" in asked.content for asked, _ in chats] == [True] * 4 + [False] * 4
    assert all("soluzione:" in answer.content for _, answer in chats)


def test_a_run_that_has_saved_nothing_says_so(home):
    run = run_of(home, saved=False)
    with pytest.raises(InputError, match="first save") as caught:
        merge(run.name)
    assert caught.value.code == "merge_unsaved"


def test_a_push_brings_the_card_with_the_curve_of_its_run(home, pushed):
    run = run_of(home, saved=True)
    assert "pushed to http://hub" in merge(run.name, "--push", REPO)
    folder = home / "checkpoints" / f"{run.name}-merged"
    assert pushed == [(folder, REPO, "hf_x")]
    text = (folder / "README.md").read_text()
    assert "| 2–2 | 1 | 0.5 | 0 |" in text and run.name in text
    assert "Parole possibili" in text and "soluzione:" in text


def test_what_was_merged_before_is_only_pushed(home, pushed):
    merge("tiny-adapter")
    with pytest.raises(InputError) as caught:
        merge("tiny-adapter", "--push", REPO)
    assert caught.value.code == "merge_exists"
    merge("tiny-adapter-merged", "--push", REPO)
    assert [folder.name for folder, *_ in pushed] == ["tiny-adapter-merged"]
    assert whole(home) == ["tiny", "tiny-adapter", "tiny-adapter-merged"]


def test_what_was_not_merged_here_is_not_pushed(home, pushed):
    with pytest.raises(CheckpointError, match="wasn't merged here"):
        merge("tiny", "--push", REPO)
    assert not pushed
