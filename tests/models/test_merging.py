"""Merging, on tiny models: what is merged plays as the adapter did, and what goes wrong leaves nothing."""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
import tiny
import torch
from peft import PeftModel
from safetensors.torch import load_file, save_file

from ghigliottina import prompt
from ghigliottina.errors import CheckpointError, InputError
from ghigliottina.links.candidates import candidates
from ghigliottina.links.generator import puzzles
from ghigliottina.links.graph import Graph
from ghigliottina.models import local, merging
from ghigliottina.models.checkpoint import RECORD
from ghigliottina.models.embedded import EMBEDDED
from ghigliottina.models.engine import Message, Sampling
from ghigliottina.models.shelf import Shelf
from ghigliottina.settings import Settings
from rewards import SOLUZIONE

ROOT = Path(__file__).resolve().parent.parent.parent
ASK = (Message("user", "latte, sole, miele"),)
CHATS = (
    (*ASK, Message("assistant", "<think>\n- latte: luna di latte\n</think>\nsoluzione: luna.\n")),
    (Message("user", "pane di luna e di miele " * 30), Message("assistant", "soluzione: pane.")),
)


def quiet(share, phase):
    pass


@pytest.fixture
def shelf(tmp_path, tiny_merged, tiny_adapter):
    """A home that holds a base and an adapter, where merges go."""
    for checkpoint in (tiny_merged, tiny_adapter):
        shutil.copytree(checkpoint.path, tmp_path / "checkpoints" / checkpoint.name)
    return Shelf(Settings(tmp_path, hub_checkpoints=()), assets=tmp_path / "assets")


def merge(shelf, name="fuso", dtype="bfloat16", adapter="tiny-adapter", progress=quiet):
    found = shelf.find(adapter)
    base = shelf.find(found.base) if found.base else found
    return merging.merge(found, base, shelf.settings.home / "checkpoints" / name, CHATS, progress, dtype)


def on_disk(shelf):
    """What stands beside the two checkpoints, but for locks."""
    names = {path.name for path in (shelf.settings.home / "checkpoints").iterdir() if path.suffix != ".lock"}
    return sorted(names - {"tiny", "tiny-adapter"})


def tokens(shelf, name):
    """What our engine writes, with the whole head: a random model is no Italian."""
    loaded = local.load(shelf.find(name), shelf, quiet)
    engine = local.LocalEngine(loaded._gemma, loaded._chat, loaded._embedding)
    return list(engine._write(engine._chat.ids(ASK), Sampling(max_new_tokens=40), threading.Event()))


def stock(folder, messages=ASK, most=40):
    """What transformers writes, with the folder and nothing else; also as text."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer, model = (
        AutoTokenizer.from_pretrained(folder),
        AutoModelForCausalLM.from_pretrained(folder, dtype="float32"),
    )
    turns = [{"role": message.role, "content": message.content} for message in messages]
    chat = tokenizer.apply_chat_template(turns, add_generation_prompt=True, return_dict=True, return_tensors="pt")
    made = model.generate(**chat, max_new_tokens=most)[0, chat["input_ids"].shape[1] :].tolist()
    ends = model.generation_config.eos_token_id
    return [token for token in made if token not in ends], tokenizer.decode(made, skip_special_tokens=True)


def test_what_is_merged_writes_what_the_adapter_wrote(shelf):
    made = merge(shelf, dtype="float32")
    assert tokens(shelf, "fuso") == tokens(shelf, "tiny-adapter") != tokens(shelf, "tiny")
    assert stock(made.checkpoint.path)[0] == tokens(shelf, "tiny-adapter")
    assert max(made.merged.difference, made.written.difference) < 1e-4
    assert made.merged.same == made.written.same == 1.0


def test_what_is_cast_stays_near_and_plays_with_us_as_elsewhere(shelf):
    made = merge(shelf, dtype="bfloat16")
    assert made.merged.difference < 1e-4 < made.written.difference < 0.1
    assert made.written.same > 0.95
    assert stock(made.checkpoint.path)[0] == tokens(shelf, "fuso")


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_the_tied_weights_are_written_once_in_the_dtype(shelf, dtype):
    folder = merge(shelf, dtype=str(dtype).removeprefix("torch.")).checkpoint.path
    tensors = load_file(folder / "model.safetensors")
    assert {tensor.dtype for tensor in tensors.values()} == {dtype}
    assert tensors.keys() == load_file(shelf.find("tiny").path / "model.safetensors").keys()
    assert json.loads((folder / "config.json").read_text())["tie_word_embeddings"] is True


def test_it_reads_as_its_base_and_ends_where_the_engine_ends(shelf):
    folder, base = merge(shelf).checkpoint.path, shelf.find("tiny").path
    for file in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        assert (folder / file).read_bytes() == (base / file).read_bytes()
    generation = json.loads((folder / "generation_config.json").read_text())
    ends = local.load(shelf.find("tiny-adapter"), shelf, quiet)._chat.ends
    assert set(generation["eos_token_id"]) == ends and len(ends) == 2
    assert not generation.get("do_sample")


def test_a_template_of_the_adapters_own_comes_along(shelf):
    (shelf.find("tiny-adapter").path / "chat_template.jinja").write_text("<<{{ messages[0]['content'] }}>>")
    folder = merge(shelf).checkpoint.path
    assert (folder / "chat_template.jinja").read_text() == "<<{{ messages[0]['content'] }}>>"
    assert stock(folder)[0] == tokens(shelf, "fuso")


def test_the_record_comes_last_and_tells_where_it_comes_from(shelf):
    recorded = {"recipe": {"method": "sft", "steps": 3}, "metrics": {"loss": 0.5}, "versions": {"trl": "1"}}
    file = shelf.find("tiny-adapter").path / RECORD
    file.write_text(json.dumps({**json.loads(file.read_text()), **recorded, "grammar": "answer"}))
    made = merge(shelf)
    record = made.checkpoint.record
    assert (record["kind"], record["base"], record["parent"]) == ("merged", "tiny", "tiny-adapter")
    assert (record["recipe"], record["grammar"], record["shots"]) == (recorded["recipe"], "answer", False)
    assert record["metrics"] == {
        "loss": 0.5,
        "merge_difference": made.merged.difference,
        "cast_difference": made.written.difference,
        "cast_same": made.written.same,
    }
    assert record["versions"].keys() == {"trl", "torch", "transformers", "peft"}
    assert max(made.checkpoint.path.iterdir(), key=lambda path: path.stat().st_mtime_ns).name == RECORD
    assert "Gemma Terms of Use" in (made.checkpoint.path / "NOTICE").read_text()
    assert "“tiny-adapter” was merged" in (made.checkpoint.path / "NOTICE").read_text()
    assert (made.checkpoint.path / "GEMMA_TERMS.html").stat().st_size > 1000


def test_it_is_on_the_shelf_as_a_whole_model(shelf):
    merge(shelf)
    assert "fuso" in shelf.names()
    found = shelf.fetch("fuso", quiet)
    assert (found.kind, found.base) == ("merged", None)


def test_merged_upon_merged_it_still_knows_the_model_under_all(shelf):
    first = merge(shelf).checkpoint
    tiny.adapter(shelf.settings.home / "checkpoints" / "secondo", replace(first, name="fuso"), seed=2)
    second = merge(shelf, "fuso-2", adapter="secondo").checkpoint
    assert (second.record["base"], second.record["parent"]) == ("tiny", "secondo")


def test_a_name_that_is_taken_is_refused_and_kept(shelf):
    mine = shelf.settings.home / "checkpoints" / "fuso"
    mine.mkdir()
    (mine / "note").write_text("mia")
    with pytest.raises(InputError, match="already") as caught:
        merge(shelf)
    assert caught.value.code == "merge_exists"
    assert [path.name for path in mine.iterdir()] == ["note"]


def test_a_whole_model_has_nothing_to_merge(shelf):
    with pytest.raises(CheckpointError, match="name an adapter") as caught:
        merge(shelf, adapter="tiny")
    assert caught.value.code == "merge_whole"
    assert on_disk(shelf) == []


def test_an_adapter_without_its_base_is_refused(shelf):
    shutil.rmtree(shelf.find("tiny").path)
    with pytest.raises(CheckpointError, match="isn't on the shelf") as caught:
        merge(shelf)
    assert caught.value.code == "adapter_base"


def edited(folder, edit):
    """Change the adapter's tensors on the disk."""
    tensors = load_file(folder / "adapter_model.safetensors")
    save_file(edit(tensors), folder / "adapter_model.safetensors")


BROKEN = {
    "made for another base": (
        lambda tensors: {name.replace("layers.0", "layers.7"): t for name, t in tensors.items()},
        "adapter_misfit",
        "lacks",
    ),
    "of numbers that are none": (
        lambda tensors: {name: torch.full_like(t, torch.nan) for name, t in tensors.items()},
        "merge_unlike",
        "is damaged",
    ),
}


@pytest.mark.parametrize(("edit", "code", "words"), BROKEN.values(), ids=BROKEN)
def test_an_adapter_that_is_broken_is_refused(shelf, edit, code, words):
    edited(shelf.find("tiny-adapter").path, edit)
    with pytest.raises(CheckpointError, match=words) as caught:
        merge(shelf)
    assert caught.value.code == code
    assert on_disk(shelf) == []


def test_a_merge_that_differs_is_refused_and_leaves_nothing(shelf, monkeypatch):
    monkeypatch.setattr(PeftModel, "merge_and_unload", lambda model, safe_merge: model.unload(), raising=False)
    with pytest.raises(
        CheckpointError, match=r"by 0\.\d+ in a logit, where 0\.01 is allowed. Nothing was kept"
    ) as caught:
        merge(shelf)
    assert caught.value.code == "merge_unlike"
    assert on_disk(shelf) == []


def test_what_was_written_is_read_again_before_it_counts(shelf, monkeypatch):
    original = merging._write_rest

    def spoil(adapter, base, chat, draft):
        original(adapter, base, chat, draft)
        shutil.copy(base.path / "model.safetensors", draft)

    monkeypatch.setattr(merging, "_write_rest", spoil)
    with pytest.raises(CheckpointError, match=r"written, it says the same at \d+%") as caught:
        merge(shelf)
    assert caught.value.code == "merge_unlike"
    assert on_disk(shelf) == []


@pytest.mark.parametrize("most", [30_000, 120_000], ids=["at the weights", "at the terms"])
def test_a_full_disk_is_told_and_leaves_nothing(shelf, most):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, limits[1]))
    try:
        with pytest.raises(CheckpointError, match="free some disk") as caught:
            merge(shelf)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert caught.value.code == "merge_disk"
    assert on_disk(shelf) == []
    assert merge(shelf).checkpoint.name == "fuso"


def test_a_folder_that_cannot_be_written_is_told(shelf):
    adapter, base = shelf.find("tiny-adapter"), shelf.find("tiny")
    (shelf.settings.home / "file").write_text("")
    with pytest.raises(CheckpointError, match="can't be written") as caught:
        merging.merge(adapter, base, shelf.settings.home / "file" / "fuso", CHATS, quiet)
    assert caught.value.code == "merge_disk"


MERGE = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, "tests/models")
sys.path.insert(0, "tests")
from test_merging import merge
from ghigliottina.models.shelf import Shelf
from ghigliottina.settings import Settings

def tell(share, phase):
    print(phase, flush=True)
    sys.stdin.readline()

home = Path(sys.argv[1])
print(merge(Shelf(Settings(home, hub_checkpoints=()), assets=home / "assets"), progress=tell).checkpoint.name)
"""


def start(shelf):
    """A process that merges, and waits for a line at each phase."""
    command = [sys.executable, "-c", MERGE, str(shelf.settings.home)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, cwd=ROOT, text=True, env=environment, **pipes)


def until(process, phase):
    for line in process.stdout:
        if line.strip() == phase:
            return
        process.stdin.write("\n")
        process.stdin.flush()
    pytest.fail(process.stderr.read())


def test_killed_then_two_at_once(shelf):
    with start(shelf) as victim:
        until(victim, "check")  # all is written but the record
        victim.send_signal(signal.SIGKILL)
    assert on_disk(shelf) == [".fuso.draft"]
    assert shelf.names() == (EMBEDDED, "tiny", "tiny-adapter")

    with start(shelf) as first:
        until(first, "load")
        with start(shelf) as second:
            until(second, "wait")
            assert first.communicate("\n" * 9)[0].split()[-1] == "fuso"
            assert "There is a checkpoint “fuso” already" in second.communicate("\n" * 9)[1]
    assert on_disk(shelf) == ["fuso"]
    assert shelf.find("fuso").kind == "merged"


@pytest.mark.model
def test_the_shipped_adapter_plays_on_as_one_model(prepared_home, tmp_path):
    shelf = Shelf(Settings(tmp_path, hub_checkpoints=()))
    (tmp_path / "models").symlink_to(prepared_home / "models")
    adapter = shelf.find(shelf.default)
    asked = list(played())
    chats = [(*chat, Message("assistant", answer)) for chat, answer in asked]
    made = merging.merge(adapter, shelf.find(adapter.base), tmp_path / "checkpoints" / "fuso", chats, quiet)
    assert made.merged.difference < merging.TOLERANCE / 5
    assert made.written.same > 0.98
    ours = [speak(local.load(shelf.find(name), shelf, quiet), asked) for name in (adapter.name, "fuso")]
    assert ours[0] == ours[1]
    assert stock(made.checkpoint.path, asked[0][0], most=100)[1] == ours[0][0]


def played():
    """Held-out puzzles as the page asks them, by heart and open book, with the right answers."""
    graph = Graph.load()
    for place, puzzle in enumerate(islice(puzzles(graph, 3, held_out=True), 3)):
        evidence = candidates(graph, puzzle.clues)
        chat = prompt.messages(puzzle, evidence if place else None, SOLUZIONE)
        yield chat, prompt.argue(evidence.candidates[0], SOLUZIONE)


def speak(engine, asked):
    return ["".join(engine.stream(chat, Sampling(), threading.Event())) for chat, _ in asked]
