"""Run the benchmarks named on the command line, or all of them, each in a process of its own.

A process of its own keeps one topic's memory and warm caches out of the next one's figures.
"""

import importlib
import os
import platform
import subprocess
import sys
from pathlib import Path

LONG = {"learning"}
"""Topics of more than a few minutes: only when named."""
TOPICS = sorted(file.stem for file in Path(__file__).parent.glob("[a-z]*.py"))


def main(topics: list[str]) -> int:
    if len(topics) == 1:
        for what, value in importlib.import_module(f"tests.bench.{topics[0]}").figures():
            print(f"  {what:<72} {value}", flush=True)
        return 0
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}", flush=True)
    failed = 0
    for topic in topics or [topic for topic in TOPICS if topic not in LONG]:
        print(f"\n{topic}", flush=True)
        failed |= subprocess.run([sys.executable, "-m", "tests.bench", topic], check=False).returncode
    return failed


if __name__ == "__main__":
    unknown = set(sys.argv[1:]) - set(TOPICS)
    sys.exit(f"unknown topics {sorted(unknown)}: choose from {TOPICS}" if unknown else main(sys.argv[1:]))
