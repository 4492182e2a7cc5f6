import io
from pathlib import Path

import numpy as np
import pytest
from gguf import GGMLQuantizationType, GGUFWriter
from gguf.quants import dequantize, quantize

from ghigliottina.models.gguf import Gguf, unpacked

WEIGHTS = np.random.default_rng(0).normal(size=(70, 64)).astype(np.float32)
KINDS = (GGMLQuantizationType.F32, GGMLQuantizationType.Q8_0, GGMLQuantizationType.Q5_0)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What llama.cpp's own writer makes of a few values and tensors."""
    path = tmp_path_factory.mktemp("gguf") / "small.gguf"
    writer = GGUFWriter(path, "gemma3")
    writer.add_block_count(18)
    writer.add_layer_norm_rms_eps(0.5)
    writer.add_add_bos_token(True)
    writer.add_token_list(["<bos>", "▁è", "日"])
    writer.add_token_scores([0.0, -1.0, -2.0])
    for kind in KINDS:
        writer.add_tensor(kind.name, quantize(WEIGHTS, kind), raw_dtype=kind)
    writer.add_tensor("vector", WEIGHTS[0])
    for step in (writer.write_header_to_file, writer.write_kv_data_to_file, writer.write_tensors_to_file, writer.close):
        step()
    return path


def test_metadata(file: Path) -> None:
    with file.open("rb") as opened:
        metadata = Gguf.read(opened).metadata
    assert metadata["general.architecture"] == "gemma3"
    assert metadata["gemma3.block_count"] == 18
    assert metadata["gemma3.attention.layer_norm_rms_epsilon"] == 0.5
    assert metadata["tokenizer.ggml.add_bos_token"] is True
    assert metadata["tokenizer.ggml.tokens"] == ["<bos>", "▁è", "日"]
    assert metadata["tokenizer.ggml.scores"] == [0.0, -1.0, -2.0]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("rows_at_once", [1, 32, 70, 1000])
def test_numbers_are_unpacked_alike_however_many_rows_at_once(
    file: Path, kind: GGMLQuantizationType, rows_at_once: int
) -> None:
    with file.open("rb") as opened:
        tensor = next(t for t in Gguf.read(opened).tensors if t.name == kind.name)
        pieces = list(unpacked(opened, tensor, rows_at_once))
    assert (tensor.shape, tensor.numbers) == ((70, 64), 4480)
    assert len(pieces) == -(-70 // rows_at_once)
    np.testing.assert_array_equal(np.concatenate(pieces), dequantize(quantize(WEIGHTS, kind), kind))


def test_a_vector_is_one_row(file: Path) -> None:
    with file.open("rb") as opened:
        tensor = next(t for t in Gguf.read(opened).tensors if t.name == "vector")
        (values,) = unpacked(opened, tensor)
    np.testing.assert_array_equal(values.ravel(), WEIGHTS[0])


@pytest.mark.parametrize("content", [b"", b"GGU", b"PK\x03\x04"], ids=["empty", "short", "zip"])
def test_what_is_no_gguf_file_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="no GGUF file"):
        Gguf.read(io.BytesIO(content))
