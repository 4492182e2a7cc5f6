"""The adapter that a run trains: from the shelf into memory, and from memory onto the shelf."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from peft import LoraConfig, PeftModel, get_peft_model, get_peft_model_state_dict
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM

from ghigliottina.models.checkpoint import Checkpoint, seal
from ghigliottina.models.shelf import Shelf
from ghigliottina.training.recipe import Recipe
from ghigliottina.training.run import EVENTS, Run

ADAPTER = "adapter_model.safetensors"
NOTICE = """Gemma is provided under and subject to the Gemma Terms of Use found at ai.google.dev/gemma/terms

A LoRA adapter for {base}, trained by La Ghigliottina on puzzles made from its own links. It is a Model Derivative of
Gemma under those terms.
"""


@dataclass(frozen=True, slots=True)
class Start:
    """What a run starts from."""

    checkpoint: Checkpoint
    base: Checkpoint
    """The whole model under it; the checkpoint itself if it is one."""

    @classmethod
    def fetch(cls, recipe: Recipe, shelf: Shelf) -> "Start":
        """From the shelf, prepared or downloaded if need be. Raises CheckpointError."""
        checkpoint = shelf.fetch(recipe.start, lambda done, phase: None)
        return cls(checkpoint, shelf.find(checkpoint.base) if checkpoint.base else checkpoint)

    def load(self, recipe: Recipe) -> PeftModel:
        """The model in float32 with the adapter that is trained: the start's own, or a new one that changes nothing
        yet."""
        torch.manual_seed(recipe.seed)
        model = AutoModelForCausalLM.from_pretrained(self.base.path, dtype=torch.float32)
        if self.checkpoint.kind != "adapter":
            return get_peft_model(model, lora(recipe))
        adapted = PeftModel.from_pretrained(model, self.checkpoint.path, is_trainable=True)
        # At every save peft looks the base up, and a shelf's name it would look up on the hub.
        adapted.peft_config["default"].base_model_name_or_path = str(self.base.path)
        return adapted


def lora(recipe: Recipe) -> LoraConfig:
    """Low-rank changes to every linear layer but the head."""
    return LoraConfig(r=recipe.rank, lora_alpha=recipe.alpha, target_modules="all-linear", task_type="CAUSAL_LM")


def publish(
    model: PeftModel,
    state: Mapping[str, torch.Tensor],
    start: Start,
    run: Run,
    shelf: Path,
    metrics: Mapping[str, float],
) -> Checkpoint:
    """Put the adapter, as it is in the model's `state`, with the run's record into the folder `shelf` under its name.

    It is written beside and then renamed: whoever looks finds the old one or the new one.
    """
    shelf.mkdir(parents=True, exist_ok=True)
    out = shelf / run.name
    with TemporaryDirectory(dir=shelf, prefix=".draft-") as drafts:
        draft = Path(drafts) / run.name
        write(model, state, draft, start.base)
        if (run.folder / EVENTS).is_file():
            shutil.copy(run.folder / EVENTS, draft)
        seal(
            draft,
            run.name,
            "adapter",
            base=start.base.name,
            parent=start.checkpoint.name,
            shots=False,
            grammar=start.checkpoint.grammar.name,
            licence=start.base.licence,
            recipe=run.recipe.as_json(),
            metrics=dict(metrics),
            versions=versions(),
        )
        if out.exists():
            out.rename(Path(drafts) / "old")
        draft.rename(out)
    return Checkpoint.read(out)


def versions() -> dict[str, str]:
    """Of the libraries that decide what a training makes."""
    return {name: version(name) for name in ("torch", "transformers", "peft", "trl")}


def write(model: PeftModel, state: Mapping[str, torch.Tensor], folder: Path, base: Checkpoint) -> None:
    """The adapter in bfloat16, which names its base as the shelf does and no folder of this machine."""
    folder.mkdir()
    tensors = get_peft_model_state_dict(model, state_dict=state, save_embedding_layers=False)
    save_file({name: tensor.to(torch.bfloat16) for name, tensor in tensors.items()}, folder / ADAPTER)
    config = replace(model.peft_config["default"], base_model_name_or_path=base.name, inference_mode=True)
    config.target_modules = sorted(config.target_modules)
    config.save_pretrained(folder)
    (folder / "NOTICE").write_text(NOTICE.format(base=base.name), encoding="utf-8")
    if (base.path / "GEMMA_TERMS.html").is_file():
        shutil.copy(base.path / "GEMMA_TERMS.html", folder)
