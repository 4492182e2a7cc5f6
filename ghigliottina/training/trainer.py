"""From a run's recipe to an adapter on the shelf: loads, trains, tells the run how it goes, saves, resumes."""

import ctypes
import math
import resource
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any, Literal

import torch
from accelerate import PartialState
from datasets import Dataset
from transformers import PreTrainedTokenizerFast, PrinterCallback, Trainer, TrainerCallback
from trl import GRPOTrainer

from ghigliottina.errors import InputError, TrainingError
from ghigliottina.links.graph import Graph
from ghigliottina.models import crowd
from ghigliottina.models.chat import Chat
from ghigliottina.models.encoder import load_encoder
from ghigliottina.models.engine import Sampling
from ghigliottina.models.head import italian_rows
from ghigliottina.models.shelf import Shelf
from ghigliottina.training import grpo, sft
from ghigliottina.training.adapter import Start, publish, versions
from ghigliottina.training.data import Example, fixed, take
from ghigliottina.training.recipe import Recipe
from ghigliottina.training.run import Run
from rewards import Completion, Rubric
from rewards.trl import reward_functions

Stop = Callable[[], str]
LAST = 10
"""Steps whose mean goes into the checkpoint's record."""


def train(run: Run, shelf: Shelf, graph: Graph, stop: Stop) -> Literal["finished", "stopped"]:
    """Train by the run's recipe, from its last save if there is one; `stop` is asked after each step.

    The adapter is put on the shelf under the run's name at every save. Raises GhigliottinaError.
    """
    _give_back()
    run.note("phase", phase="prepare")
    recipe = run.recipe
    start = Start.fetch(recipe, shelf)
    chat = Chat.load(start.checkpoint, start.base)
    lessons = take(graph, recipe)
    run.note("phase", phase="load")
    rubric = recipe.rubric.with_phrases(graph.says).with_embedder(load_encoder(shelf.settings.encoder))
    trainer = build(recipe, start, chat, lessons, rubric, run)
    reporter = Reporter(run, start, shelf, stop, trainer, fixed(graph, start.checkpoint.grammar), chat, rubric)
    trainer.add_callback(reporter)
    trainer.remove_callback(PrinterCallback)
    saved = run.checkpoints()
    run.note("start", from_step=saved[-1] if saved else 0, puzzles=len(lessons), versions=versions())
    trainer.train(resume_from_checkpoint=str(run.folder / f"checkpoint-{saved[-1]}") if saved else None)
    return "finished" if trainer.state.global_step >= recipe.steps else "stopped"


def build(recipe: Recipe, start: Start, chat: Chat, lessons: Sequence[Example], rubric: Rubric, run: Run) -> Trainer:
    """TRL's trainer for the recipe; on a CPU its lean form."""
    processes = PartialState().num_processes
    if recipe.puzzles % processes:
        message = f"{recipe.puzzles} puzzles a step can't be shared by {processes} processes: take a multiple of it."
        raise InputError(message, "recipe", name="puzzles", value=str(recipe.puzzles))
    known = common(recipe, str(run.folder))
    parts = {"processing_class": tokenizer_of(chat)}
    if recipe.method == "sft":
        rows = rows_for(lessons, chat)
        data = Dataset.from_list([sft.row(lesson, chat) for lesson in lessons])
        return sft.LeanSFTTrainer(
            start.load(recipe), sft.settings(recipe, processes, **known), train_dataset=data, rows=rows, **parts
        )
    parts |= {
        "args": grpo.settings(recipe, processes, **known),
        "reward_funcs": reward_functions(rubric, start.checkpoint.grammar),
        "train_dataset": Dataset.from_list([grpo.row(lesson) for lesson in lessons]),
    }
    if torch.cuda.is_available():
        stock = GRPOTrainer(start.load(recipe), **parts)
        stock.rows = torch.arange(len(stock.model.get_output_embeddings().weight))
        return stock
    if recipe.vllm:
        raise InputError(
            "vLLM samples on a GPU, and there is none here: leave --vllm out.", "recipe", name="vllm", value="on"
        )
    parts |= {"chat": chat, "rows": rows_for(lessons, chat), "note": lambda phase: run.note("phase", phase=phase)}
    return grpo.LeanGRPOTrainer(model=start.load(recipe), **parts)


def common(recipe: Recipe, folder: str) -> dict[str, Any]:
    """What both methods tell their trainer: on a CPU in float32, everything in memory, nothing sent anywhere."""
    gpu = torch.cuda.is_available()
    return {
        "output_dir": folder,
        "max_steps": recipe.steps,
        "learning_rate": recipe.learning_rate,
        "lr_scheduler_type": "cosine",
        "warmup_steps": max(1, recipe.steps // 20),
        "seed": recipe.seed,
        "use_cpu": not gpu,
        "bf16": gpu,
        "activation_checkpointing": False,  # on by default in TRL; it saves memory and costs a third of the time
        "logging_steps": 1,
        "logging_nan_inf_filter": False,  # it would hide what must end the run
        "save_strategy": "steps",
        "save_steps": recipe.save_every,
        "save_total_limit": 2,
        "report_to": "none",
        "disable_tqdm": True,
        "dataloader_pin_memory": False,
    }


def tokenizer_of(chat: Chat) -> PreTrainedTokenizerFast:
    """What a trainer asks a tokenizer for: padding, text for tokens, and stock ones also for the prompt's tokens."""
    marks = {"bos_token": "<bos>", "pad_token": "<pad>", "eos_token": "<eos>"}
    return PreTrainedTokenizerFast(tokenizer_object=chat.tokenizer, chat_template=chat.template, **marks)


def rows_for(lessons: Sequence[Example], chat: Chat) -> torch.Tensor:
    """The rows of the head: the Italian ones, and those of the lessons' own tokens, as the engine adds its prompt's."""
    seen = set(chat.ends)
    for lesson in lessons:
        seen.update(chat.ids(lesson.messages))
        seen.update(chat.tokenizer.encode(lesson.target, add_special_tokens=False).ids)
    return torch.cat((italian_rows(chat.tokenizer), torch.tensor(sorted(seen)))).unique()


@dataclass
class Reporter(TrainerCallback):  # type: ignore[misc]
    """Writes down how it goes, saves, and stops when asked. Of several processes only the first one's run writes."""

    run: Run
    start: Start
    shelf: Shelf
    stop: Stop
    trainer: Trainer
    puzzle: Example
    """The one fixed puzzle whose answers show what has changed."""
    chat: Chat
    rubric: Rubric
    clock: float = field(default_factory=time.monotonic)
    last: list[Mapping[str, Any]] = field(default_factory=list)

    def on_train_begin(self, _args: object, state: Any, _control: object, **_: object) -> None:  # noqa: ANN401
        """How the fixed puzzle is answered before anything is learnt."""
        if self.run.recipe.sample_every and state.global_step == 0:
            self.sample(0)
        self.clock = time.monotonic()

    def on_log(self, _args: object, state: Any, _control: object, logs: Mapping[str, Any], **_: object) -> None:  # noqa: ANN401
        """A step is done: note its figures and rollouts."""
        if "loss" not in logs:
            return
        if not math.isfinite(logs["loss"]) or not math.isfinite(logs.get("grad_norm", 0.0)):
            message = (
                f"At step {state.global_step} the loss is no number any more: lower the learning rate, and resume."
            )
            raise TrainingError(message, "nan", step=state.global_step)
        now = time.monotonic()
        event = {"step": state.global_step, "seconds": round(now - self.clock, 2), "memory": memory(), **figures(logs)}
        self.clock = now
        self.last = [*self.last[-LAST + 1 :], event]
        if self.run.recipe.method == "grpo":
            self.run.write_rollouts(state.global_step, rollouts(self.trainer, self.run.recipe))
        self.run.note("step", **event)
        every = self.run.recipe.sample_every
        if every and (state.global_step % every == 0 or state.global_step == self.run.recipe.steps):
            self.sample(state.global_step)
            self.clock = time.monotonic()

    def on_step_end(self, _args: object, state: Any, control: Any, **_: object) -> None:  # noqa: ANN401
        """Whether to go on."""
        # All processes must agree, or those that go on would wait for those that don't.
        asked = torch.tensor([("", "save", "discard").index(self.stop())], device=self.trainer.accelerator.device)
        answer = int(self.trainer.accelerator.gather(asked).max())
        control.should_training_stop |= answer > 0
        control.should_save |= answer == 1 or state.global_step == self.run.recipe.steps

    def on_save(self, _args: object, state: Any, _control: object, **_: object) -> None:  # noqa: ANN401
        """The trainer has saved what it needs to go on; put the adapter on the shelf."""
        self.run.note("phase", phase="save")
        state_dict = self.trainer.accelerator.get_state_dict(self.trainer.model_wrapped)  # FSDP gathers: all must ask
        if self.trainer.is_world_process_zero():
            metrics = {name: _mean(event.get(name) for event in self.last) for name in ("loss", "reward", "accuracy")}
            told = {name: value for name, value in metrics.items() if value is not None}
            model = self.trainer.accelerator.unwrap_model(self.trainer.model)
            publish(model, state_dict, self.start, self.run, self.shelf.own, {"steps": state.global_step, **told})
        self.run.note("saved", step=state.global_step, checkpoint=f"checkpoint-{state.global_step}")

    def sample(self, step: int) -> None:
        """Note how the fixed puzzle is answered now, at temperature 0."""
        if not self.trainer.is_world_process_zero() or self.trainer.is_fsdp_enabled:  # then it holds a shard only
            return
        model = self.trainer.accelerator.unwrap_model(self.trainer.model)
        rows = self.trainer.rows
        gemma, head = grpo.merged(model, rows)
        prompt, most = self.chat.ids(self.puzzle.messages), Sampling(self.run.recipe.max_tokens)
        (tokens,) = crowd.write(gemma, head, rows, [prompt], most, self.chat.ends)
        text = self.chat.tokenizer.decode(tokens)  # without the special tokens, so without the one that ends it
        puzzle = self.puzzle.puzzle
        told = self.rubric.judge(Completion.parse(text, self.start.checkpoint.grammar), puzzle.clues, puzzle.solution)
        known = {"clues": puzzle.clues, "solution": puzzle.solution, "text": text}
        self.run.note("sample", step=step, **known, total=told.total, rewards=told.values)


def figures(logs: Mapping[str, Any]) -> dict[str, Any]:
    """A step's figures in a run's words, from TRL's."""
    rewards = {name.split("/")[1]: value for name, value in logs.items() if _is_reward(name)}
    known = {ours: logs[theirs] for ours, theirs in _FIGURES.items() if theirs in logs}
    return known | ({"rewards": rewards} if rewards else {})


_FIGURES = {
    "loss": "loss",
    "learning_rate": "learning_rate",
    "grad_norm": "grad_norm",
    "accuracy": "mean_token_accuracy",
    "reward": "reward",
    "reward_std": "reward_std",
    "length": "completions/mean_length",
    "clipped": "completions/clipped_ratio",
    "entropy": "entropy",
    "no_signal": "frac_reward_zero_std",
}


def _is_reward(name: str) -> bool:
    return name.startswith("rewards/") and name.endswith("/mean")


def rollouts(trainer: GRPOTrainer, recipe: Recipe) -> list[dict[str, Any]]:
    """What was sampled in the latest step, of all processes, as `Run.write_rollouts` takes it."""
    logs = trainer._logs
    weights = recipe.rubric.weights
    rows = []
    for i, completion in enumerate(logs["completion"]):
        rewards = {name: _number(values[i]) for name, values in logs["rewards"].items()}
        extra = {name: values[i] for name, values in logs["extra"].items()}
        total = sum(weights[name] * (value or 0.0) for name, value in rewards.items())
        told = {"text": completion[0]["content"], "rewards": rewards, "total": total}
        rows.append({"group": i // recipe.completions, **extra, **told, "advantage": logs["advantages"][i]})
    return rows


def _give_back() -> None:
    """Let glibc give large freed blocks back at once instead of keeping them: half a gigabyte less here."""
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "mallopt"):
        libc.mallopt(_M_MMAP_THRESHOLD, 2**20)


_M_MMAP_THRESHOLD = -3
"""From glibc's malloc.h."""


def memory() -> int:
    """The most that this process has held, in bytes; mapped files included."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(fmean(known), 4) if known else None
