"""Merging the shipped adapter into its base, by the command: a process of its own, the embedded model prepared."""

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from ghigliottina.models.embedded import prepare
from ghigliottina.models.shelf import Shelf
from ghigliottina.settings import Settings

APP = Path(__file__).resolve().parents[2] / "app.py"


def figures() -> Iterator[tuple[str, str]]:
    """How long, how much memory and disk, and how near the merged model is to the adapter."""
    prepared = prepare(Settings.from_environment().home, lambda share, phase: None)
    with tempfile.TemporaryDirectory() as home:
        (Path(home) / "models").symlink_to(prepared.parent)
        adapter = Shelf(Settings(Path(home))).default
        command = [sys.executable, str(APP), "merge", adapter]
        environment = {**os.environ, "GHIGLIOTTINA_HOME": home}
        start = time.perf_counter()
        done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
        yield f"merging {adapter}", f"{time.perf_counter() - start:.0f} s"
        yield "memory at most", f"{resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6:.2f} GB"
        size = sum(path.stat().st_size for path in Path(home).glob("checkpoints/*/*"))
        yield "on disk", f"{size / 1e6:.0f} MB"
        for line in done.stdout.splitlines()[:2]:
            what, _, value = line.partition(": ")
            yield what, value.removeprefix("logits differ from the adapter's by ")
