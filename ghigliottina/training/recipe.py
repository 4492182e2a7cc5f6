"""A recipe: everything that decides how a training run goes, checked before anything loads."""

from dataclasses import asdict, dataclass
from typing import Literal

from ghigliottina.errors import InputError
from ghigliottina.models.checkpoint import RANK_CAP
from ghigliottina.models.embedded import EMBEDDED


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to train. The same recipe on the same links makes the same adapter. Raises InputError on a bad value."""

    method: Literal["sft"] = "sft"
    base: str = EMBEDDED
    """The name on the shelf of the model that the adapter will change."""
    steps: int = 300
    puzzles: int = 4
    """Puzzles a step."""
    learning_rate: float = 2e-4
    """Its highest value: it rises for the first twentieth of the steps, then falls along a cosine."""
    rank: int = 16
    alpha: int = 32
    seed: int = 0
    by_heart: float = 0.2
    """The share of puzzles that come without evidence."""
    right_first: float = 0.75
    """The share of puzzles with evidence whose right candidate stands first; in real games about seven in ten do."""

    def __post_init__(self) -> None:
        if self.method != "sft":
            raise _bad("method", self.method, "only sft is known", "write sft")
        for name, most in (("steps", 100_000), ("puzzles", 256), ("rank", RANK_CAP), ("alpha", 1024)):
            if not 1 <= getattr(self, name) <= most:
                raise _bad(name, getattr(self, name), f"it counts from 1 to {most}", "choose a number in between")
        if not 0 < self.learning_rate <= 0.01:
            raise _bad("learning_rate", self.learning_rate, "above 0.01 an adapter only diverges", "try 0.0002")
        for name in ("by_heart", "right_first"):
            if not 0 <= getattr(self, name) <= 1:
                raise _bad(name, getattr(self, name), "it is a share", "choose one from 0 to 1")

    def as_json(self) -> dict[str, object]:
        """As it goes into a checkpoint's record."""
        return asdict(self)


def _bad(name: str, value: object, reason: str, remedy: str) -> InputError:
    message = f"The recipe's {name} is {value}, but {reason}: {remedy}."
    return InputError(message, "recipe", name=name, value=str(value))
