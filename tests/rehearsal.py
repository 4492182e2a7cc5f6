"""A training that is only played: the real process, lock and files, and answers that get better by arithmetic.

`python -m tests.rehearsal RUN_FOLDER`, see `worker.main`. A step takes `learning_rate` × 1000 seconds.
"""

import sys
import time
from itertools import count
from pathlib import Path
from statistics import pstdev

from ghigliottina.training import worker
from rewards import RUBRIC, SOLUZIONE, Completion

EVIL = "<img src=x onerror='pwned = 1'> ${window.pwned = 2} {{pwned = 3}} </script><script>pwned = 4</script>"
PUZZLES = (
    (("latte", "sole", "miele", "piena", "lupo"), "luna"),
    (("fiocco", "pupazzo", "palla", "bianca", "catene"), "neve"),
)
WORDS = ("luna", "neve", "sale", "vento", "luna piena", "mare", "neve", "pane")


def train(run, shelf, graph, stop):
    """Play the steps of a recipe; goes on from the last save."""
    done = (run.checkpoints() or [0])[-1]
    run.note("phase", phase="load")
    run.note("start", versions={}, puzzles=run.recipe.puzzles, from_step=done, parameters=1)
    if not done:
        sample(run, 0)
    for step in count(done + 1):
        if step > run.recipe.steps:
            return "finished"
        play(run, step)
        asked = stop()
        if asked or step % run.recipe.save_every == 0:
            save(run, step)
        if asked:
            return "stopped"


def play(run, step):
    """One step, as a trainer writes it down."""
    for phase in ("rollouts", "loss"):
        run.note("phase", phase=phase)
        time.sleep(run.recipe.learning_rate * 500)
    figures = {"step": step, "seconds": 7.5, "loss": 0.02 * (-1) ** step, "learning_rate": 5e-5, "grad_norm": 0.4}
    if run.recipe.method == "sft":
        run.note("step", **figures, accuracy=1 - 1 / (step + 1))
        return
    rows = [row for group in range(len(PUZZLES)) for row in answers(step, group, run.recipe)]
    run.write_rollouts(step, rows)
    rewards = {name: mean([row["rewards"][name] for row in rows]) for name in RUBRIC.names}
    more = {
        "length": 60.0 + step % 7,
        "entropy": 2 / (step + 1),
        "no_signal": 0.5 if step % 3 == 0 else 0.0,
        "clipped": 0.0,
    }
    total = mean([row["total"] for row in rows])
    run.note("step", **figures, reward=total, reward_std=0.4, rewards=rewards, **more, memory=2_400_000_000)
    if run.recipe.sample_every and step % run.recipe.sample_every == 0:
        sample(run, step)


def answers(step, group, recipe):
    """One puzzle's completions with their advantages."""
    rows = [answer(step, group, place, recipe) for place in range(recipe.completions)]
    totals = [row["total"] for row in rows]
    return [row | {"advantage": (row["total"] - mean(totals)) / (pstdev(totals) or 1.0)} for row in rows]


def answer(step, group, place, recipe):
    """One completion. Later steps are better; those of the first puzzle are all alike every third step."""
    clues, solution = PUZZLES[group]
    word = solution if (step * 3 + place * 5) % 17 < step % 17 else WORDS[(step + place) % len(WORDS)]
    think = "\n".join(f"- {clue}: {word} e {clue}" for clue in clues[: 2 + place % 4])
    text = SOLUZIONE.write(think, word) if (step + place) % 5 else f"{EVIL}\n{think}"
    if step % 3 == 0 and group == 0:
        text = SOLUZIONE.write("- latte: via lattea", "mare")
    judged = recipe.rubric.judge(Completion.parse(text), clues, solution)
    row = {"group": group, "clues": clues, "solution": solution, "text": text, "rewards": judged.values}
    return row | {"total": judged.total, "tokens": 61}


def sample(run, step):
    """The fixed puzzle's answer."""
    clues, solution = ("burro", "forno", "grattugiato", "lievito", "companatico"), "pane"
    think = "\n".join(f"- {clue}: pane e {clue}" for clue in clues[: 1 + step])
    text = SOLUZIONE.write(think, solution if step > 3 else "torta")
    judged = run.recipe.rubric.judge(Completion.parse(text), clues, solution)
    run.note("sample", step=step, clues=clues, solution=solution, text=text, total=judged.total, rewards=judged.values)


def save(run, step):
    """What a trainer leaves: a checkpoint to go on from, and an adapter on the shelf."""
    run.note("phase", phase="save")
    adapter = run.folder.parent.parent / "checkpoints" / run.name
    for folder in (run.folder / f"checkpoint-{step}", adapter):
        folder.mkdir(parents=True, exist_ok=True)
    (run.folder / f"checkpoint-{step}" / "trainer_state.json").write_text("{}")
    run.note("saved", step=step, checkpoint=f"checkpoint-{step}")


def mean(values):
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


if __name__ == "__main__":
    sys.exit(worker.main(Path(sys.argv[1]), train))
