"""How long the commands take from the shell, Python's own start included."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
CLUES = ["latte", "sole", "miele", "piena", "lupo"]


def figures() -> Iterator[tuple[str, str]]:
    """Seconds, best of three: what a warm disk gives."""
    yield "python app.py candidates …", f"{best('candidates', *CLUES):.2f} s (bar: under 1.5 s)"
    yield "python app.py solve … --solver links", f"{best('solve', *CLUES, '--solver', 'links'):.2f} s"


def best(*arguments: str) -> float:
    """The quickest of three runs, in seconds."""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        subprocess.run([sys.executable, "app.py", *arguments], cwd=ROOT, check=True, capture_output=True)
        times.append(time.perf_counter() - start)
    return min(times)
