"""Two reports on the same puzzles → paired differences with their intervals."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ghigliottina.errors import InputError

CONFIDENCE = 0.95
RESAMPLES = 9999
SEED = 0


@dataclass(frozen=True, slots=True)
class Difference:
    """How B differs from A in one figure, over the puzzles that both could be judged on."""

    figure: str
    """A reward's name, `accuracy` or `total`."""
    a: float
    b: float
    low: float
    """The mean of B - A lies between these with 95 % confidence: a paired bootstrap over puzzles (percentiles)."""
    high: float
    n: int

    @property
    def mean(self) -> float:
        """By how much B is ahead."""
        return self.b - self.a

    @property
    def clear(self) -> bool:
        """Whether the interval leaves 0 out."""
        return self.low > 0 or self.high < 0

    def as_json(self) -> dict[str, object]:
        """As plain data."""
        return asdict(self) | {"difference": self.mean}


def compare(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[Difference]:
    """The differences between two reports as `evaluate --json` writes them: total, accuracy, then each reward.

    Raises InputError if they aren't about the same puzzles.
    """
    first, second = _rows(a), _rows(b)
    if [row["clues"] for row in first] != [row["clues"] for row in second]:
        fact = f"The reports are about different puzzles ({len(first)} and {len(second)})"
        message = f"{fact}: evaluate both players on the same file."
        raise InputError(message, "reports_differ")
    columns = {"total": _column("total"), "accuracy": _column("correct")}
    columns |= {name: _reward(name) for name in first[0]["rewards"]}
    told = (_difference(name, [*map(column, first)], [*map(column, second)]) for name, column in columns.items())
    return [difference for difference in told if difference is not None]


def read_report(path: Path) -> dict[str, Any]:
    """A report file. Raises InputError."""
    try:
        report = json.loads(path.read_bytes())
        rows = report["rows"]
        if not rows or not all({"clues", "total", "correct", "rewards"} <= row.keys() for row in rows):
            raise ValueError("rows are missing")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        message = f"{path.name} is no report ({error}): write one with `evaluate --json`."
        raise InputError(message, "no_report", path=path.name) from None
    return dict(report)


def _rows(report: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return list(report["rows"])


def _column(name: str) -> Any:  # noqa: ANN401
    return lambda row: row[name]


def _reward(name: str) -> Any:  # noqa: ANN401
    return lambda row: row["rewards"].get(name)


def _difference(figure: str, a: Sequence[float | None], b: Sequence[float | None]) -> Difference | None:
    import numpy
    from scipy.stats import bootstrap

    both = [(float(x), float(y)) for x, y in zip(a, b, strict=True) if x is not None and y is not None]
    if not both:
        return None
    first, second = numpy.array(both).T
    gains = second - first
    low = high = float(gains.mean())
    if len(both) > 1 and gains.min() != gains.max():
        found = bootstrap(
            (gains,),
            numpy.mean,
            confidence_level=CONFIDENCE,
            n_resamples=RESAMPLES,
            method="percentile",
            rng=numpy.random.default_rng(SEED),
        ).confidence_interval
        low, high = float(found.low), float(found.high)
    return Difference(figure, float(first.mean()), float(second.mean()), low, high, len(both))
