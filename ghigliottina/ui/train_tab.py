"""The tab *Allena*: order a training, watch it learn, and play what it made. Layout; `train_events` wires it."""

import gradio as gr

from ghigliottina.links.generator import Difficulty
from ghigliottina.training.recipe import PRESETS
from ghigliottina.ui import render
from ghigliottina.ui.solve_tab import picture
from ghigliottina.ui.text import say
from ghigliottina.ui.train_events import Confirm, Doors, wire
from ghigliottina.ui.train_order import Counter
from ghigliottina.ui.train_screen import ALL, Order, View, preset_recipe
from ghigliottina.ui.wording import Wording, said
from ghigliottina.ui.workbench import Workbench
from ghigliottina.ui.workshop import Workshop
from rewards import RUBRIC

FIRST = "demo-2"
"""The preset that the form begins with."""
HEAVIEST = 4.0
"""The highest weight that a slider gives a reward; the command takes higher ones."""


def train_tab(bench: Workbench, workshop: Workshop, words: Wording, language: gr.Radio, doors: Doors) -> None:
    """Lay out the tab and wire it. Must be called inside its `gr.Tab`."""
    with words.make(gr.Accordion, {"label": said("recipe")}, elem_id="g-recipe") as fold:
        _hint(words, "recipe_hint" if workshop.allowed else "training_off")
        order = _order(bench, words)
        plan = picture("g-plan")
        refusal = picture("g-refusal")
        with gr.Row(elem_classes="g-actions"):
            go = words.make(
                gr.Button, {"value": said("launch")}, variant="primary", elem_id="g-train", interactive=workshop.allowed
            )
            measure = _button("measure", words, visible=workshop.gauge is not None, interactive=workshop.allowed)
    view, confirm = _view(words)
    counter = Counter(order, plan, refusal, go, measure, fold, view.history, language)
    wire(bench, workshop, counter, view, confirm, doors)


def _hint(words: Wording, key: str) -> None:
    says = {"value": lambda language: render.hint(key, language)}
    words.make(gr.HTML, says, apply_default_css=False)


def _order(bench: Workbench, words: Wording) -> Order:
    recipe = preset_recipe(FIRST, bench.models.names())
    preset = _radio("preset", tuple(PRESETS), FIRST, words)
    with gr.Row(elem_classes="g-fields"):
        start = words.make(
            gr.Dropdown,
            {"label": said("start")},
            choices=list(bench.models.names()),
            value=recipe.start,
            filterable=False,
            elem_id="g-start",
        )
        numbers = [_number(name, getattr(recipe, name), words) for name in ("steps", "puzzles", "completions")]
    difficulty = _radio("difficulty", (ALL, *Difficulty), recipe.difficulty or ALL, words)
    with words.make(gr.Accordion, {"label": said("weights")}, open=False, elem_id="g-weights") as weighing:
        _hint(words, "weights_hint")
        with gr.Row(elem_classes="g-sliders"):
            sliders = [_weight(name, weight, words) for name, weight in RUBRIC.weights.items()]
    with words.make(gr.Accordion, {"label": said("advanced")}, open=False, elem_id="g-advanced"):
        with gr.Row(elem_classes="g-fields"):
            rate = _number("learning_rate", recipe.learning_rate, words, precision=None)
            seed = _number("seed", recipe.seed, words)
    steps, puzzles, completions = numbers
    return Order(preset, start, difficulty, steps, puzzles, completions, rate, seed, sliders, weighing)


def _radio(name: str, choices: tuple[str, ...], value: str, words: Wording) -> gr.Radio:
    says = {
        "label": said(name),
        "choices": lambda language: [(say(f"{name}_{choice}", language), str(choice)) for choice in choices],
    }
    return words.make(gr.Radio, says, value=value, elem_id=f"g-{name}", elem_classes="g-segments")


def _number(name: str, value: float, words: Wording, precision: int | None = 0) -> gr.Number:
    # No bounds: the recipe knows them, and says them in the visitor's language.
    return words.make(gr.Number, {"label": said(name)}, value=value, precision=precision, elem_id=f"g-{name}")


def _weight(name: str, weight: float, words: Wording) -> gr.Slider:
    says = {"label": said(f"reward_{name}")}
    return words.make(gr.Slider, says, minimum=0, maximum=HEAVIEST, step=0.05, value=weight, buttons=[])


def _button(key: str, words: Wording, **fixed: object) -> gr.Button:
    return words.make(gr.Button, {"value": said(key)}, elem_id=f"g-{key.replace('_', '-')}", **fixed)


def _view(words: Wording) -> tuple[View, Confirm]:
    with gr.Column(elem_classes="g-bench"):
        run = picture("g-run")
        problem = picture("g-trouble")
        with gr.Row(elem_classes="g-wishes"):
            stop, resume, play, merge, discard = (
                _button(key, words, interactive=False) for key in ("stop_save", "resume", "play", "merge", "discard")
            )
        with gr.Row(elem_classes="g-wishes", visible=False) as confirm:
            sure, never = _button("discard_sure", words, variant="stop"), _button("discard_no", words)
    with gr.Column(elem_classes="g-past"):
        history = words.make(gr.Radio, {"label": said("history")}, choices=[], visible=False, elem_id="g-history")
    learning, samples = picture("g-learning"), picture("g-samples")
    with gr.Column(elem_classes="g-rollouts-tab"):
        step = words.make(
            gr.Slider,
            {"label": said("rollouts")},
            minimum=1,
            maximum=2,
            step=1,
            visible=False,
            buttons=[],
            elem_id="g-step",
        )
        follow = words.make(gr.Checkbox, {"label": said("follow")}, value=True, visible=False, elem_id="g-follow")
        rollouts = picture("g-rollouts")
    view = View(history, run, learning, samples, step, follow, rollouts, stop, resume, discard, merge, play, problem)
    return view, Confirm(confirm, sure, never)
