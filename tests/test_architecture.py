"""The arrows of the house, read from the imports: they point down only."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

MAY_IMPORT = {
    "rewards": set(),
    "ghigliottina.errors": set(),
    "ghigliottina.settings": {"errors"},
    "ghigliottina.game": {"errors", "rewards"},
    "ghigliottina.links": {"errors", "settings", "game", "rewards"},
    "ghigliottina.models": {"errors", "settings", "links", "rewards"},
    "ghigliottina.prompt": {"game", "links", "models", "rewards"},
    "ghigliottina.training": {"errors", "settings", "game", "links", "prompt", "models", "rewards"},
    "ghigliottina.solver": {"prompt", "game", "links", "models", "rewards"},
    "ghigliottina.evaluation": {"solver", "game", "links", "rewards"},
    "ghigliottina.comparison": {"errors"},
    "ghigliottina.ui": {
        "errors",
        "settings",
        "evaluation",
        "solver",
        "training",
        "prompt",
        "models",
        "links",
        "game",
        "rewards",
    },
    "ghigliottina.cli_comparing": {"comparison"},
    "ghigliottina.cli_training": {"errors", "settings", "training"},
    "ghigliottina.cli_merging": {"errors", "settings", "training", "models", "links"},
    "ghigliottina.cli": {
        "cli_comparing",
        "cli_training",
        "cli_merging",
        "errors",
        "settings",
        "evaluation",
        "solver",
        "models",
        "training",
        "links",
        "game",
        "rewards",
        "ui",
    },
    "app": {"cli"},
}
"""Each part of the house and the parts that it may know, besides itself."""

HEAVY = {
    "torch": {"models", "training"},
    "transformers": {"models", "training"},
    "peft": {"models", "training"},
    "sentence_transformers": {"models"},
    "safetensors": {"models", "training"},
    "gradio": {"ui"},
    "trl": {"training"},
    "datasets": {"training"},
}
"""Each heavy library and the parts that may import it."""


def modules():
    files = [ROOT / "app.py", *(ROOT / "rewards").rglob("*.py"), *(ROOT / "ghigliottina").rglob("*.py")]
    return [file for file in sorted(files) if file != ROOT / "ghigliottina" / "__init__.py"]


def dotted(file):
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def part_of(module):
    """The part of the house that a dotted module name belongs to, longest name first; None for the world outside."""
    return next((p for p in MAY_IMPORT if module == p or module.startswith(p + ".")), None)


def imports(file):
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            # `from ghigliottina import prompt` names a module, `from rewards import RUBRIC` something in one.
            yield from names if node.module == "ghigliottina" else [node.module]


@pytest.mark.parametrize("file", modules(), ids=dotted)
def test_arrows_point_down(file):
    own = part_of(dotted(file))
    assert own is not None, "a new part of the house: give it a place in MAY_IMPORT"
    for target in imports(file):
        part = part_of(target)
        if part not in (None, own):
            assert part.removeprefix("ghigliottina.") in MAY_IMPORT[own], f"{own} must not know {target}"


@pytest.mark.parametrize("file", modules(), ids=dotted)
def test_heavy_libraries_stay_where_they_belong(file):
    own = part_of(dotted(file)).removeprefix("ghigliottina.")
    for target in imports(file):
        library = target.split(".")[0]
        assert own in HEAVY.get(library, {own}), f"{own} must not import {library}"


@pytest.mark.parametrize("part", ["rewards", "ghigliottina.game", "ghigliottina.errors", "ghigliottina.settings"])
def test_the_centre_needs_the_standard_library_only(part):
    own = {"rewards", "ghigliottina"}
    for file in modules():
        if part_of(dotted(file)) == part:
            outside = {name.split(".")[0] for name in imports(file)} - set(sys.stdlib_module_names) - own
            assert not outside, f"{dotted(file)} imports {outside}"


@pytest.mark.parametrize(
    "module",
    ["rewards", "rewards.trl", "ghigliottina.cli", "ghigliottina.solver", "ghigliottina.evaluation"],
)
def test_importing_costs_nothing_heavy(module):
    code = f"import sys, {module}; print(sorted(set(sys.modules) & {set(HEAVY) | {'numpy', 'pandas'}!r}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
