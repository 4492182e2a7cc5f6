"""The commands of the workshop: train, and look after the runs."""

import json
import sys
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from ghigliottina.errors import InputError, TrainingError
from ghigliottina.settings import Settings
from ghigliottina.training.recipe import PRESETS, Recipe, command, preset_for
from ghigliottina.training.run import RECIPE
from ghigliottina.training.runs import WORKER, Run, Runs, RunState

runs_app = typer.Typer(help="List the training runs, and look after them.", rich_markup_mode=None)

LAUNCH = (sys.executable, "-m", "accelerate.commands.launch")
WhichRun = Annotated[str, typer.Argument(help="The run's name, as `runs` lists it.", metavar="RUN")]


def train_command(
    method: Annotated[
        str | None, typer.Option(help="sft: a warm start by examples. grpo: by rewards. Default: the preset's.")
    ] = None,
    preset: Annotated[
        str | None, typer.Option(help=f"What the options start from: {', '.join(PRESETS)}. Default: by the method.")
    ] = None,
    start: Annotated[str | None, typer.Option(help="What is trained, by its name on the shelf.")] = None,
    steps: Annotated[int | None, typer.Option(help="Updates.")] = None,
    puzzles: Annotated[int | None, typer.Option(help="Puzzles a step.")] = None,
    completions: Annotated[int | None, typer.Option(help="Answers to each puzzle (GRPO).")] = None,
    max_tokens: Annotated[int | None, typer.Option(help="Where an answer is cut off (GRPO).")] = None,
    temperature: Annotated[float | None, typer.Option(help="How daring the answers are (GRPO).")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Its highest value.")] = None,
    rank: Annotated[int | None, typer.Option(help="LoRA rank of a new adapter.")] = None,
    alpha: Annotated[int | None, typer.Option(help="LoRA scale times rank.")] = None,
    seed: Annotated[int | None, typer.Option(help="The same seed trains on the same puzzles.")] = None,
    by_heart: Annotated[float | None, typer.Option(help="Share of puzzles without evidence.")] = None,
    right_first: Annotated[float | None, typer.Option(help="Share whose right candidate stands first.")] = None,
    difficulty: Annotated[str | None, typer.Option(help="Only such puzzles: easy, medium, hard.")] = None,
    weight: Annotated[list[str] | None, typer.Option(help="A reward's weight, NAME=VALUE; repeatable.")] = None,
    sample_every: Annotated[int | None, typer.Option(help="Steps between two answers to compare; 0: none.")] = None,
    save_every: Annotated[int | None, typer.Option(help="Steps between two saves.")] = None,
    vllm: Annotated[bool | None, typer.Option("--vllm/--no-vllm", help="Sample with vLLM (a GPU).")] = None,
    accelerate: Annotated[
        Path | None,
        typer.Option(help="Several processes, by a file of accelerate's; three are in assets/accelerate.", exists=True),
    ] = None,
    resume: Annotated[str | None, typer.Option(help="Go on with this run instead.", metavar="RUN")] = None,
    background: Annotated[bool, typer.Option("--background", help="Return at once; `runs` tells how it goes.")] = False,
) -> None:
    """Train an adapter that plays: it is on the shelf from its first save on. Ctrl-C saves and stops."""
    given = {name: value for name, value in locals().items() if value is not None}
    chosen = {f.name: given[f.name] for f in fields(Recipe) if f.name in given}
    runs = _runs()
    if resume is None:
        run = _new(runs, _recipe(chosen, preset, weight or []))
    elif chosen or preset or weight:
        raise InputError("A run that is resumed keeps its recipe: leave out the other options.", "resume_options")
    else:
        run = runs.find(resume)
    if accelerate:
        runs = replace(runs, worker=(*LAUNCH, "--config_file", str(accelerate.absolute()), "-m", WORKER[-1]))
    if background or accelerate:
        runs.launch(run)
    else:
        _work(runs, run)
    typer.echo(run.name)


@runs_app.callback(invoke_without_command=True)
def list_command(context: typer.Context) -> None:
    """List the training runs, newest first; its sisters look after them."""
    if context.invoked_subcommand is None:
        for run in _runs().all():
            for line in _row(run):
                typer.echo(line)


@runs_app.command("show")
def show_command(run: WhichRun) -> None:
    """Print a run's recipe, status and last figures as JSON, and the command that does the same."""
    typer.echo(json.dumps(_summary(_runs().find(run)), ensure_ascii=False, indent=2))


@runs_app.command("stop")
def stop_command(
    run: WhichRun,
    discard: Annotated[bool, typer.Option("--discard", help="Don't save: remove it with its adapter.")] = False,
) -> None:
    """Ask a run to save and to stop after the step that it is in."""
    runs = _runs()
    runs.stop(runs.find(run), discard)


@runs_app.command("delete")
def delete_command(run: WhichRun) -> None:
    """Remove a run's folder. An adapter that it put on the shelf stays."""
    runs = _runs()
    runs.delete(runs.find(run))


def _runs() -> Runs:
    return Runs(Settings.from_environment().home)


def _recipe(chosen: dict[str, Any], preset: str | None, weights: list[str]) -> Recipe:
    """The preset with what was chosen instead. Raises InputError."""
    name = preset or preset_for(chosen.get("method", ""))
    if name not in PRESETS:
        message = f"There is no preset “{name}”: choose one of {', '.join(PRESETS)}."
        raise InputError(message, "preset_unknown", name=name)
    start = PRESETS[name].as_json()
    return Recipe.from_json(start | chosen | {"weights": {**start["weights"], **dict(map(_weight, weights))}})


def _weight(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    try:
        return name, float(value)
    except ValueError:
        raise InputError(f"“{text}” is no weight: write it as exact_match=2.", "weight", text=text) from None


def _new(runs: Runs, recipe: Recipe) -> Run:
    if holder := runs.owner():
        raise holder.busy  # before there is a folder that nobody trains
    return runs.create(recipe)


def _work(runs: Runs, run: Run) -> None:
    """Train in this process."""
    from ghigliottina.training.worker import work

    runs.queue(run)
    typer.echo(f"{run.name}: Ctrl-C saves and stops after the step; a second one stops at once", err=True)
    status = work(_Told(run.folder))
    if status.state is RunState.FAILED:
        raise TrainingError(status.reason, status.code, run=run.name)
    typer.echo(f"{status.state}: {status.step} of {status.steps} steps", err=True)


class _Told(Run):
    """A run that also says its steps aloud."""

    def note(self, event: str, **data: Any) -> None:  # noqa: ANN401
        super().note(event, **data)
        if event == "step":
            typer.echo(_line(data, self.recipe.steps), err=True)


def _line(step: dict[str, Any], steps: int) -> str:
    figures = ("reward", "accuracy", "loss", "learning_rate", "seconds")
    told = [f"{name} {step[name]:.4g}" for name in figures if step.get(name) is not None]
    return "  ".join([f"step {step['step']}/{steps}", *told])


def _summary(run: Run) -> dict[str, Any]:
    curve = run.steps()
    return {
        "name": run.name,
        "status": run.status.as_json(),
        "created": datetime.fromtimestamp((run.folder / RECIPE).stat().st_mtime).isoformat(timespec="seconds"),
        "recipe": run.recipe.as_json(),
        "command": ["python", "app.py", *command(run.recipe)],
        "last": curve[-1] if curve else {},
    }


def _row(run: Run) -> Iterator[str]:
    status, curve = run.status, run.steps()
    last = curve[-1] if curve else {}
    told = [f"{name} {last[name]:.4g}" for name in ("reward", "loss") if last.get(name) is not None][:1]
    try:
        start = run.recipe.start
    except InputError:
        start = "(damaged recipe)"
    done = f"{status.step}/{status.steps}"
    yield "  ".join([f"{run.name:<22} {status.state:<9} {done:>9}", start, *told])
    if status.state is RunState.FAILED:
        yield f"    {status.reason}"
