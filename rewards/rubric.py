"""Judging: a list of weighted rewards, and what they made of one completion."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, runtime_checkable

from rewards.completion import Completion

Detail = str | int | float | tuple[str, ...]
WHY: Mapping[str, tuple[str, ...]] = {
    # not judged
    "no_solution": (),
    "no_encoder": (),
    "no_clues": (),
    # the answer
    "no_answer": (),
    "exact": (),
    "inflected": ("answer", "solution"),
    "other": ("answer", "solution"),
    "echo": ("answer", "clue"),
    "list": ("words",),
    "near": ("answer", "similarity"),
    # the reasoning
    "no_think": (),
    "steps": ("linked", "of", "missing"),
    "steps_known": ("linked", "of", "missing", "guessed"),
    # the length
    "no_text": (),
    "length_good": ("tokens",),
    "too_short": ("tokens", "least"),
    "too_long": ("tokens", "most"),
    # the form
    "form_kept": (),
    "repeated": ("mark",),
    "loose": (),
    "marks": ("present", "of", "surplus"),
}
"""Every reason a reward can give, with its details: what the page needs to write a sentence in any language.

`similarity` is the value before the weight; `missing` the clues that no line links; `guessed` those of them whose line
claims a link that nobody knows; `least` and `most` the bounds, in
tokens as `rewards.length` counts them; `mark` the first one found twice; `surplus` the extra copies of marks
(`soft_xml_count`), or the characters after the answer (`strict_xml_count`).
"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a reward says of one completion."""

    value: float | None
    """In [0, 1]. None: can't be judged. 0.0: judged and found wanting."""
    why: str = ""
    """The reason, one of `WHY`."""
    details: Mapping[str, Detail] = field(default_factory=dict)


Case = tuple[Completion, Sequence[str], str | None]
"""What there is to judge: the completion, the five clues, and the solution if it is known."""
Reward = Callable[[Completion, Sequence[str], str | None], Verdict]


class Embedder(Protocol):
    """Turns words into vectors. The one seam behind which an encoder hides."""

    @property
    def median(self) -> float:
        """The median cosine of two random words of the vocabulary: what “unrelated” looks like to this encoder."""
        ...

    def __call__(self, words: Sequence[str]) -> Sequence[Sequence[float]]:
        """One vector of length 1 for each word, in order."""
        ...


@runtime_checkable
class Embedding(Protocol):
    """A reward that asks an encoder: it judges a batch at once, so that one call of the encoder serves all."""

    def with_embedder(self, embedder: Embedder | None) -> Reward:
        """The same reward, asking this encoder."""
        ...

    def judge_all(self, cases: Sequence[Case]) -> list[Verdict]:
        """One verdict for each case, in order."""
        ...


@runtime_checkable
class Knowing(Protocol):
    """A reward that asks whether people say a phrase."""

    def with_phrases(self, known: Callable[[str], bool] | None) -> Reward:
        """The same reward, asking this; by the phrase's form alone if it is None."""
        ...


@dataclass(frozen=True, slots=True)
class Score:
    """What one reward made of one completion."""

    name: str
    value: float | None
    """In [0, 1]. None: not judged. 0.0: judged and found wanting."""
    weight: float
    why: str = ""
    """The reason, one of `WHY`."""
    details: Mapping[str, Detail] = field(default_factory=dict)

    @property
    def points(self) -> float:
        """What it adds to the total."""
        return 0.0 if self.value is None else self.value * self.weight


@dataclass(frozen=True, slots=True)
class Breakdown:
    """All scores of one completion: total and parts travel together."""

    scores: tuple[Score, ...]

    @property
    def values(self) -> dict[str, float | None]:
        """Name → value, in the rubric's order."""
        return {score.name: score.value for score in self.scores}

    @property
    def total(self) -> float:
        """The weighted sum."""
        return sum(score.points for score in self.scores)

    @property
    def maximum(self) -> float:
        """What a perfect answer would earn from the rewards that could be judged."""
        return sum(score.weight for score in self.scores if score.value is not None)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a rubric."""

    name: str
    reward: Reward
    weight: float

    def judge_all(self, cases: Sequence[Case]) -> list[Score]:
        """One score for each case, in order. An error inside the reward is a bug and comes through."""
        if isinstance(self.reward, Embedding):
            verdicts = self.reward.judge_all(cases)
        else:
            verdicts = [self.reward(*case) for case in cases]
        return [Score(self.name, verdict.value, self.weight, verdict.why, verdict.details) for verdict in verdicts]


@dataclass(frozen=True, slots=True)
class Rubric:
    """What we value, in the order in which it is shown."""

    entries: tuple[Entry, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the rewards, in order."""
        return tuple(entry.name for entry in self.entries)

    @property
    def weights(self) -> dict[str, float]:
        """Name → weight, in order."""
        return {entry.name: entry.weight for entry in self.entries}

    def with_weights(self, weights: Mapping[str, float]) -> "Rubric":
        """The same rewards with some weights changed. Raises ValueError on a name that is not in the rubric."""
        if unknown := [name for name in weights if name not in self.names]:
            raise ValueError(f"No reward is called “{unknown[0]}”. The rubric has: {', '.join(self.names)}.")
        return Rubric(tuple(replace(entry, weight=weights.get(entry.name, entry.weight)) for entry in self.entries))

    def with_embedder(self, embedder: Embedder | None) -> "Rubric":
        """The same rewards; those that compare meanings ask this encoder, or judge nothing if it is None."""
        return Rubric(
            tuple(
                replace(entry, reward=entry.reward.with_embedder(embedder))
                if isinstance(entry.reward, Embedding)
                else entry
                for entry in self.entries
            )
        )

    def with_phrases(self, known: Callable[[str], bool] | None) -> "Rubric":
        """The same rewards; those that look at phrases count only what `known` says that people say."""
        return Rubric(
            tuple(
                replace(entry, reward=entry.reward.with_phrases(known)) if isinstance(entry.reward, Knowing) else entry
                for entry in self.entries
            )
        )

    def judge(self, completion: Completion, clues: Sequence[str], solution: str | None = None) -> Breakdown:
        """What the rewards make of one completion."""
        return self.judge_all([(completion, clues, solution)])[0]

    def judge_all(self, cases: Sequence[Case]) -> list[Breakdown]:
        """What the rewards make of many completions, with one call of the encoder for all of them."""
        columns = [entry.judge_all(cases) for entry in self.entries]
        return [Breakdown(tuple(scores)) for scores in zip(*columns, strict=True)]
