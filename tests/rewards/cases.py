"""What the tests of the rewards share: one puzzle, its gold answer, and a fake encoder."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from rewards import SOLUZIONE, Completion
from rewards.rubric import WHY, Verdict

CLUES = ("serratura", "violino", "mazzo", "volta", "inglese")
SOLUTION = "chiave"
STEPS = (
    "- serratura: la chiave nella serratura",
    "- violino: chiave di violino",
    "- mazzo: un mazzo di chiavi",
    "- volta: chiave di volta",
    "- inglese: chiave inglese",
)
THINK = "\n".join(STEPS)
GOLD = SOLUZIONE.write(THINK, SOLUTION)


def gold(answer=SOLUTION, think=THINK, grammar=SOLUZIONE):
    return Completion.parse(grammar.write(think, answer), grammar)


def judged(reward, text, clues=CLUES, solution=SOLUTION, grammar=SOLUZIONE) -> Verdict:
    """The verdict; its reason must be one that the page knows how to put into words."""
    verdict = reward(Completion.parse(text, grammar), clues, solution)
    assert set(verdict.details) == set(WHY[verdict.why])
    assert verdict.value is None or 0.0 <= verdict.value <= 1.0
    assert all(len(detail) <= 80 for detail in verdict.details.values() if isinstance(detail, str))
    return verdict


@dataclass
class TinyEncoder:
    """Three directions of meaning; unknown words lie along the third. Counts its calls."""

    median: float = 0.2
    calls: list[Sequence[str]] = field(default_factory=list)

    def __call__(self, words):
        self.calls.append(words)
        known = {"chiave": (1.0, 0.0, 0.0), "lucchetto": (0.6, 0.8, 0.0), "chiavi": (1.0, 0.0, 0.0)}
        return [known.get(word, (0.0, 0.0, 1.0)) for word in words]
