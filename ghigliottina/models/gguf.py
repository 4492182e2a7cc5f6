"""Reading a GGUF file, llama.cpp's format, without walking its 262,144 tokens one numpy slice at a time.

That walk is what the `gguf` package and transformers spend most of their time on; its arithmetic for the packed numbers
is fast and used here. The layout: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md.
"""

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, Self

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True)
class Tensor:
    """Where one tensor stands in the file."""

    name: str
    shape: tuple[int, ...]
    """Rows first, as everywhere but in GGUF itself."""
    kind: int
    """How its numbers are packed: a value of `gguf.GGMLQuantizationType`."""
    offset: int
    """Of its first byte, from the start of the file."""

    @property
    def numbers(self) -> int:
        """How many numbers it holds."""
        return math.prod(self.shape)


@dataclass(frozen=True, slots=True)
class Gguf:
    """What a GGUF file says about itself."""

    metadata: dict[str, Any]
    tensors: tuple[Tensor, ...]

    @classmethod
    def read(cls, file: BinaryIO) -> Self:
        """Read all but the tensors' numbers. Raises ValueError if this is no GGUF file."""
        if file.read(4) != b"GGUF":
            raise ValueError("no GGUF file")
        _version, tensors, pairs = _number(file, "I"), _number(file, "Q"), _number(file, "Q")
        metadata = {_text(file): _value(file, _number(file, "I")) for _ in range(pairs)}
        table = [_entry(file) for _ in range(tensors)]
        start = -(-file.tell() // 32) * 32  # the numbers begin at the next multiple of 32
        return cls(metadata, tuple(Tensor(name, shape, kind, start + offset) for name, shape, kind, offset in table))


def unpacked(file: BinaryIO, tensor: Tensor, rows_at_once: int = 16_384) -> "Iterator[np.ndarray]":
    """The tensor's numbers as float32, in arrays of up to so many rows."""
    import numpy as np
    from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType
    from gguf.quants import dequantize

    kind = GGMLQuantizationType(tensor.kind)
    numbers, size = GGML_QUANT_SIZES[kind]
    width = tensor.shape[-1]
    row_bytes = width // numbers * size
    file.seek(tensor.offset)
    left = tensor.numbers // width
    while left:
        rows = min(left, rows_at_once)
        packed = np.frombuffer(file.read(rows * row_bytes), dtype=np.uint8).reshape(rows, row_bytes)
        yield dequantize(packed, kind)
        left -= rows


_LETTERS = "B b H h I i f ? - - Q q d".split()
"""The `struct` letter of each of GGUF's types of values; 8 is a text, 9 an array."""


def _number(file: BinaryIO, letter: str) -> Any:  # noqa: ANN401
    return struct.unpack(f"<{letter}", file.read(struct.calcsize(letter)))[0]


def _text(file: BinaryIO) -> str:
    return file.read(_number(file, "Q")).decode()


def _value(file: BinaryIO, kind: int) -> Any:  # noqa: ANN401
    if kind == 8:
        return _text(file)
    if kind != 9:
        return _number(file, _LETTERS[kind])
    kind, count = _number(file, "I"), _number(file, "Q")
    if kind in (8, 9):
        return [_value(file, kind) for _ in range(count)]
    many = struct.Struct(f"<{count}{_LETTERS[kind]}")
    return list(many.unpack(file.read(many.size)))


def _entry(file: BinaryIO) -> tuple[str, tuple[int, ...], int, int]:
    name, dimensions = _text(file), _number(file, "I")
    shape = tuple(_number(file, "Q") for _ in range(dimensions))
    return name, shape[::-1], _number(file, "I"), _number(file, "Q")
