"""Does it learn? Three trainings of ten minutes from the warm start, each measured on puzzles held out from training.

Takes an hour, so `make bench` leaves it out: run `python -m tests.bench learning`. It goes on where it was interrupted:
its runs are in `bench-learning` in the home folder. Writes docs/learning.svg and docs/learning.json.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

from ghigliottina.comparison import Difference, compare
from ghigliottina.evaluation import evaluate
from ghigliottina.links.generator import puzzles
from ghigliottina.links.graph import Graph
from ghigliottina.models.encoder import load_encoder
from ghigliottina.models.shelf import Shelf
from ghigliottina.settings import Settings
from ghigliottina.solver import Player, Solver
from ghigliottina.training.recipe import PRESETS
from ghigliottina.training.runs import Run, Runs
from rewards import RUBRIC

SEEDS = (0, 1, 2)
RECIPE = PRESETS["demo-10"]
PUZZLES = 160
DOCS = Path(__file__).parents[2] / "docs"


def figures() -> Iterator[tuple[str, str]]:
    """Mean total before and after, for each seed, on held-out puzzles as the page asks them."""
    settings = Settings.from_environment()
    runs = Runs(settings.home / "bench-learning")
    (runs.home / "models").parent.mkdir(parents=True, exist_ok=True)
    if not (runs.home / "models").exists():
        Shelf(settings).fetch(RECIPE.start, lambda share, phase: None)
        (runs.home / "models").symlink_to(settings.home / "models")
    trained = [run_of(runs, seed) for seed in SEEDS]
    shelf = Shelf(replace(settings, home=runs.home))
    before = judged(shelf, RECIPE.start)
    told = []
    for seed, run in zip(SEEDS, trained, strict=True):
        steps = run.steps()
        seconds = sum(step["seconds"] for step in steps)
        memory = max(step["memory"] for step in steps)
        yield f"seed {seed}: {len(steps)} steps", f"{seconds / 60:.1f} minutes (bar: 10), {memory / 1e9:.2f} GB"
        gain = compare(before, judged(shelf, run.name))[0]
        told.append(gain)
        yield f"seed {seed}: mean total on {PUZZLES} held-out puzzles", said(gain)
    write(trained, told)


def run_of(runs: Runs, seed: int) -> Run:
    """The finished run of that seed, trained now if need be."""
    from ghigliottina.training.worker import work

    recipe = replace(RECIPE, seed=seed)
    run = next((run for run in runs.all() if run.recipe == recipe), None) or runs.create(recipe)
    if run.status.state != "finished":
        work(run)
    return run


def judged(shelf: Shelf, name: str) -> dict:
    """The report on held-out puzzles, open book, of the likeliest answers."""
    from ghigliottina.models import local

    checkpoint = shelf.fetch(name, lambda share, phase: None)
    engine = local.load(checkpoint, shelf, lambda share, phase: None, side_by_side=True)
    graph = Graph.load()
    rubric = RUBRIC.with_phrases(graph.says).with_embedder(load_encoder(shelf.settings.encoder))
    chosen = list(islice(puzzles(graph, 300, held_out=True), PUZZLES))
    *_, report = evaluate(chosen, Player.of(Solver.MODEL_LINKS, engine, checkpoint), graph, rubric)
    return report.as_json()


def said(gain: Difference) -> str:
    """Before → after, and the interval of the gain."""
    return f"{gain.a:.3f} → {gain.b:.3f}: {gain.mean:+.3f} ({gain.low:+.3f} … {gain.high:+.3f})"


def write(runs: list[Run], gains: list[Difference]) -> None:
    """The curves and the gains, as data and as a picture."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "ghigliottina"
    from matplotlib import pyplot

    curves = {seed: [step["reward"] for step in run.steps()] for seed, run in zip(SEEDS, runs, strict=True)}
    data = {"recipe": RECIPE.as_json(), "curves": curves, "held_out": [gain.as_json() for gain in gains]}
    (DOCS / "learning.json").write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
    for seed, curve in curves.items():
        smooth = [sum(curve[max(0, i - 9) : i + 1]) / len(curve[max(0, i - 9) : i + 1]) for i in range(len(curve))]
        left.plot(range(1, len(curve) + 1), smooth, label=f"seed {seed}")
    left.set(title="Training: mean total, last 10 steps", xlabel="step", ylabel="total (of 4.75)")
    left.legend(frameon=False)
    for place, gain in enumerate(gains):
        right.errorbar(gain.mean, place, xerr=[[gain.mean - gain.low], [gain.high - gain.mean]], fmt="o", capsize=4)
    right.axvline(0, color="grey", linewidth=1)
    right.set(title=f"Held-out gain, {PUZZLES} puzzles, 95 %", yticks=range(len(gains)), ylim=(-0.5, len(gains) - 0.5))
    right.set_yticklabels([f"seed {seed}" for seed in curves])
    figure.savefig(DOCS / "learning.svg", metadata={"Date": None})
