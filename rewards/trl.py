"""The rubric as TRL sees it: a list of reward functions and a list of their weights. Imports no trl.

    GRPOTrainer(reward_funcs=reward_functions(RUBRIC), args=GRPOConfig(reward_weights=reward_weights(RUBRIC), …), …)

The dataset needs a column `clues`, and `solution` where it is known. Give the rubric an encoder first
(`RUBRIC.with_embedder`), or `semantic_similarity` is None throughout.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rewards.completion import SOLUZIONE, Completion, Grammar
from rewards.rubric import Entry, Rubric

Message = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class RewardFunction:
    """One entry of a rubric in TRL's calling convention. Picklable if its encoder is."""

    entry: Entry
    grammar: Grammar = SOLUZIONE
    prefill: str = ""

    @property
    def __name__(self) -> str:
        """What TRL logs it as: `rewards/<__name__>/mean`."""
        return self.entry.name

    def __call__(
        self,
        completions: Sequence[str | Sequence[Message]],
        clues: Sequence[Sequence[str]],
        solution: Sequence[str | None] | None = None,
        **columns: object,
    ) -> list[float | None]:
        """The values, before their weight, of as many completions; None where one can't be judged."""
        parsed = [Completion.parse(_text(completion), self.grammar, self.prefill) for completion in completions]
        cases = list(zip(parsed, clues, solution or [None] * len(parsed), strict=True))
        return [score.value for score in self.entry.judge_all(cases)]


def reward_functions(rubric: Rubric, grammar: Grammar = SOLUZIONE, prefill: str = "") -> list[RewardFunction]:
    """The rewards in the rubric's order; `prefill` is what the prompt has already written of each answer."""
    return [RewardFunction(entry, grammar, prefill) for entry in rubric.entries]


def reward_weights(rubric: Rubric) -> list[float]:
    """Their weights, in the same order."""
    return list(rubric.weights.values())


def _text(completion: str | Sequence[Message]) -> str:
    """What was written, in a plain-text dataset or in a conversation (as text or as parts of text)."""
    if isinstance(completion, str):
        return completion
    content = completion[-1]["content"] if completion else ""
    if isinstance(content, str):
        return content
    return "".join(str(part.get("text", "")) for part in content)  # type: ignore[attr-defined]
