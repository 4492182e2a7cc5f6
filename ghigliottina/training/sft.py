"""The warm start: supervised fine-tuning that teaches the grammar, and to use the evidence and not to invent it.

TRL's SFTTrainer with a lean loss. Stock, it multiplies every token by the 262,144 rows of the output matrix, which is
most of the work of a small model on a CPU; here only the tokens of the answer are, by the rows that Italian uses.
"""

from typing import Any

import torch
from trl import SFTConfig, SFTTrainer

from ghigliottina.models.chat import Chat
from ghigliottina.models.head import places
from ghigliottina.training.data import Example
from ghigliottina.training.recipe import Recipe

IGNORED = -100
"""The label of a token that isn't scored: torch's convention."""

Row = dict[str, list[int]]


class LeanSFTTrainer(SFTTrainer):  # type: ignore[misc]
    """Scores only the tokens of the answers, against the rows of the head that it is given.

    With all rows, loss and gradients are the stock trainer's (tests/training/test_sft.py).
    """

    def __init__(self, *args: Any, rows: torch.Tensor, **options: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **options)
        self.rows = rows
        base = self.model.get_base_model()
        weight = base.get_output_embeddings().weight
        rows = rows.to(weight.device)
        self._head = weight.detach()[rows]
        self._place = places(rows, len(weight))
        # The model itself gives its states; it must be asked as a whole, for that is where several processes share.
        base.lm_head = torch.nn.Identity()

    def compute_loss(
        self,
        model: torch.nn.Module,
        inputs: dict[str, torch.Tensor],
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """The mean negative log-likelihood of the answers' tokens among the rows."""
        states = model(inputs["input_ids"], attention_mask=inputs["attention_mask"], use_cache=False).logits
        following = inputs["labels"][:, 1:]
        scored = following != IGNORED
        logits = states[:, :-1][scored] @ self._head.t()
        columns = self._place[following[scored]]
        loss = torch.nn.functional.cross_entropy(logits, columns, reduction="sum")
        hits = (logits.detach().argmax(-1) == columns).float().mean()
        self._metrics["train"]["mean_token_accuracy"].append(hits.item())
        return loss / (scored.sum() if num_items_in_batch is None else num_items_in_batch)


def row(example: Example, chat: Chat) -> Row:
    """A lesson as tokens: exactly the prompt that the engine sends, then the target and the token that ends it."""
    prompt = chat.ids(example.messages)
    answer = [*chat.tokenizer.encode(example.target, add_special_tokens=False).ids, min(chat.ends)]
    return {"input_ids": prompt + answer, "labels": [IGNORED] * len(prompt) + answer}


def settings(recipe: Recipe, processes: int = 1, **common: Any) -> SFTConfig:  # noqa: ANN401
    """The recipe in TRL's words; `common` as `trainer.common` has it."""
    return SFTConfig(per_device_train_batch_size=recipe.puzzles // processes, max_length=None, **common)
