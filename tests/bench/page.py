"""The page as `python app.py` serves it: when it opens, when the model answers, what that takes in memory."""

import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from gradio_client import Client

from ghigliottina.models.embedded import prepare
from ghigliottina.models.shelf import Shelf
from ghigliottina.settings import Settings

ROOT = Path(__file__).resolve().parent.parent.parent
CLUES = ["latte", "sole", "miele", "piena", "lupo"]


def figures() -> Iterator[tuple[str, str]]:
    """A later start, the model prepared already. The clock starts with the process."""
    home = Path(os.environ.get("GHIGLIOTTINA_TEST_HOME") or tempfile.mkdtemp())
    prepare(home, lambda share, phase: None)
    start = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "app.py"],
        cwd=ROOT,
        env=os.environ | {"GHIGLIOTTINA_HOME": str(home), "GRADIO_SERVER_PORT": "17860"},
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        try:
            url = server.stdout.readline().split()[-1] if server.stdout else ""
            urllib.request.urlopen(url, timeout=10).read()
            yield "python app.py, page answers", f"{time.perf_counter() - start:.1f} s (bar: 8 s)"
            client = Client(url, verbose=False, analytics_enabled=False)
            yield (
                "… the model's first words to a question asked at once",
                f"{first_words(ask(client, home), start):.1f} s (bar: 15 s)",
            )
            asked = time.perf_counter()
            list(ask(client, home))
            yield "one answer, ranking and rewards included", f"{time.perf_counter() - asked:.1f} s"
            yield "peak memory of the server", peak(server.pid)
        finally:
            server.terminate()


def ask(client: Client, home: Path) -> Iterator[object]:
    """What changes on the screen, from the question to the end."""
    checkpoint = Shelf(Settings(home)).default
    return iter(client.submit(*CLUES, "luna", "model+links", checkpoint, "it", api_name="/solve"))


def first_words(updates: Iterator[object], start: float) -> float:
    """Seconds from `start` until a step of the reasoning is on the screen. Sees the answer through to its end."""
    seen = [time.perf_counter() for update in updates if "g-thought" in str(update)]
    return seen[0] - start


def peak(pid: int) -> str:
    """The most memory that the process has held."""
    status = Path(f"/proc/{pid}/status")
    found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text()) if status.exists() else None
    return f"{int(found[1]) / 1024:.0f} MB" if found else "unknown on this system"
