"""The tensors of a checkpoint folder by name, with an adapter merged in as they are read."""

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open

from ghigliottina.errors import CheckpointError
from ghigliottina.models.checkpoint import Checkpoint

_LORA = re.compile(r"base_model\.model\.(?P<module>.+)\.lora_(?P<side>[AB])\.weight")


class Weights:
    """Tensors as they lie in the files, mapped into memory: what isn't touched is never read from the disk."""

    def __init__(self, checkpoint: Checkpoint, adapter: Checkpoint | None = None) -> None:
        self._name = (adapter or checkpoint).name
        self._tensors = {name: tensor for path in _files(checkpoint.path) for name, tensor in _open(path).items()}
        self._adapter = _Adapter(adapter.path) if adapter else None
        # Alone, a text model's tensors are named model.layers…; inside a model that also sees, they have a prefix.
        self._root = next((n.removesuffix("embed_tokens.weight") for n in self._tensors if "embed_tokens." in n), "")
        strange = self._adapter.modules - {n.removesuffix(".weight") for n in self._tensors} if self._adapter else ()
        if strange:
            message = f"The adapter “{self._name}” changes “{min(strange)}”, which its base “{checkpoint.name}” lacks."
            raise CheckpointError(f"{message} Name the right base.", "adapter_misfit", name=self._name)

    def __call__(self, name: str) -> torch.Tensor:
        """The tensor of that name below the text model's root, `layers.0.mlp.up_proj.weight` say, in the file's
        dtype, or in float32 where an adapter changes it. Raises CheckpointError if there is none."""
        return self._get(self._root + name)

    @property
    def head(self) -> torch.Tensor:
        """The output matrix [tokens, hidden]: the input embedding, unless the model has one of its own."""
        own = next((name for name in self._tensors if name.endswith("lm_head.weight")), None)
        return self._get(own or self._root + "embed_tokens.weight")

    def _get(self, name: str) -> torch.Tensor:
        if name not in self._tensors:
            message = f"Checkpoint “{self._name}” lacks the tensor “{name}”: write or download it again."
            raise CheckpointError(message, "checkpoint_tensor", name=self._name, tensor=name)
        tensor = self._tensors[name]
        module = name.removesuffix(".weight")
        if self._adapter is None or module not in self._adapter.modules:
            return tensor
        return tensor.float() + self._adapter.delta(module)


class _Adapter:
    """A plain LoRA: what it adds to a weight W is scale · B·A."""

    def __init__(self, folder: Path) -> None:
        self._config: dict[str, Any] = json.loads((folder / "adapter_config.json").read_bytes())
        self._sides: dict[tuple[str, str], torch.Tensor] = {}
        for name, tensor in _open(folder / "adapter_model.safetensors").items():
            if match := _LORA.fullmatch(name):
                self._sides[match["module"], match["side"]] = tensor.float()
        self.modules = {module for module, _ in self._sides}

    def delta(self, module: str) -> torch.Tensor:
        a, b = self._sides[module, "A"], self._sides[module, "B"]
        patterns: Mapping[str, float] = self._config.get("alpha_pattern") or {}
        own = (alpha for pattern, alpha in patterns.items() if re.fullmatch(rf"(.*\.)?{pattern}", module))
        alpha = next(own, self._config["lora_alpha"])
        rank = a.shape[0]
        return (b @ a) * (alpha / (math.sqrt(rank) if self._config.get("use_rslora") else rank))


def _files(folder: Path) -> list[Path]:
    index = folder / "model.safetensors.index.json"
    if not index.is_file():
        return [folder / "model.safetensors"]
    return [folder / name for name in sorted(set(json.loads(index.read_bytes())["weight_map"].values()))]


def _open(path: Path) -> dict[str, torch.Tensor]:
    with safe_open(path, framework="pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}
