"""The commands. What a script reads goes to standard output, everything else to standard error.

Exit codes: 0 done; 1 failed; 2 wrong input or usage; 3 checkpoint; 4 busy; 5 damaged assets; 130 interrupted.
"""

import json
import os
import sys
import warnings
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from ghigliottina import cli_comparing, cli_merging, cli_training
from ghigliottina.errors import GhigliottinaError
from ghigliottina.game.puzzle import Puzzle, read_puzzles
from ghigliottina.links.candidates import Candidate, candidates
from ghigliottina.links.generator import Difficulty, difficulty_of, puzzles
from ghigliottina.links.graph import Graph
from ghigliottina.models.engine import Sampling
from ghigliottina.settings import ASSETS, Settings
from ghigliottina.solver import Attempt, Player, Solver, solve
from rewards import RUBRIC, Breakdown, Rubric

if TYPE_CHECKING:
    from ghigliottina.evaluation import Report

app = typer.Typer(add_completion=False, no_args_is_help=False, pretty_exceptions_enable=False, rich_markup_mode=None)
links_app = typer.Typer(help="Look after the link files.", rich_markup_mode=None)
app.add_typer(links_app, name="links")
app.command("train")(cli_training.train_command)
app.command("compare")(cli_comparing.compare_command)
app.command("merge")(cli_merging.merge_command)
app.add_typer(cli_training.runs_app, name="runs")

Clues = Annotated[list[str], typer.Argument(help="The five clue words; quote a clue of two words.", metavar="CLUE…")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
WhichSolver = Annotated[Solver, typer.Option(help="How to find the answer.")]
WhichCheckpoint = Annotated[
    str | None, typer.Option(help="A name on the shelf, or a checkpoint folder. Default: the shelf's first.")
]


def main() -> None:
    """Run a command; an error that a person can act on ends it with its own exit code and one line, no traceback."""
    # peft 0.21.2 asks transformers 5.23 under a name that is old: nothing that whoever reads this could mend.
    warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated", FutureWarning)
    try:
        app()
    except GhigliottinaError as error:
        _fail(str(error), error.exit_code)
    except KeyboardInterrupt:
        _fail("interrupted", 130)
    except BrokenPipeError:
        # The reader has gone, as `| head` does: nothing is left to say, and nobody to say it to.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


@app.callback(invoke_without_command=True)
def page(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="Address to listen on.", envvar="GRADIO_SERVER_NAME")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; the next free one if taken.", envvar="GRADIO_SERVER_PORT")] = 7860,
) -> None:
    """La Ghigliottina: five clues in, one reasoned word out. Without a command, opens the page."""
    if context.invoked_subcommand is None:
        from ghigliottina.ui.page import open_page

        open_page(Settings.from_environment(host=host), host=host, port=port)


@app.command("candidates")
def candidates_command(
    clues: Clues, limit: Annotated[int, typer.Option(min=1, max=1000, help="How many words.")] = 10, json: Json = False
) -> None:
    """Rank the words that the link graph offers for five clues. Needs no model."""
    evidence = candidates(Graph.load(), Puzzle.of(clues).clues, limit)
    if json:
        _print_json([_candidate(candidate) for candidate in evidence.candidates])
    else:
        for candidate in evidence.candidates:
            phrases = "; ".join(f"{clue}: {phrase or '–'}" for clue, phrase in candidate.links.items())
            typer.echo(f"{candidate.score:7.3f}  {candidate.word:<20} {candidate.linked}/5  {phrases}")


@app.command("solve")
def solve_command(
    clues: Clues,
    solver: WhichSolver = Solver.MODEL_LINKS,
    checkpoint: WhichCheckpoint = None,
    solution: Annotated[
        str | None, typer.Option(help="The true solution, if known: then all rewards are judged.")
    ] = None,
    json: Json = False,
) -> None:
    """Answer five clues: streams the reasoning, then prints what every reward pays."""
    puzzle = Puzzle.of(clues, solution)
    settings = Settings.from_environment()
    player = _player(solver, checkpoint, settings)
    shown = 0
    graph = Graph.load()
    for attempt in solve(puzzle, player, graph):
        if not json:
            typer.echo(attempt.completion.text[shown:], nl=False)
            shown = len(attempt.completion.text)
    encoder = settings.encoder if puzzle.solution else "none"  # it takes seconds, and compares with a solution
    rubric = _rubric(encoder, graph)
    breakdown = rubric.judge(attempt.completion, puzzle.clues, puzzle.solution)
    if json:
        _print_json(_attempt(attempt, breakdown))
    else:
        _print_breakdown(attempt, breakdown)


@app.command("evaluate")
def evaluate_command(
    puzzles: Annotated[Path, typer.Option(help="A puzzle file, JSON lines.")],
    solver: WhichSolver = Solver.MODEL_LINKS,
    checkpoint: WhichCheckpoint = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first so many puzzles.")] = None,
    json: Annotated[Path | None, typer.Option(help="Write the whole report to this file.")] = None,
    temperature: Annotated[float, typer.Option(min=0.0, max=5.0, help="0: the likeliest answer; 1: sampled.")] = 0.0,
    seed: Annotated[int, typer.Option(help="The dice of sampled answers.")] = 0,
    strict: Annotated[
        bool, typer.Option(help="Refuse a file with a broken line, instead of naming and skipping it.")
    ] = False,
) -> None:
    """Play every puzzle of a file and report accuracy, rank and rewards."""
    from ghigliottina.evaluation import evaluate

    skip = None if strict else lambda error: typer.echo(f"skipped: {error}", err=True)
    chosen = list(islice(read_puzzles(puzzles, skip), limit))  # read to the end first: a broken file costs no answers
    if json is not None:
        _check_writable(json)
    settings = Settings.from_environment()
    player = _player(solver, checkpoint, settings, side_by_side=True)
    player = replace(player, sampling=Sampling(temperature=temperature, seed=seed))
    graph = Graph.load()
    for report in evaluate(chosen, player, graph, _rubric(settings.encoder, graph)):
        if sys.stderr.isatty():
            typer.echo(f"\r{len(report.rows)}/{len(chosen)}", nl=False, err=True)
    _print_report(report)
    if json is not None:
        json.write_text(_dump(report.as_json()) + "\n", encoding="utf-8")


@app.command("generate")
def generate_command(
    seed: Annotated[int, typer.Option(help="The same seed, the same puzzles.")] = 0,
    count: Annotated[int, typer.Option(min=1, help="How many puzzles.")] = 10,
    difficulty: Annotated[Difficulty | None, typer.Option(help="Only such puzzles.")] = None,
    held_out: Annotated[
        bool, typer.Option("--held-out", help="Solutions that training never sees, instead of the others.")
    ] = False,
) -> None:
    """Make puzzles from the link graph: JSON lines with solution, links and difficulty. Needs no model."""
    graph = Graph.load()
    for puzzle in islice(puzzles(graph, seed, held_out=held_out, difficulty=difficulty), count):
        row = {"clues": puzzle.clues, "solution": puzzle.solution, "links": puzzle.links, "source": puzzle.source}
        typer.echo(json.dumps(row | {"difficulty": difficulty_of(graph, puzzle)}, ensure_ascii=False))


@links_app.command("check")
def links_check(
    folder: Annotated[Path, typer.Argument(help="A folder of link files.")] = ASSETS / "links", json: Json = False
) -> None:
    """Report every faulty line by file and number; exit code 1 if one must not be there."""
    from ghigliottina.links.importing import check

    found = check(folder)
    if json:
        rows = [{"file": f.file, "line": f.line, "fault": f.fault, "text": f.text} for f in found.findings]
        _print_json({"lines": found.lines, "counts": dict(found.counts), "findings": rows})
    else:
        for finding in found.rejected:
            typer.echo(f"{finding.file}:{finding.line}: {finding.fault}: {finding.text}")
        for fault, count in found.counts.most_common():
            typer.echo(f"{count:7,}  {fault}", err=True)
        typer.echo(f"{found.lines:7,}  lines, {len(found.rejected)} to mend", err=True)
    if found.rejected:
        raise typer.Exit(1)


@links_app.command("import")
def links_import(
    sources: Annotated[
        list[Path], typer.Argument(help="Folders of link files; name assets/links to keep what is there.")
    ],
    to: Annotated[Path, typer.Option(help="The folder to write.")] = ASSETS / "links",
) -> None:
    """Make one clean, sorted set of several folders' links; count what was mended and what was dropped."""
    from ghigliottina.links.importing import import_links

    tally = import_links(sources, to)
    for what, faults in (("mended", tally.repaired), ("dropped", tally.dropped)):
        for fault, lines in sorted(faults.items(), key=lambda item: -len(item[1])):
            typer.echo(f"{what} {len(lines):7,}  {fault}   e.g. {lines[0]!r}")
    typer.echo(f"{tally.kept:,} of {tally.lines:,} lines kept")


def _player(solver: Solver, checkpoint: str | None, settings: Settings, *, side_by_side: bool = False) -> Player:
    if solver is Solver.LINKS:
        return Player(solver)
    from ghigliottina.models.local import load
    from ghigliottina.models.shelf import Shelf

    shelf = Shelf(settings)
    found = shelf.fetch_given(checkpoint or shelf.default, cli_merging.progress)
    engine = load(found, shelf, cli_merging.progress, side_by_side=side_by_side)
    return Player.of(solver, engine, found, settings.answer_seconds)


def _rubric(encoder: str, graph: Graph) -> Rubric:
    from ghigliottina.models.encoder import load_encoder

    return RUBRIC.with_phrases(graph.says).with_embedder(load_encoder(encoder))


def _candidate(candidate: Candidate) -> dict[str, object]:
    return {"word": candidate.word, "score": candidate.score, "links": dict(candidate.links)}


def _attempt(attempt: Attempt, breakdown: Breakdown) -> dict[str, object]:
    ranked = attempt.evidence.candidates if attempt.evidence else ()
    return {
        "answer": attempt.completion.answer,
        "think": attempt.completion.think,
        "rewards": breakdown.values,
        "total": breakdown.total,
        "candidates": [_candidate(candidate) for candidate in ranked],
        "seconds": round(attempt.seconds, 3),
        "tokens": attempt.tokens,
        "origin": attempt.origin,
        "tone": attempt.tone,
        "confidence": round(attempt.confidence, 3),
        "text": attempt.completion.text,
    }


def _print_breakdown(attempt: Attempt, breakdown: Breakdown) -> None:
    typer.echo(f"\n\n{attempt.completion.answer or '(no answer)'}  ({attempt.origin}, {attempt.tone})")
    for score in breakdown.scores:
        value = "not judged" if score.value is None else f"{score.value:.2f} × {score.weight:<4} = {score.points:.2f}"
        typer.echo(f"  {score.name:<20} {value}")
    typer.echo(f"  {'total':<20} {breakdown.total:.2f} of {breakdown.maximum:.2f}")


def _print_report(report: "Report") -> None:
    figures = {**report.as_json(), **report.rewards}
    for name, value in figures.items():
        if name not in ("rows", "rewards"):
            typer.echo(f"{name:<20} {'–' if value is None else f'{value:.3f}' if isinstance(value, float) else value}")


def _check_writable(path: Path) -> None:
    if not os.access(path if path.exists() else path.absolute().parent, os.W_OK) or path.is_dir():
        raise typer.BadParameter(f"{path} can't be written: choose another file.", param_hint="--json")


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def _print_json(value: object) -> None:
    typer.echo(_dump(value))


def _fail(message: str, code: int) -> NoReturn:
    typer.echo(f"error: {message}", err=True)
    sys.exit(code)
