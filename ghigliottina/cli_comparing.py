"""The command that says which of two evaluated players is better, and how sure that is."""

import json as json_module
from pathlib import Path
from typing import Annotated

import typer

from ghigliottina.comparison import compare, read_report


def compare_command(
    a: Annotated[Path, typer.Argument(help="A report of `evaluate --json`.")],
    b: Annotated[Path, typer.Argument(help="Another, on the same puzzles.")],
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Compare two reports: the paired difference in total, accuracy and each reward, with its 95 % interval."""
    differences = compare(read_report(a), read_report(b))
    if json:
        typer.echo(json_module.dumps([difference.as_json() for difference in differences], indent=2))
        return
    typer.echo(f"{'':<20} {'A':>8} {'B':>8} {'B - A':>8}   95 % interval       n")
    for found in differences:
        interval = f"{found.low:+.3f} … {found.high:+.3f}"
        mark = "  clear" if found.clear else ""
        typer.echo(
            f"{found.figure:<20} {found.a:8.3f} {found.b:8.3f} {found.mean:+8.3f}   {interval:<18} {found.n:4}{mark}"
        )
