"""What judging costs, and how many of the shipped links the rewards recognise."""

import csv
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from ghigliottina.models.encoder import load_encoder
from rewards import RUBRIC, SOLUZIONE, Completion, Rubric
from rewards.reasoning import joins

CLUES = ("serratura", "violino", "mazzo", "volta", "inglese")
THINK = """- serratura: la chiave nella serratura
- violino: chiave di violino
- mazzo: un mazzo di chiavi
- volta: chiave di volta
- inglese: chiave inglese"""
LINKS = Path(__file__).parents[2] / "assets" / "links"
HOSTILE = ("<", "< ", "<think>", "</think>", "soluzione ", "soluzione: chiave.\n", "- violino: chiave di violino\n")


def figures() -> Iterator[tuple[str, str]]:
    """Milliseconds of one answer, never judged before; then what the rewards make of the shipped links."""
    answers = [SOLUZIONE.write(THINK.replace("chiav", f"chiav{i}"), f"parola{i}") for i in range(400)]
    yield "one answer, parsed and judged, without the encoder", f"{each(RUBRIC, answers[:200]):.2f} ms (bar: 2 ms)"
    rubric = RUBRIC.with_embedder(load_encoder("embedded"))
    judge_batch(rubric, ["soluzione: toppa."])  # the encoder reads its weights at the first word
    yield "one answer with the encoder, a new word each", f"{each(rubric, answers[200:300]):.2f} ms (bar: 20 ms)"
    batch = milliseconds(lambda: judge_batch(rubric, answers[300:364])) / 64
    yield "the same in a batch of 64, each", f"{batch:.2f} ms (bar: 20 ms)"
    worst = max(HOSTILE, key=lambda unit: hostile(rubric, unit))
    yield f"100 kB of {worst!r}, the worst of {len(HOSTILE)}", f"{hostile(rubric, worst):.0f} ms"
    rows = [row for file in sorted(LINKS.glob("*.tsv")) for row in read(file)][::20]
    share = statistics.mean(joins(phrase, head, word) for head, word, phrase in rows)
    yield f"phrases that join head and word, of {len(rows)} shipped links", f"{share:.1%}"


def each(rubric: Rubric, texts: list[str]) -> float:
    """The median of judging them one by one."""
    return statistics.median(milliseconds(lambda text=text: judge_batch(rubric, [text])) for text in texts)


def judge_batch(rubric: Rubric, texts: list[str]) -> None:
    """Parse and judge, as the page and the trainer do."""
    rubric.judge_all([(Completion.parse(text), CLUES, "chiave") for text in texts])


def hostile(rubric: Rubric, unit: str) -> float:
    """100 kB of one thing, inside a block of reasoning."""
    text = "<think>" + unit * (100_000 // len(unit)) + "</think>soluzione: toppa."
    return milliseconds(lambda: judge_batch(rubric, [text]))


def milliseconds(work: Callable[[], object]) -> float:
    """How long it takes by the clock."""
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def read(file: Path) -> Iterator[list[str]]:
    """The links of one file."""
    with file.open(encoding="utf-8") as lines:
        yield from (row for row in csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE) if len(row) == 3)
