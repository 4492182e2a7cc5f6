"""A checkpoint: a folder of weights as a value, checked before anything loads it. Imports no torch.

A folder may come from anybody, so what is read from it is data only: safetensors and JSON. Loading a pickle, a
module that `auto_map` names, or an adapter of an unexpected kind would run or trust somebody else's code.
"""

import json
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

from ghigliottina.errors import CheckpointError
from rewards import GRAMMARS, SOLUZIONE, Grammar

RECORD = "ghigliottina.json"
"""Written last into a checkpoint folder: where it is, the folder is whole."""
GEMMA_TERMS = "Gemma Terms of Use (ai.google.dev/gemma/terms)"
FAMILIES = ("gemma3_text", "gemma3")
"""The `model_type`s that the local engine knows how to run."""
RANK_CAP = 64
"""The largest LoRA rank that is loaded: more is no adapter but a way to fill somebody's memory."""

Kind = Literal["base", "merged", "adapter"]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A whole and harmless checkpoint folder. Build it with `Checkpoint.read`."""

    name: str
    """Its name on the shelf, for people."""
    path: Path
    """The folder: safetensors, config.json and tokenizer.json, or adapter_model.safetensors and adapter_config.json."""
    kind: Kind
    base: str | None = None
    """The name on the shelf of the model that an adapter changes; None where it isn't an adapter."""
    grammar: Grammar = SOLUZIONE
    """How it writes its answers."""
    shots: bool = False
    """It knows the grammar only from examples in the prompt."""
    licence: str = GEMMA_TERMS
    record: Mapping[str, object] = field(default_factory=dict, compare=False)
    """All that was recorded: also parent, recipe, metrics, versions."""

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Check a folder and say what it is. A folder without our record, somebody's own download, is described by
        its files. Raises CheckpointError: what is wrong with the folder, why that matters, what to do."""
        if not folder.is_dir():
            message = f"There is no checkpoint folder “{folder.name}”: check the path."
            raise CheckpointError(message, "checkpoint_absent", name=folder.name)
        _check_files(folder)
        adapter = (folder / "adapter_config.json").is_file()
        base = _check_adapter(folder) if adapter else _check_model(folder)
        record = _json(folder, RECORD) if (folder / RECORD).is_file() else {}
        return cls(
            name=_text(folder, record, "name", folder.name),
            path=folder,
            kind="adapter" if adapter else _kind(folder, record),
            base=(_text(folder, record, "base", base) or None) if adapter else None,
            grammar=_grammar(folder, record),
            shots=bool(record.get("shots", not adapter and not has_template(folder))),
            licence=_text(folder, record, "licence", GEMMA_TERMS),
            record=record,
        )


def seal(folder: Path, name: str, kind: Kind, **record: object) -> Checkpoint:
    """Declare a folder whole by writing its record, the last file of all, if the folder is fit to be read.

    `record` takes base, grammar (its name), shots, licence, parent, recipe, metrics, versions. Raises CheckpointError.
    """
    Checkpoint.read(folder)
    draft = folder / f".{RECORD}"
    with draft.open("w", encoding="utf-8") as file:
        json.dump({"name": name, "kind": kind, **record}, file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(folder / RECORD)
    return Checkpoint.read(folder)


def has_template(folder: Path) -> bool:
    """Whether the folder brings a chat template."""
    if (folder / "chat_template.jinja").is_file():
        return True
    return (folder / "tokenizer_config.json").is_file() and bool(
        _json(folder, "tokenizer_config.json").get("chat_template")
    )


_CODE = frozenset(".bin .ckpt .dill .h5 .joblib .npy .npz .pickle .pkl .pt .pth .py .pyc .so".split())
"""File types that carry code or pickles, or that some loader would unpickle."""
_DTYPES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}
"""Bytes of one number, by its name in a safetensors header."""
_HEADER_CAP = 100_000_000
"""Bytes; the safetensors library has the same limit."""
_PLAIN = frozenset(
    """alpha_pattern base_model_name_or_path bias exclude_modules fan_in_fan_out inference_mode init_lora_weights
    layers_pattern layers_to_transform lora_alpha lora_dropout megatron_core peft_type peft_version qalora_group_size r
    rank_pattern revision target_modules task_type use_rslora""".split()
)
"""Fields of adapter_config.json that an ordinary LoRA sets. All others must be off: they swap modules, replicate
layers, import packages by name, or start from changed base weights."""


def _refuse(folder: Path, fact: str, remedy: str, code: str, **details: object) -> CheckpointError:
    return CheckpointError(f"Checkpoint “{folder.name}” {fact}: {remedy}.", code, name=folder.name, **details)


def _check_files(folder: Path) -> None:
    """Nothing in the folder may run, and nothing may lead out of it."""
    if not any((folder / file).is_file() for file in ("config.json", "adapter_config.json")):
        fact = "is half-written or no checkpoint, as it has neither config.json nor adapter_config.json"
        raise _refuse(folder, fact, "write or download it again", "checkpoint_half")
    for path in folder.rglob("*"):
        file = str(path.relative_to(folder))
        if path.suffix.lower() in _CODE:
            fact = f"holds “{file}”, a kind of file that can run code when it is loaded"
            raise _refuse(folder, fact, "keep only safetensors and JSON in it", "checkpoint_code", file=file)
        if path.is_symlink() and not path.resolve().is_relative_to(folder.resolve()):
            fact = f"holds “{file}”, a link that leads out of the folder"
            raise _refuse(folder, fact, "put the file itself there", "checkpoint_link", file=file)
    for file in ("config.json", "tokenizer_config.json"):
        if (folder / file).is_file() and "auto_map" in _json(folder, file):
            fact = f"asks in {file} to run code of its own (auto_map)"
            raise _refuse(folder, fact, "use a checkpoint that needs none", "checkpoint_remote_code", file=file)


def _check_model(folder: Path) -> str:
    """The base that it needs: none."""
    family = _json(folder, "config.json").get("model_type")
    if family not in FAMILIES:
        fact = f"is a model of the type “{family}”, which can't be run here"
        raise _refuse(folder, fact, f"use one of {', '.join(FAMILIES)}", "checkpoint_family", family=str(family))
    if not (folder / "tokenizer.json").is_file():
        raise _refuse(folder, "lacks tokenizer.json", "save its tokenizer beside the weights", "checkpoint_tokenizer")
    index = "model.safetensors.index.json"
    if (folder / index).is_file():
        shards = _json(folder, index).get("weight_map")
        names = set(shards.values()) if isinstance(shards, dict) else {""}
        for file in sorted(str(name) for name in names):
            if Path(file).name != file or not file.endswith(".safetensors"):
                fact = f"names in {index} “{file}”, which is no safetensors file beside it"
                raise _refuse(folder, fact, "save it again", "checkpoint_index", file=file)
            _check_tensors(folder, file)
    else:
        _check_tensors(folder, "model.safetensors")
    return ""


def _check_adapter(folder: Path) -> str:
    """The base that the adapter's configuration names, which may be empty."""
    config = _json(folder, "adapter_config.json")
    if config.get("peft_type") != "LORA":
        fact = f"is an adapter of the type “{config.get('peft_type')}”"
        raise _refuse(folder, fact, "only LoRA is supported", "adapter_type", type=str(config.get("peft_type")))
    extra = [name for name, value in config.items() if value and name not in _PLAIN]
    extra += [f"{name}={config[name]}" for name, plain in _USUAL if config.get(name, plain[0]) not in plain]
    if extra:
        fact = f"is no plain LoRA, as its configuration sets {', '.join(extra)}"
        raise _refuse(folder, fact, "train it without", "adapter_fields", fields=", ".join(extra))
    pattern = config.get("rank_pattern") or {}
    ranks = [config.get("r"), *(pattern.values() if isinstance(pattern, dict) else [None])]
    if not all(type(rank) is int and 1 <= rank <= RANK_CAP for rank in ranks):
        fact = f"has the LoRA rank {', '.join(map(str, ranks))}"
        raise _refuse(folder, fact, f"1 to {RANK_CAP} is supported", "adapter_rank", most=RANK_CAP)
    for tensor in _check_tensors(folder, "adapter_model.safetensors"):
        if not tensor.endswith((".lora_A.weight", ".lora_B.weight")):
            fact = f"holds the tensor “{tensor}”, which is no part of a plain LoRA"
            raise _refuse(folder, fact, "train it on linear layers only", "adapter_tensor", tensor=tensor)
    return str(config.get("base_model_name_or_path") or "")


_USUAL: tuple[tuple[str, tuple[object, ...]], ...] = (
    ("bias", ("none",)),
    ("init_lora_weights", (True, False, "gaussian")),
    ("task_type", ("CAUSAL_LM", None)),
)


def _check_tensors(folder: Path, file: str) -> list[str]:
    """The tensor names of a safetensors file whose header and size agree."""
    path = folder / file
    if not path.is_file():
        raise _refuse(
            folder, f"lacks its weights, {file}", "write or download it again", "checkpoint_weights", file=file
        )
    try:
        return _tensors(path)
    except (ValueError, KeyError, TypeError, AttributeError, struct.error, RecursionError) as error:
        fact = f"is damaged, as {file} is cut off or no safetensors file ({error})"
        raise _refuse(folder, fact, "write or download it again", "checkpoint_damaged", file=file) from None


def _tensors(path: Path) -> list[str]:
    """Read the header: 8 bytes of length, JSON, then the tensors end to end up to the last byte of the file."""
    size = path.stat().st_size
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        if length > min(size - 8, _HEADER_CAP):
            raise ValueError("its header is too long")
        header: dict[str, Any] = json.loads(file.read(length))
    header.pop("__metadata__", None)
    place = 0
    for name, tensor in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        start, end = tensor["data_offsets"]
        numbers = 1
        for side in tensor["shape"]:
            numbers *= side
        if start != place or end - start != numbers * _DTYPES[tensor["dtype"]]:
            raise ValueError(f"{name} isn't where it should be")
        place = end
    if not header or 8 + length + place != size:
        raise ValueError(f"{8 + length + place} bytes are described, {size} are there")
    return list(header)


def _json(folder: Path, file: str) -> dict[str, Any]:
    try:
        value = json.loads((folder / file).read_bytes())
    except (OSError, ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        fact = f"is damaged, as {file} holds no JSON object"
        raise _refuse(folder, fact, "write or download it again", "checkpoint_damaged", file=file)
    return value


def _text(folder: Path, record: Mapping[str, object], key: str, default: str | None) -> str:
    value = record.get(key) or default or ""
    if not isinstance(value, str):
        raise _refuse(folder, f"has in {RECORD} a “{key}” that is no text", "correct it", "checkpoint_record", key=key)
    return value


def _kind(folder: Path, record: Mapping[str, object]) -> Kind:
    kind = record.get("kind", "merged")
    if kind not in ("base", "merged"):
        fact = f"calls itself “{kind}” in {RECORD}, but it holds a whole model"
        raise _refuse(folder, fact, "write base or merged", "checkpoint_record", key="kind")
    return "base" if kind == "base" else "merged"


def _grammar(folder: Path, record: Mapping[str, object]) -> Grammar:
    name = _text(folder, record, "grammar", SOLUZIONE.name)
    if name not in GRAMMARS:
        fact = f"writes its answers in the grammar “{name}”, which is unknown"
        raise _refuse(folder, fact, f"the known ones are {', '.join(GRAMMARS)}", "checkpoint_grammar", grammar=name)
    return GRAMMARS[name]
