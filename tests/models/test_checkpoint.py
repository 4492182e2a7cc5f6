import json
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from ghigliottina.errors import CheckpointError
from ghigliottina.models.checkpoint import RANK_CAP, RECORD, Checkpoint, has_template, seal
from rewards import ANSWER, SOLUZIONE

LORA = {"peft_type": "LORA", "task_type": "CAUSAL_LM", "r": 8, "bias": "none", "base_model_name_or_path": "tiny"}
LORA_A = "base_model.model.model.layers.0.mlp.up_proj.lora_A.weight"


def write(path: Path, content: object) -> None:
    path.write_text(json.dumps(content), encoding="utf-8")


def safetensors(names: list[str]) -> bytes:
    """A file of tensors of two float32 numbers each."""
    header = {n: {"dtype": "F32", "shape": [2], "data_offsets": [8 * i, 8 * i + 8]} for i, n in enumerate(names)}
    text = json.dumps({"__metadata__": {"format": "pt"}, **header}).encode()
    return struct.pack("<Q", len(text)) + text + bytes(8 * len(names))


def make_model(folder: Path) -> Path:
    folder.mkdir()
    write(folder / "config.json", {"model_type": "gemma3_text"})
    write(folder / "tokenizer.json", {})
    write(folder / "tokenizer_config.json", {})
    (folder / "model.safetensors").write_bytes(safetensors(["model.norm.weight", "model.embed_tokens.weight"]))
    return folder


def make_adapter(folder: Path) -> Path:
    folder.mkdir()
    write(folder / "adapter_config.json", LORA)
    (folder / "adapter_model.safetensors").write_bytes(safetensors([LORA_A, LORA_A.replace("lora_A", "lora_B")]))
    return folder


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return make_model(tmp_path / "mio")


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    return make_adapter(tmp_path / "lora")


def test_a_sealed_model_tells_all_that_was_recorded(model: Path) -> None:
    more = {"parent": "gemma-3-270m", "metrics": {"accuracy": 0.5}}
    sealed = seal(model, "Il mio", "merged", grammar="answer", shots=True, licence="CC0", **more)
    assert sealed == Checkpoint("Il mio", model, "merged", None, ANSWER, shots=True, licence="CC0")
    assert Checkpoint.read(model).record["parent"] == "gemma-3-270m"


def test_a_model_without_a_record_is_described_by_its_files(model: Path) -> None:
    assert Checkpoint.read(model) == Checkpoint("mio", model, "merged", None, SOLUZIONE, shots=True)
    (model / "chat_template.jinja").write_text("{{ messages }}")
    assert has_template(model)
    assert not Checkpoint.read(model).shots


def test_a_template_inside_the_tokenizer_configuration_counts(model: Path) -> None:
    write(model / "tokenizer_config.json", {"chat_template": "{{ messages }}"})
    assert not Checkpoint.read(model).shots


def test_an_adapter_names_its_base(adapter: Path) -> None:
    assert Checkpoint.read(adapter) == Checkpoint("lora", adapter, "adapter", "tiny", SOLUZIONE, shots=False)
    assert seal(adapter, "lora", "adapter", base="gemma-3-270m").base == "gemma-3-270m"


def test_a_model_in_several_files(model: Path) -> None:
    for number in (1, 2):
        (model / f"model-{number}.safetensors").write_bytes(safetensors([f"t{number}"]))
    (model / "model.safetensors").unlink()
    index = {"weight_map": {"t1": "model-1.safetensors", "t2": "model-2.safetensors"}}
    write(model / "model.safetensors.index.json", index)
    assert Checkpoint.read(model).kind == "merged"
    (model / "model-2.safetensors").unlink()
    with pytest.raises(CheckpointError, match="lacks its weights, model-2"):
        Checkpoint.read(model)


def test_tiny_folders_of_the_real_libraries_are_read(tiny_merged: Checkpoint, tiny_adapter: Checkpoint) -> None:
    assert (tiny_merged.kind, tiny_merged.shots) == ("merged", False)
    assert (tiny_adapter.kind, tiny_adapter.base) == ("adapter", tiny_merged.name)


def test_a_folder_that_cannot_be_read_is_not_sealed(model: Path) -> None:
    (model / "model.safetensors").unlink()
    with pytest.raises(CheckpointError):
        seal(model, "mio", "merged")
    assert not (model / RECORD).exists()


def truncate(folder: Path, file: str, to: int) -> None:
    path = folder / file
    path.write_bytes(path.read_bytes()[:to])


def grow(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes() + b"more")


def header(folder: Path, text: bytes, length: int | None = None) -> None:
    size = len(text) if length is None else length
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", size) + text)


def shuffled(folder: Path) -> None:
    """Two tensors that claim the same bytes."""
    text = json.dumps({n: {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]} for n in "ab"}).encode()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + bytes(8))


def link(folder: Path, target: Path) -> None:
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors").symlink_to(target)


def nested(folder: Path) -> None:
    (folder / "old").mkdir()
    (folder / "old" / "optimizer.PT").touch()


Break = Callable[[Path], object]
CODE_FILES = "pytorch_model.bin model.pt model.pth weights.ckpt a.pkl a.pickle a.npy modeling.py a.joblib".split()
BROKEN_MODELS: dict[str, tuple[Break, str, str]] = {
    **{file: (lambda f, file=file: (f / file).touch(), "checkpoint_code", file) for file in CODE_FILES},
    "code further down": (nested, "checkpoint_code", "old/optimizer.PT"),
    "no config": (lambda f: (f / "config.json").unlink(), "checkpoint_half", "half-written"),
    "no weights": (lambda f: (f / "model.safetensors").unlink(), "checkpoint_weights", "lacks its weights"),
    "no tokenizer": (lambda f: (f / "tokenizer.json").unlink(), "checkpoint_tokenizer", "tokenizer.json"),
    "weights cut off": (lambda f: truncate(f, "model.safetensors", -1), "checkpoint_damaged", "cut off"),
    "header cut off": (lambda f: truncate(f, "model.safetensors", 30), "checkpoint_damaged", "header is too long"),
    "length cut off": (lambda f: truncate(f, "model.safetensors", 5), "checkpoint_damaged", "cut off"),
    "weights empty": (lambda f: truncate(f, "model.safetensors", 0), "checkpoint_damaged", "cut off"),
    "weights too long": (grow, "checkpoint_damaged", "are described"),
    "header no JSON": (lambda f: header(f, b"{pane"), "checkpoint_damaged", "no safetensors"),
    "header a list": (lambda f: header(f, b"[1, 2]"), "checkpoint_damaged", "no safetensors"),
    "header of no tensors": (lambda f: header(f, b"{}"), "checkpoint_damaged", "no safetensors"),
    "header without end": (lambda f: header(f, b"{}", length=2**63), "checkpoint_damaged", "header is too long"),
    "header very deep": (lambda f: header(f, b"[" * 100_000), "checkpoint_damaged", "no safetensors"),
    "tensors overlap": (shuffled, "checkpoint_damaged", "isn't where it should be"),
    "an unknown type": (
        lambda f: header(f, b'{"a": {"dtype": "Z9", "shape": [], "data_offsets": [0, 0]}}'),
        "checkpoint_damaged",
        "Z9",
    ),
    "config no JSON": (lambda f: (f / "config.json").write_text("pane"), "checkpoint_damaged", "config.json"),
    "config a list": (lambda f: write(f / "config.json", []), "checkpoint_damaged", "config.json"),
    "config not UTF-8": (lambda f: (f / "config.json").write_bytes(b"\xff{}"), "checkpoint_damaged", "config.json"),
    "another family": (lambda f: write(f / "config.json", {"model_type": "llama"}), "checkpoint_family", "llama"),
    "no family": (lambda f: write(f / "config.json", {}), "checkpoint_family", "None"),
    "remote code": (
        lambda f: write(f / "config.json", {"model_type": "gemma3_text", "auto_map": {"AutoModel": "x--y.Z"}}),
        "checkpoint_remote_code",
        "auto_map",
    ),
    "remote code of the tokenizer": (
        lambda f: write(f / "tokenizer_config.json", {"auto_map": {}}),
        "checkpoint_remote_code",
        "tokenizer_config.json",
    ),
    "index out of the folder": (
        lambda f: write(f / "model.safetensors.index.json", {"weight_map": {"a": "../other.safetensors"}}),
        "checkpoint_index",
        "../other",
    ),
    "index of nothing": (lambda f: write(f / "model.safetensors.index.json", {}), "checkpoint_index", "index"),
    "link out of the folder": (lambda f: link(f, Path("/etc/passwd")), "checkpoint_link", "leads out"),
    "link up": (lambda f: (f / "up").symlink_to(".."), "checkpoint_link", "leads out"),
    "unknown grammar": (lambda f: write(f / RECORD, {"grammar": "greco"}), "checkpoint_grammar", "greco"),
    "record a text": (lambda f: write(f / RECORD, "x"), "checkpoint_damaged", RECORD),
    "name no text": (lambda f: write(f / RECORD, {"name": ["x"]}), "checkpoint_record", "name"),
    "kind unlike the files": (lambda f: write(f / RECORD, {"kind": "adapter"}), "checkpoint_record", "whole model"),
}


@pytest.mark.parametrize(("spoil", "code", "words"), BROKEN_MODELS.values(), ids=BROKEN_MODELS)
def test_a_model_folder_that_cannot_be_trusted_is_refused(model: Path, spoil: Break, code: str, words: str) -> None:
    spoil(model)
    with pytest.raises(CheckpointError) as caught:
        Checkpoint.read(model)
    assert caught.value.code == code
    assert words in str(caught.value)
    assert str(model.parent) not in str(caught.value)  # where things live is nobody's business


BROKEN_ADAPTERS: dict[str, tuple[dict[str, object], str, str]] = {
    "no LoRA": ({"peft_type": "IA3"}, "adapter_type", "IA3"),
    "no type": ({"peft_type": None}, "adapter_type", "None"),
    "rank above the cap": ({"r": RANK_CAP + 1}, "adapter_rank", "65"),
    "rank zero": ({"r": 0}, "adapter_rank", "0"),
    "rank no number": ({"r": "8"}, "adapter_rank", "8"),
    "rank of one layer above the cap": ({"rank_pattern": {"up_proj": 4096}}, "adapter_rank", "4096"),
    "rank pattern no mapping": ({"rank_pattern": [1]}, "adapter_rank", "None"),
    "whole modules": ({"modules_to_save": ["lm_head"]}, "adapter_fields", "modules_to_save"),
    "DoRA": ({"use_dora": True}, "adapter_fields", "use_dora"),
    "layers copied": ({"layer_replication": [[0, 4]]}, "adapter_fields", "layer_replication"),
    "a package to import": ({"megatron_config": {"a": 1}}, "adapter_fields", "megatron_config"),
    "a class to import": ({"auto_mapping": {"parent_library": "os"}}, "adapter_fields", "auto_mapping"),
    "tokens of its own": ({"trainable_token_indices": [1]}, "adapter_fields", "trainable_token_indices"),
    "a field of tomorrow": ({"use_quantum": True}, "adapter_fields", "use_quantum"),
    "another base inside": ({"init_lora_weights": "pissa"}, "adapter_fields", "init_lora_weights=pissa"),
    "biases": ({"bias": "all"}, "adapter_fields", "bias=all"),
    "another task": ({"task_type": "SEQ_CLS"}, "adapter_fields", "task_type=SEQ_CLS"),
}


@pytest.mark.parametrize(("change", "code", "words"), BROKEN_ADAPTERS.values(), ids=BROKEN_ADAPTERS)
def test_an_adapter_that_is_no_plain_lora_is_refused(
    adapter: Path, change: dict[str, object], code: str, words: str
) -> None:
    write(adapter / "adapter_config.json", LORA | change)
    with pytest.raises(CheckpointError) as caught:
        Checkpoint.read(adapter)
    assert caught.value.code == code
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "tensor",
    [
        "base_model.model.lm_head.weight",
        "base_model.model.model.embed_tokens.lora_embedding_A",
        "base_model.model.model.layers.0.mlp.up_proj.lora_magnitude_vector",
        "base_model.model.model.layers.0.mlp.up_proj.lora_B.bias",
    ],
)
def test_an_adapter_with_other_tensors_is_refused(adapter: Path, tensor: str) -> None:
    (adapter / "adapter_model.safetensors").write_bytes(safetensors([LORA_A, tensor]))
    with pytest.raises(CheckpointError, match="no part of a plain LoRA"):
        Checkpoint.read(adapter)


def test_an_adapter_without_its_weights_is_refused(adapter: Path) -> None:
    (adapter / "adapter_model.safetensors").unlink()
    with pytest.raises(CheckpointError, match="lacks its weights"):
        Checkpoint.read(adapter)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no checkpoint folder “niente”"):
        Checkpoint.read(tmp_path / "niente")
