"""GRPO: sample a group of answers to each puzzle, and make those likelier that earn more than their group's mean.

TRL's GRPOTrainer, made lean for a CPU. Its advantages and its loss are untouched; what is replaced is how the answers
are sampled and how their log-probabilities are computed:

- a group's answers are written side by side behind one reading of their prompt (`models/crowd.py`), with the adapter
  merged into the fused matrices that also play on the page;
- they are scored behind one reading of their prompt (`packing.py`), by the rows of the head that Italian uses, and
  only where there is an answer's token;
- answers without an advantage aren't scored at all.

With all rows, loss and gradients are the stock trainer's (tests/training/test_grpo.py).
"""

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

import torch
from peft import PeftModel
from peft.tuners.lora import LoraLayer
from trl import GRPOConfig, GRPOTrainer
from trl.trainer.utils import split_tensor_dict

from ghigliottina.models import crowd
from ghigliottina.models.chat import Chat
from ghigliottina.models.engine import Message, Sampling
from ghigliottina.models.gemma import Gemma, Matrix, matrix
from ghigliottina.models.head import places
from ghigliottina.training.data import Example
from ghigliottina.training.packing import Pack, pack
from ghigliottina.training.recipe import Recipe

Note = Callable[[str], None]
"""Hears what is done right now: `rollouts` or `loss`."""


class LeanGRPOTrainer(GRPOTrainer):  # type: ignore[misc]
    """Samples and scores with the rows of the head that it is given. A micro-batch is one puzzle's group."""

    def __init__(self, chat: Chat, rows: torch.Tensor, note: Note, **options: Any) -> None:  # noqa: ANN401
        super().__init__(**options)
        self.rollout_func = sample  # as its parameter it is experimental, and warns
        self.chat, self.rows, self.note = chat, rows, note
        base = self.model.get_base_model()
        embedding = base.get_output_embeddings().weight
        self.window = base.config.sliding_window
        self.place = places(rows, len(embedding))
        # In the model's own place, so that it also is where DistributedDataParallel and FSDP look.
        head = torch.nn.Linear(embedding.shape[1], len(rows), bias=False, device=embedding.device)
        head.weight = torch.nn.Parameter(embedding.detach()[rows], requires_grad=False)
        base.lm_head = head

    def _prepare_inputs(self, batch: Any) -> dict[str, torch.Tensor]:  # noqa: ANN401
        # As TRL's, which also shuffles: a group must stay together to share its prompt.
        steps = self.args.steps_per_generation
        if self._step % steps == 0 or self._buffered_inputs is None:  # type: ignore[has-type]
            self.note("rollouts")
            self._buffered_inputs = split_tensor_dict(self._generate_and_score_completions(batch), steps)
            self.note("loss")
        return self._buffered_inputs[self._step % steps]  # type: ignore[no-any-return, has-type]

    def _generate_and_score_completions(self, inputs: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
        for column in ("clues", "solution"):  # for the record of rollouts
            self._log_completion_extra(column, [row[column] for row in inputs])
        scored: dict[str, torch.Tensor] = super()._generate_and_score_completions(inputs)
        return scored

    def _compute_loss(self, model: torch.nn.Module, inputs: dict[str, Any]) -> torch.Tensor:
        """The loss of the answers that have an advantage; of all it would be the same (there is no KL term, and its
        normaliser, `num_items_in_batch`, counts all). One is always scored, as every process must go forward."""
        kept = inputs["advantages"] != 0
        if not kept.any():
            kept[inputs["completion_mask"].sum(1).argmin()] = True
        size = len(kept)
        rows = {
            name: value[kept] if isinstance(value, torch.Tensor) and value.shape[:1] == (size,) else value
            for name, value in inputs.items()
        }
        loss: torch.Tensor = super()._compute_loss(model, rows)
        return loss

    def _get_per_token_logps_and_entropies(
        self,
        model: torch.nn.Module,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor,
        logits_to_keep: int,
        *_: object,
        **__: object,
    ) -> tuple[torch.Tensor, torch.Tensor, None]:
        """Log-probabilities and entropies [answers, logits_to_keep], 0 where there is no token; no auxiliary loss."""
        scored = attention_mask[:, -logits_to_keep:].bool()
        packs = [
            pack(prompt, completions, self.window) for prompt, completions in _groups(input_ids, scored, attention_mask)
        ]
        told = [self._score(model, one) for one in packs]
        logps, entropies = (torch.cat(values) for values in zip(*told, strict=True))
        empty = torch.zeros(scored.shape, device=scored.device)
        return empty.masked_scatter(scored, logps), empty.masked_scatter(scored, entropies), None

    def _score(self, model: torch.nn.Module, one: Pack) -> tuple[torch.Tensor, torch.Tensor]:
        """Log-probability and entropy of each completion token of a pack, [m] each."""
        device = self.accelerator.device
        output = model(
            input_ids=one.ids[None].to(device),
            position_ids=one.positions[None].to(device),
            attention_mask={kind: mask[None, None].to(device) for kind, mask in one.masks.items()},
            logits_to_keep=one.before.to(device),
            use_cache=False,
        )
        logits = output.logits[0].float()
        if self.temperature != 1.0:
            logits = logits / self.temperature
        # Not log_softmax, which would hold a second number for each row of the head.
        total = logits.logsumexp(-1)
        with torch.no_grad():
            entropies = total - (logits.softmax(-1) * logits).sum(-1)
        columns = self.place[one.targets].to(device)
        return logits.gather(1, columns[:, None])[:, 0] - total, entropies


def _groups(
    input_ids: torch.Tensor, scored: torch.Tensor, attention_mask: torch.Tensor
) -> list[tuple[list[int], list[list[int]]]]:
    """Neighbours with the same prompt, as (prompt, completions)."""
    width = scored.shape[1]
    rows = [
        (ids[:-width][mask[:-width].bool()].tolist(), ids[-width:][own].tolist())
        for ids, mask, own in zip(input_ids, attention_mask, scored, strict=True)
    ]
    return [(prompt, [answer for _, answer in group]) for prompt, group in groupby(rows, key=lambda row: row[0])]


def sample(prompts: Sequence[Sequence[dict[str, str]]], trainer: LeanGRPOTrainer) -> dict[str, Any]:
    """TRL's `rollout_func`: the prompts come as often as completions are wanted, equal ones beside each other.

    The dice are those of the recipe's seed and the step, so a resumed run samples what it would have sampled.
    """
    size = trainer.num_generations
    ids = [trainer.chat.ids([Message(**message) for message in prompt]) for prompt in prompts[::size]]  # type: ignore[arg-type]
    model = trainer.accelerator.unwrap_model(trainer.model)
    gemma, head = merged(model, trainer.rows)
    dice = (trainer.args.seed * 1_000_003 + trainer.state.global_step) * 64 + trainer.accelerator.process_index
    how = Sampling(trainer.max_completion_length, trainer.temperature, dice)
    written = crowd.write(gemma, head, trainer.rows, ids, how, trainer.chat.ends, copies=size)
    trainer._log_completion_extra("tokens", [len(tokens) for tokens in written])
    return {
        "prompt_ids": [one for one in ids for _ in range(size)],
        "completion_ids": written,
        "logprobs": None,
    }


@torch.no_grad()  # type: ignore[untyped-decorator]
def merged(model: PeftModel, rows: torch.Tensor) -> tuple[Gemma, Matrix]:
    """The network as the page plays it, with the adapter as it is now, and these rows of its head: a
    third of a second and 400 MB, so it is made anew each step and let go."""
    base = model.get_base_model()
    layers = {name: module for name, module in base.model.named_modules() if isinstance(module, LoraLayer)}

    def weights(name: str) -> torch.Tensor:
        layer = layers.get(name.removesuffix(".weight"))
        if layer is None:
            return base.model.get_parameter(name)
        weight: torch.Tensor = layer.base_layer.weight + layer.get_delta_weight("default")
        return weight

    head = getattr(base.lm_head, "weight", base.get_input_embeddings().weight)
    head = head if len(head) == len(rows) else head[rows]
    gemma = Gemma.load(base.config, weights, head.dtype, str(head.device), side_by_side=True)
    return gemma, matrix(head, side_by_side=True)


def row(lesson: Example) -> dict[str, Any]:
    """A lesson as TRL's dataset has it: the prompt, and what the rewards need."""
    prompt = [{"role": message.role, "content": message.content} for message in lesson.messages]
    return {"prompt": prompt, "clues": list(lesson.puzzle.clues), "solution": lesson.puzzle.solution}


def settings(recipe: Recipe, processes: int = 1, **common: Any) -> GRPOConfig:  # noqa: ANN401
    """The recipe in TRL's words; `common` as `trainer.common` has it. A micro-batch is a group, a step all puzzles.

    Rewards are summed before they are normalised: normalised one by one, a reward in which a group hardly differs, its
    length say, would weigh as much as the answer (docs/log.md).
    """
    return GRPOConfig(
        num_generations=recipe.completions,
        per_device_train_batch_size=recipe.completions,
        gradient_accumulation_steps=recipe.puzzles // processes,
        max_completion_length=recipe.max_tokens,
        temperature=recipe.temperature,
        beta=0.0,  # no reference model
        loss_type="dapo",
        multi_objective_aggregation="sum_then_normalize",
        reward_weights=list(recipe.rubric.weights.values()),
        shuffle_dataset=False,
        use_vllm=recipe.vllm,
        vllm_mode="colocate",
        **common,
    )
