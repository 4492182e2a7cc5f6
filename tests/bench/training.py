"""A GRPO step beside TRL's own: 2 puzzles × 4 completions of 48 tokens, each trainer in a process of its own."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

STEPS = {"stock": 2, "lean": 5}
"""The first of each is left out: it warms up."""


def figures() -> Iterator[tuple[str, str]]:
    """Seconds a step and the most memory, of both."""
    told = {kind: measured(kind) for kind in STEPS}
    for kind, (seconds, memory) in told.items():
        yield f"a GRPO step, {kind} trainer", f"{seconds:.1f} s, at most {memory / 1e9:.2f} GB (bar for ours: 4 GB)"
    yield "ours is faster", f"{told['stock'][0] / told['lean'][0]:.1f} times (bar: 5)"


def measured(kind: str) -> tuple[float, int]:
    """Median seconds a step, and bytes."""
    environment = os.environ | {"TRL_EXPERIMENTAL_SILENCE": "1"}
    argv = [sys.executable, "-W", "ignore", "-m", "tests.bench.training", kind]
    done = subprocess.run(argv, check=True, capture_output=True, text=True, env=environment)
    seconds, memory = json.loads(done.stdout.splitlines()[-1])
    return statistics.median(seconds[1:]), memory


def steps(kind: str) -> tuple[list[float], int]:
    """Train; the seconds of each step, and the most memory that was held, in bytes."""
    from datasets import Dataset
    from transformers import TrainerCallback
    from trl import GRPOTrainer

    from ghigliottina.links.graph import Graph
    from ghigliottina.models.chat import Chat
    from ghigliottina.models.shelf import Shelf
    from ghigliottina.settings import Settings
    from ghigliottina.training import grpo, trainer
    from ghigliottina.training.adapter import Start
    from ghigliottina.training.data import take
    from ghigliottina.training.recipe import Recipe
    from rewards.trl import reward_functions

    recipe = Recipe(steps=STEPS[kind], puzzles=2, completions=4, max_tokens=48, by_heart=1.0)
    start = Start.fetch(recipe, Shelf(Settings.from_environment()))
    chat, lessons = Chat.load(start.checkpoint, start.base), take(Graph.load(), recipe)
    seconds: list[float] = []

    class Clock(TrainerCallback):
        def on_step_begin(self, *_, **__):
            self.start = time.perf_counter()

        def on_step_end(self, *_, **__):
            seconds.append(time.perf_counter() - self.start)

    with tempfile.TemporaryDirectory() as folder:
        parts = {
            "model": start.load(recipe),
            "args": grpo.settings(recipe, **trainer.common(recipe, folder) | {"save_strategy": "no"}),
            "reward_funcs": reward_functions(recipe.rubric),
            "train_dataset": Dataset.from_list([grpo.row(lesson) for lesson in lessons]),
            "processing_class": trainer.tokenizer_of(chat),
            "callbacks": [Clock()],
        }
        if kind == "stock":
            made = GRPOTrainer(**parts)
        else:
            rows = trainer.rows_for(lessons, chat)
            made = grpo.LeanGRPOTrainer(chat=chat, rows=rows, note=lambda phase: None, **parts)
        made.train()
    return seconds, trainer.memory()


if __name__ == "__main__":
    print(json.dumps(steps(sys.argv[1])))
