"""The word encoders behind the semantic reward. Each is a sentence-transformers model, the packaged one too."""

import threading
from array import array
from collections.abc import Sequence
from itertools import combinations
from operator import mul
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from ghigliottina.errors import CheckpointError
from rewards.rubric import Embedder

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

EMBEDDED, NONE = "embedded", "none"
EMBEDDED_MEDIAN = 0.32
"""What the packaged encoder gives for the pairs of `COMMON`; half of the link graph’s words give 0.30."""
COMMON = (
    "acqua albero amico anno barca bicchiere bosco braccio cane carta casa cavallo chiesa cielo città coltello corda"
    " cuore denaro dente donna erba fame ferro festa figlio finestra fiume foglia fuoco gatto giardino giorno guerra"
    " lavoro legge letto libro lingua madre mano mare medico mercato montagna morte naso neve notte numero occhio"
    " ombra pane pioggia ponte porta prezzo re sale scarpa scuola sogno stella strada tavolo tempo terra treno uccello"
    " vento vino voce"
).split()
"""Everyday words from all over the vocabulary: their pairs show what “unrelated” looks like to an encoder."""
REMEMBERED = 20_000
"""Words, about 2 KB each under the packaged encoder; then the memory starts afresh."""
_FILES = ("*.json", "*.txt", "*.model", "*.safetensors")
"""What is fetched of a model on the hub: neither code nor pickles."""


class WordEncoder:
    """Words → vectors of length 1, remembered, so that a solution costs once. Safe to share between threads."""

    def __init__(self, name: str, model: "SentenceTransformer", middle: float | None = None) -> None:
        self.name = name
        self.model = model
        self._known: dict[str, array[float]] = {}
        self._lock = threading.Lock()
        self.median = _median(self(COMMON)) if middle is None else middle

    def __call__(self, words: Sequence[str]) -> list["array[float]"]:
        """One vector for each word, in order; one run of the model for those not seen lately."""
        with self._lock:
            if len(self._known) > REMEMBERED:
                self._known.clear()
            if new := [word for word in dict.fromkeys(words) if word not in self._known]:
                rows = self.model.encode(new, normalize_embeddings=True, show_progress_bar=False)
                self._known.update((word, array("f", row.tolist())) for word, row in zip(new, rows, strict=True))
            return [self._known[word] for word in words]

    def __reduce__(self) -> tuple[object, ...]:
        """Travels to another process as its name; the weights are loaded there."""
        return load_encoder, (self.name,)


def load_encoder(name: str) -> Embedder | None:
    """The encoder of this name: `embedded`, `none` (no encoder), or a sentence-transformers id or folder.

    Only safetensors are read, and no code that comes with a model is run. Raises CheckpointError.
    """
    if name == NONE:
        return None
    if name == EMBEDDED:
        from ghigliottina.models.packaged_encoder import packaged_encoder

        return WordEncoder(name, packaged_encoder(), EMBEDDED_MEDIAN)
    return WordEncoder(name, _load(name))


def _load(name: str) -> "SentenceTransformer":
    from huggingface_hub import snapshot_download
    from safetensors import SafetensorError
    from sentence_transformers import SentenceTransformer

    try:
        local = Path(name).expanduser()
        folder = local if local.is_dir() else Path(snapshot_download(name, allow_patterns=_FILES))
        if pickled := next(
            (f for f in folder.rglob("pytorch_model*.bin") if not [*f.parent.glob("*.safetensors")]), None
        ):
            raise ValueError(f"its {pickled.name} is a pickle, which can run code")
        return SentenceTransformer(str(folder), trust_remote_code=False, local_files_only=True)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, ImportError, SafetensorError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
        raise CheckpointError(
            f"The word encoder “{name}” can’t be loaded: {reason}. It must be a sentence-transformers model with"
            f" safetensors, in a folder here or on the hub within reach; “{EMBEDDED}” always works.",
            "encoder_unreadable",
            name=name,
            reason=reason,
        ) from error


def _median(vectors: Sequence[Sequence[float]]) -> float:
    return float(median(sum(map(mul, one, other)) for one, other in combinations(vectors, 2)))
