"""The components of the tab *Allena*: what a training is ordered with, and where a run is shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import gradio as gr
from gradio.blocks import Block

from ghigliottina.training.recipe import PRESETS, Recipe
from ghigliottina.training.runs import ALIVE, Run, RunState, Status
from ghigliottina.ui import train_render
from ghigliottina.ui.solve_screen import Changes
from ghigliottina.ui.text import Language
from ghigliottina.ui.watching import Watch
from rewards import RUBRIC

ALL = "all"
"""The choice that means puzzles of any difficulty."""
PICKED = ("start", "difficulty", "steps", "puzzles", "completions", "learning_rate", "seed")
"""The fields of a recipe that the page asks for, besides the weights; the preset decides the others."""


@dataclass(frozen=True, slots=True)
class Order:
    """The components that a training is ordered with."""

    preset: gr.Radio
    start: gr.Dropdown
    difficulty: gr.Radio
    steps: gr.Number
    puzzles: gr.Number
    completions: gr.Number
    learning_rate: gr.Number
    seed: gr.Number
    weights: list[gr.Slider]
    """One for each reward, in the rubric's order."""
    weighing: gr.Accordion
    """Where the weights are; only GRPO looks at them."""

    @property
    def inputs(self) -> list[Block]:
        """As Gradio wants them; `recipe_of` reads their values."""
        return [self.preset, *(getattr(self, name) for name in PICKED), *self.weights]

    @property
    def components(self) -> list[Block]:
        """What a preset changes."""
        return [*self.inputs, self.weighing]

    def fill(self, recipe: Recipe) -> Changes:
        """The form as this recipe fills it in."""
        grpo = recipe.method == "grpo"
        values = recipe.as_json() | {"difficulty": recipe.difficulty or ALL}
        changes: Changes = {getattr(self, name): gr.update(value=values[name]) for name in PICKED}
        changes[self.completions] = gr.update(value=recipe.completions, visible=grpo)
        changes[self.weighing] = gr.update(visible=grpo)
        return changes | dict(zip(self.weights, recipe.rubric.weights.values(), strict=True))


def recipe_of(preset: str, *values: object) -> Recipe:
    """The recipe that the values of `Order.inputs` make. Raises InputError on what was typed wrongly."""
    picked = dict(zip(PICKED, values, strict=False))
    given = PRESETS[preset].as_json() | picked
    given["difficulty"] = "" if picked["difficulty"] == ALL else picked["difficulty"]
    weights = dict(zip(RUBRIC.names, values[len(PICKED) :], strict=True))
    changed = {name: weight for name, weight in weights.items() if weight != RUBRIC.weights[name]}
    return Recipe.from_json(given | {"weights": changed if given["method"] == "grpo" else {}})


def preset_recipe(preset: str, names: Sequence[str]) -> Recipe:
    """A preset, with another model to start from where the shelf lacks its own."""
    recipe = PRESETS[preset]
    return recipe if recipe.start in names else replace(recipe, start=next(iter(names), recipe.start))


@dataclass(frozen=True, slots=True)
class Seen:
    """What a visitor has before them, so that only what has changed is sent."""

    run: str = ""
    step: int = 0
    """Whose rollouts."""
    signature: object = None
    drawn: Mapping[int, str] = field(default_factory=dict)
    """Component → what it shows."""


@dataclass(frozen=True, slots=True)
class View:
    """The components that a run is shown on."""

    history: gr.Radio
    run: gr.HTML
    learning: gr.HTML
    samples: gr.HTML
    step: gr.Slider
    """Whose rollouts are shown."""
    follow: gr.Checkbox
    """Whether those of the latest step are; not while somebody reads an older one."""
    rollouts: gr.HTML
    stop: gr.Button
    resume: gr.Button
    discard: gr.Button
    merge: gr.Button
    play: gr.Button
    problem: gr.HTML
    """Why a wish couldn't be carried out."""

    @property
    def components(self) -> list[Block]:
        """What a look at the run draws."""
        return [getattr(self, field.name) for field in fields(self) if field.name != "problem"]

    def draw(
        self, runs: Sequence[tuple[Run, Status]], watch: Watch | None, follows: bool, allowed: bool, language: Language
    ) -> Changes:
        """All pictures of a run, in the list of all of them."""
        rows = [(train_render.row(run, status, language), run.name) for run, status in runs]
        latest = watch.latest if watch else 0
        answers = watch is not None and watch.recipe is not None and watch.recipe.method == "grpo" and latest > 0
        shown = watch.rollouts_step if watch else 1
        return {
            self.history: gr.update(choices=rows, value=watch.name if watch else None, visible=bool(rows)),
            self.run: train_render.run(watch, language),
            self.learning: train_render.learning(watch, language),
            self.samples: train_render.samples(watch, language),
            self.step: gr.update(maximum=max(latest, 2), value=max(shown, 1), visible=answers and latest > 1),
            self.follow: gr.update(value=follows, visible=answers),
            self.rollouts: train_render.rollouts(watch, language),
            **self._buttons(watch, allowed),
        }

    def _buttons(self, watch: Watch | None, allowed: bool) -> Changes:
        """Only what makes sense now can be pressed."""
        state = watch.status.state if watch else None
        saved = watch is not None and bool(watch.status.checkpoint)
        merging = watch is not None and watch.merging is not None and watch.merging.state == "running"
        sense: dict[Block, bool] = {
            self.stop: state in (RunState.QUEUED, RunState.RUNNING),
            self.resume: state in (RunState.STOPPED, RunState.FAILED),
            self.discard: state not in (None, RunState.QUEUED),  # a process on its way can't be caught
            self.merge: saved and state not in ALIVE and not merging,
        }
        buttons: dict[Block, Any] = {button: gr.update(interactive=allowed and on) for button, on in sense.items()}
        return buttons | {self.play: gr.update(interactive=saved)}
