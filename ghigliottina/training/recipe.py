"""A recipe: everything that decides how a training run goes, checked before anything loads."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

from ghigliottina.errors import InputError
from ghigliottina.links.generator import Difficulty
from ghigliottina.models.checkpoint import RANK_CAP
from ghigliottina.models.embedded import EMBEDDED
from rewards import RUBRIC, Rubric

Method = Literal["sft", "grpo"]
WARM_START = "ghigliottina-270m-sft"
"""The shipped checkpoint that knows the grammar and the use of evidence, and nothing of rewards."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to train. The same recipe on the same links makes the same adapter. Raises InputError on a bad value."""

    method: Method = "grpo"
    start: str = WARM_START
    """What is trained, by its name on the shelf: a model gets a new adapter, an adapter is trained on."""
    steps: int = 40
    puzzles: int = 2
    """Puzzles a step."""
    completions: int = 6
    """Answers that GRPO samples for each puzzle: a group, whose rewards are compared with each other."""
    max_tokens: int = 96
    """Where a sampled answer is cut off. A complete one takes 50 to 90."""
    temperature: float = 1.0
    learning_rate: float = 1e-4
    """Its highest value: it rises for the first twentieth of the steps, then falls along a cosine."""
    rank: int = 16
    """LoRA rank of a new adapter; one that is trained on keeps its own."""
    alpha: int = 32
    seed: int = 0
    by_heart: float = 0.0
    """The share of puzzles that come without evidence."""
    right_first: float = 0.75
    """The share of puzzles with evidence whose right candidate stands first; in real games about seven in ten do."""
    difficulty: str = ""
    """Only puzzles that hard: easy, medium or hard; empty for all."""
    weights: Mapping[str, float] = field(default_factory=dict)
    """Rewards whose weight differs from the rubric's."""
    sample_every: int = 5
    """Steps between two answers to one fixed puzzle, to compare before and after; 0 for none."""
    vllm: bool = False
    """Answers are sampled by vLLM, on the GPU that trains; needs a GPU and the package vllm."""
    save_every: int = 10
    """Steps between two saves. A run that is killed goes on from its last one."""

    def __post_init__(self) -> None:
        if self.method not in ("sft", "grpo"):
            raise _bad("method", self.method, "only sft and grpo are known", "write one of them")
        for name, least, most in _COUNTS:
            value = getattr(self, name)
            if type(value) is not int or not least <= value <= most:
                raise _bad(name, value, f"it is a whole number from {least} to {most}", "choose one in between")
        if self.method == "grpo" and self.completions < 2:
            raise _bad("completions", 1, "GRPO compares the answers to one puzzle with each other", "take 2 or more")
        for name, lowest, highest in (("learning_rate", 1e-8, 0.01), ("temperature", 0.05, 5.0)):
            if not lowest <= getattr(self, name) <= highest:
                reason = f"it lies between {lowest} and {highest}"
                raise _bad(name, getattr(self, name), reason, "choose one in between")
        for name in ("by_heart", "right_first"):
            if not 0 <= getattr(self, name) <= 1:
                raise _bad(name, getattr(self, name), "it is a share", "choose one from 0 to 1")
        if self.difficulty not in ("", *Difficulty):
            raise _bad(
                "difficulty", self.difficulty, f"the known ones are {', '.join(Difficulty)}", "write one of them"
            )
        self._check_weights()

    def _check_weights(self) -> None:
        for name, weight in self.weights.items():
            if name not in RUBRIC.names:
                known = ", ".join(RUBRIC.names)
                raise _bad("weights", name, "no reward has that name", f"the rewards are {known}")
            if not 0 <= weight <= 10:
                raise _bad("weights", f"{name} = {weight}", "a weight lies between 0 and 10", "choose one in between")
        if not any(self.rubric.weights.values()):
            raise _bad("weights", "all 0", "nothing would be rewarded", "give one reward a weight")

    @property
    def rubric(self) -> Rubric:
        """What this run values; without an encoder."""
        return RUBRIC.with_weights(self.weights)

    def as_json(self) -> dict[str, Any]:
        """As it goes into a run's folder and a checkpoint's record."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Recipe":
        """Back from `as_json`. Raises InputError on what is no recipe."""
        known = {f.name for f in fields(cls)}
        if unknown := [name for name in value if name not in known]:
            raise _bad("field", unknown[0], "a recipe has no such field", f"the fields are {', '.join(sorted(known))}")
        try:
            return cls(**value)
        except (TypeError, AttributeError) as error:
            raise InputError(f"This is no recipe, as a value has the wrong kind ({error}): correct it.") from None


_COUNTS = (
    ("steps", 1, 100_000),
    ("puzzles", 1, 256),
    ("completions", 1, 64),
    ("max_tokens", 8, 2048),
    ("rank", 1, RANK_CAP),
    ("alpha", 1, 1024),
    ("seed", 0, 2**31 - 1),
    ("sample_every", 0, 100_000),
    ("save_every", 1, 100_000),
)

PRESETS: Mapping[str, Recipe] = {
    "demo-2": Recipe(steps=10, puzzles=1, sample_every=2, save_every=5),
    "demo-10": Recipe(),
    "sft": Recipe(
        method="sft",
        start=EMBEDDED,
        steps=300,
        puzzles=4,
        learning_rate=2e-4,
        by_heart=0.2,
        right_first=0.95,
        save_every=50,
    ),
    "gpu": Recipe(steps=400, puzzles=16, completions=8, learning_rate=1e-5, sample_every=20, save_every=50),
}
"""Recipes to start from: two minutes and ten minutes of GRPO on two cores, a warm start of half an hour, a GPU."""


def preset_for(method: str) -> str:
    """The preset that a method starts from, unless another is named."""
    return "sft" if method == "sft" else "demo-10"


def command(recipe: Recipe) -> list[str]:
    """The command that trains by this recipe, as the words after `python app.py`; only what its preset leaves open."""
    wanted = recipe.as_json()

    def open_fields(preset: str) -> dict[str, Any]:
        given = PRESETS[preset].as_json()
        return {name: value for name, value in wanted.items() if name != "method" and given[name] != value}

    alike = [name for name, preset in PRESETS.items() if preset.method == recipe.method]
    nearest = min(alike, key=lambda name: len(open_fields(name)))
    words = ["train", "--method", recipe.method]
    words += [] if nearest == preset_for(recipe.method) else ["--preset", nearest]
    for name, value in open_fields(nearest).items():
        if name == "weights":
            words += [word for reward, weight in value.items() for word in ("--weight", f"{reward}={weight}")]
        elif isinstance(value, bool):
            words += [f"--{'' if value else 'no-'}{name}"]
        else:
            words += [f"--{name.replace('_', '-')}", str(value)]
    return words


def _bad(name: str, value: object, reason: str, remedy: str) -> InputError:
    message = f"The recipe's {name} is {value}, but {reason}: {remedy}."
    return InputError(message, "recipe", name=name, value=str(value))
