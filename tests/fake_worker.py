"""A worker that only pretends to train: the real process, lock, signals and files, and steps of a few milliseconds."""

import json
import sys
import time
from pathlib import Path

from ghigliottina.training import worker


def train(run, shelf, graph, stop):
    """A step takes `learning_rate` × 1000 seconds, and every `save_every` there is a save."""
    done = (run.checkpoints() or [0])[-1]
    run.note("start", versions={}, puzzles=run.recipe.puzzles, from_step=done, parameters=1)
    for step in range(done + 1, run.recipe.steps + 1):
        time.sleep(run.recipe.learning_rate * 1000)
        run.write_rollouts(step, [{"group": 0, "text": f"answer of step {step}"}])
        run.note("step", step=step, loss=1 / step, reward=float(step), seconds=step / 10, memory=1000 * step)
        asked = stop()
        if asked or step % run.recipe.save_every == 0:
            save(run, step)
        if asked:
            return "stopped"
    return "finished"


def save(run, step):
    """What a trainer leaves: a checkpoint to go on from, and an adapter on the shelf."""
    adapter = run.folder.parent.parent / "checkpoints" / run.name
    for folder in (run.folder / f"checkpoint-{step}", adapter):
        folder.mkdir(parents=True, exist_ok=True)
    (run.folder / f"checkpoint-{step}" / "trainer_state.json").write_text(json.dumps({"step": step}))
    run.note("saved", step=step, checkpoint=f"checkpoint-{step}")


def until(true, seconds=20.0):
    """Wait for something to come true."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.02)


if __name__ == "__main__":
    sys.exit(worker.main(Path(sys.argv[1]), train))
