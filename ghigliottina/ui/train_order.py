"""Ordering a training: the form, what it will cost, and the start."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr

from ghigliottina.errors import CheckpointError, GhigliottinaError
from ghigliottina.ui import render, train_render
from ghigliottina.ui.failures import told
from ghigliottina.ui.solve_screen import Changes
from ghigliottina.ui.solve_tab import QUIETLY
from ghigliottina.ui.text import Language
from ghigliottina.ui.train_screen import Order, preset_recipe, recipe_of
from ghigliottina.ui.workbench import Workbench
from ghigliottina.ui.workshop import Workshop, memory


@dataclass(frozen=True, slots=True)
class Counter:
    """Where a training is ordered, and what the visitor is told about the order."""

    order: Order
    plan: gr.HTML
    """The command, and what it costs."""
    refusal: gr.HTML
    """Why the order can't be carried out."""
    go: gr.Button
    measure: gr.Button
    fold: gr.Accordion
    """All of the above; closed while something trains, as then there is more to see below."""
    history: gr.Radio
    """Where the new run is chosen, to be watched."""
    language: gr.Radio

    @property
    def inputs(self) -> list[Any]:
        """The order, and the language to answer in."""
        return [*self.order.inputs, self.language]


def wire_order(
    bench: Workbench, workshop: Workshop, counter: Counter, page: gr.Blocks, clock: gr.Timer
) -> Callable[..., Any]:
    """Connect the counter. Returns what follows a start, as an event. `clock` ticks while the tab is open."""
    _wire_plan(bench, workshop, counter, page, clock)

    def wait(language: str) -> Changes:
        starting = train_render.starting(Language(language))
        return {counter.refusal: starting, counter.go: gr.update(interactive=False)}

    def launch(*asked: Any) -> Changes:  # noqa: ANN401
        done: Changes = {counter.refusal: "", counter.go: gr.update(interactive=workshop.allowed)}
        try:
            recipe = recipe_of(*asked[:-1])
            offered(bench, recipe.start)
            name = workshop.launch(recipe).name
        except Exception as problem:
            return done | {counter.refusal: refused(problem, asked[-1])}
        return done | {counter.history: gr.update(choices=[name], value=name), counter.fold: gr.update(open=False)}

    page.load(lambda: gr.update(open=workshop.runs.owner() is None), None, counter.fold, **QUIETLY)
    places = [counter.refusal, counter.go]
    waiting = counter.go.click(wait, counter.language, places, **QUIETLY)
    started: Callable[..., Any] = waiting.then(
        launch, counter.inputs, [*places, counter.history, counter.fold], **QUIETLY
    ).then
    return started


def _wire_plan(bench: Workbench, workshop: Workshop, counter: Counter, page: gr.Blocks, clock: gr.Timer) -> None:
    """Keep the plan true to the form, and to what was measured meanwhile."""
    order = counter.order

    shown = gr.State("")

    def plan(*asked: Any) -> Any:  # noqa: ANN401
        *values, language, before = asked
        try:
            recipe = recipe_of(*values)
        except GhigliottinaError as problem:
            return (refused(problem, language),) * 2
        cost = workshop.estimate(recipe)
        drawn = train_render.plan(recipe, cost, workshop.measuring, memory(), Language(language))
        return gr.skip() if drawn == before else (drawn, drawn)

    def fill(preset: str) -> Changes:
        return order.fill(preset_recipe(preset, bench.models.names()))

    def measure(*asked: Any) -> str:  # noqa: ANN401
        try:
            workshop.measure(recipe_of(*asked[:-1]))
        except Exception as problem:
            return refused(problem, asked[-1])
        return ""

    filled = order.preset.input(fill, order.preset, order.components, **QUIETLY).then
    waiting = counter.measure.click(
        lambda language: train_render.starting(Language(language)), counter.language, counter.refusal, **QUIETLY
    )
    measured = waiting.then(measure, counter.inputs, counter.refusal, **QUIETLY).then
    changed = [component.input for component in order.inputs[1:]]
    for event in (filled, measured, *changed, counter.language.change, page.load, clock.tick):
        event(plan, [*counter.inputs, shown], [counter.plan, shown], **QUIETLY)


def offered(bench: Workbench, checkpoint: str) -> None:
    """Raises CheckpointError if the shelf has no such checkpoint any more; a page may be older than a removal."""
    if checkpoint not in bench.models.names():
        message = f"There is no checkpoint “{checkpoint}” on the shelf any more: choose another."
        raise CheckpointError(message, "checkpoint_unknown", name=checkpoint)


def refused(problem: Exception, language: str) -> str:
    """Why it doesn't work, as it is shown."""
    return render.problem(told(problem, Language(language)), Language(language))
