"""The warm start: supervised fine-tuning that teaches the grammar, and to use the evidence and not to invent it.

TRL's SFTTrainer with a lean loss. Stock, it multiplies every token by the 262,144 rows of the output matrix, which is
most of the work of a small model on a CPU; here only the tokens of the answer are, by the rows that Italian uses.
"""

import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from datasets import Dataset
from peft import LoraConfig, PeftModel, get_peft_model, get_peft_model_state_dict
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast, PrinterCallback, TrainerCallback
from trl import SFTConfig, SFTTrainer

from ghigliottina.errors import CheckpointError, InputError
from ghigliottina.links.graph import Graph
from ghigliottina.models.chat import Chat
from ghigliottina.models.checkpoint import Checkpoint, seal
from ghigliottina.models.head import italian_rows
from ghigliottina.models.shelf import Shelf
from ghigliottina.training.data import Example, take
from ghigliottina.training.recipe import Recipe

ADAPTER = "adapter_model.safetensors"
SAVE_EVERY = 50
"""Steps. A run that is cut off leaves the adapter of its last save."""
IGNORED = -100
"""The label of a token that isn't scored: torch's convention."""
NOTICE = """Gemma is provided under and subject to the Gemma Terms of Use found at ai.google.dev/gemma/terms

A LoRA adapter for {base}, trained by La Ghigliottina on puzzles made from its own links. It is a Model Derivative of
Gemma under those terms.
"""

Row = dict[str, list[int]]
Progress = Callable[[int, Mapping[str, float]], None]
"""Hears (step, its figures: loss, mean_token_accuracy, learning_rate, grad_norm) after every step."""


class LeanTrainer(SFTTrainer):  # type: ignore[misc]
    """Scores only the tokens of the answers, against the rows of the head that it is given.

    With all rows, loss and gradients are the stock trainer's (tests/training/test_sft.py).
    """

    def __init__(self, *args: Any, rows: torch.Tensor, **options: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **options)
        weight = self.model.get_output_embeddings().weight
        self._head = weight.detach()[rows.to(weight.device)]
        # A token outside the rows has no place: cross_entropy raises on it.
        self._place = torch.full((len(weight),), len(weight), device=weight.device)
        self._place[rows] = torch.arange(len(rows), device=weight.device)

    def compute_loss(
        self,
        model: torch.nn.Module,
        inputs: dict[str, torch.Tensor],
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """The mean negative log-likelihood of the answers' tokens among the rows."""
        body = self.accelerator.unwrap_model(model).get_base_model().model
        states = body(inputs["input_ids"], attention_mask=inputs["attention_mask"], use_cache=False).last_hidden_state
        following = inputs["labels"][:, 1:]
        scored = following != IGNORED
        logits = states[:, :-1][scored] @ self._head.t()
        places = self._place[following[scored]]
        loss = torch.nn.functional.cross_entropy(logits, places, reduction="sum")
        hits = (logits.detach().argmax(-1) == places).float().mean()
        self._metrics["train"]["mean_token_accuracy"].append(hits.item())
        return loss / (scored.sum() if num_items_in_batch is None else num_items_in_batch)


@dataclass
class _Keeper(TrainerCallback):  # type: ignore[misc]
    """Saves the adapter every so often, and tells how it goes."""

    model: PeftModel
    recipe: Recipe
    base: Checkpoint
    out: Path
    progress: Progress
    start: float = field(default_factory=time.monotonic)
    losses: list[float] = field(default_factory=list)

    def on_log(self, _args: object, state: Any, _control: object, logs: Mapping[str, float], **_: object) -> None:  # noqa: ANN401
        if "loss" in logs:
            self.losses.append(logs["loss"])
            self.progress(state.global_step, logs)
            if state.global_step % SAVE_EVERY == 0 or state.global_step == self.recipe.steps:
                self.save()

    def save(self) -> Checkpoint:
        """Write the adapter beside `out`, then put it in its place: whoever looks finds the old one or the new one."""
        last = self.losses[-10:]
        metrics = {
            "steps": len(self.losses),
            "loss": round(sum(last) / len(last), 4),
            "seconds": round(time.monotonic() - self.start),
        }
        with TemporaryDirectory(dir=self.out.parent, prefix=".draft-") as drafts:
            draft = Path(drafts) / self.out.name
            write_adapter(self.model, draft, self.base)
            seal(
                draft,
                self.out.name,
                "adapter",
                base=self.base.name,
                shots=False,
                grammar=self.base.grammar.name,
                licence=self.base.licence,
                recipe=self.recipe.as_json(),
                metrics=metrics,
                versions={name: version(name) for name in ("torch", "transformers", "peft", "trl")},
            )
            if self.out.exists():
                self.out.rename(Path(drafts) / "old")
            draft.rename(self.out)
        return Checkpoint.read(self.out)


def train(recipe: Recipe, out: Path, shelf: Shelf, graph: Graph, progress: Progress) -> Checkpoint:
    """Train an adapter by the recipe into the new folder `out`, whose name becomes its name on the shelf.

    Half an hour on two cores for 300 steps. Raises InputError if `out` exists or can't be written, CheckpointError if
    the base can't be trained.
    """
    if out.exists():
        raise InputError(f"{out} exists already: choose another folder, or remove it.", "out_exists", path=str(out))
    out.parent.mkdir(parents=True, exist_ok=True)
    base = shelf.fetch(recipe.start, lambda done, phase: None)
    if base.kind == "adapter":
        message = f"“{base.name}” is an adapter, and an adapter needs a whole model under it: name its base."
        raise CheckpointError(message, "adapter_base", name=base.name, base=base.name)
    chat = Chat.load(base)
    lessons = [row(example, chat) for example in take(graph, recipe)]
    torch.manual_seed(recipe.seed)
    model = get_peft_model(AutoModelForCausalLM.from_pretrained(base.path, dtype=torch.float32), lora(recipe))
    keeper = _Keeper(model, recipe, base, out, progress)
    with TemporaryDirectory() as scratch:
        trainer = LeanTrainer(
            model,
            settings(recipe, scratch),
            train_dataset=Dataset.from_list(lessons),
            processing_class=tokenizer_of(chat),
            callbacks=[keeper],
            rows=rows_for(lessons, chat),
        )
        trainer.remove_callback(PrinterCallback)
        trainer.train()
    return Checkpoint.read(out)


def row(example: Example, chat: Chat) -> Row:
    """A lesson as tokens: exactly the prompt that the engine sends, then the target and the token that ends it."""
    prompt = chat.ids(example.messages)
    answer = [*chat.tokenizer.encode(example.target, add_special_tokens=False).ids, min(chat.ends)]
    return {"input_ids": prompt + answer, "labels": [IGNORED] * len(prompt) + answer}


def rows_for(lessons: Sequence[Row], chat: Chat) -> torch.Tensor:
    """The rows of the head: the Italian ones, and those of the lessons' own tokens, as the engine adds its prompt's."""
    seen = torch.tensor(sorted({token for lesson in lessons for token in lesson["input_ids"]}))
    return torch.cat((italian_rows(chat.tokenizer), seen)).unique()


def lora(recipe: Recipe) -> LoraConfig:
    """Low-rank changes to every linear layer but the head."""
    return LoraConfig(r=recipe.rank, lora_alpha=recipe.alpha, target_modules="all-linear", task_type="CAUSAL_LM")


def settings(recipe: Recipe, scratch: str) -> SFTConfig:
    """The recipe in TRL's words: on a CPU in float32, everything in memory, nothing sent anywhere."""
    return SFTConfig(
        output_dir=scratch,
        max_steps=recipe.steps,
        per_device_train_batch_size=recipe.puzzles,
        learning_rate=recipe.learning_rate,
        lr_scheduler_type="cosine",
        warmup_steps=max(1, recipe.steps // 20),
        seed=recipe.seed,
        use_cpu=not torch.cuda.is_available(),
        bf16=False,
        activation_checkpointing=False,  # on by default in TRL; it saves memory and costs a third of the time
        max_length=None,
        logging_steps=1,
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        dataloader_pin_memory=False,
    )


def tokenizer_of(chat: Chat) -> PreTrainedTokenizerFast:
    """What the trainer asks a tokenizer for, which is the padding only: the lessons are tokens already."""
    return PreTrainedTokenizerFast(tokenizer_object=chat.tokenizer, pad_token="<pad>", eos_token="<eos>")


def write_adapter(model: PeftModel, folder: Path, base: Checkpoint) -> None:
    """The adapter in bfloat16, which names its base as the shelf does and no folder of this machine."""
    folder.mkdir()
    tensors = get_peft_model_state_dict(model, save_embedding_layers=False)
    save_file({name: tensor.to(torch.bfloat16) for name, tensor in tensors.items()}, folder / ADAPTER)
    config = replace(model.peft_config["default"], base_model_name_or_path=base.name, inference_mode=True)
    config.target_modules = sorted(config.target_modules)
    config.save_pretrained(folder)
    (folder / "NOTICE").write_text(NOTICE.format(base=base.name), encoding="utf-8")
    if (base.path / "GEMMA_TERMS.html").is_file():
        shutil.copy(base.path / "GEMMA_TERMS.html", folder)
