"""The tab *Risolvi*: five clues in, a reasoned answer out."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

import gradio as gr
from gradio.blocks import Block

from ghigliottina.errors import GhigliottinaError
from ghigliottina.game.puzzle import CLUES, LONGEST_CLUE, Puzzle
from ghigliottina.models.host import Phase
from ghigliottina.solver import Solver
from ghigliottina.ui import render
from ghigliottina.ui.playing import Moment, moments
from ghigliottina.ui.text import Language, error, say
from ghigliottina.ui.wording import Wording, said
from ghigliottina.ui.workbench import Workbench

EXAMPLES = (
    ("latte", "sole", "miele", "piena", "lupo"),
    ("scarpe", "pallone", "campo", "rete", "calcio"),
)
"""Our own, not from television; the link graph solves each."""

Changes = dict[Block, object]
"""What Gradio is to change on the page: component → its new value. What isn't named stays as it is."""


@dataclass(frozen=True, slots=True)
class Ask:
    """The components that a question is put with, in the order in which the server receives them."""

    clues: list[gr.Textbox]
    solution: gr.Textbox
    solver: gr.Radio
    checkpoint: gr.Dropdown
    language: gr.Radio

    @property
    def inputs(self) -> list[Block]:
        """As Gradio wants them."""
        return [*self.clues, self.solution, self.solver, self.checkpoint, self.language]


@dataclass(frozen=True, slots=True)
class Screen:
    """The components that the answer is shown on."""

    board: gr.HTML
    status: gr.HTML
    thought: gr.HTML
    ranking: gr.HTML
    rewards: gr.HTML
    raw: gr.HTML
    spoken: gr.HTML
    problem: gr.HTML
    go: gr.Button
    stop: gr.Button
    last: gr.State
    """The last moment of this session, to be drawn again in another language."""

    @property
    def components(self) -> list[Block]:
        """As Gradio wants them."""
        return [getattr(self, field.name) for field in fields(self)]

    def draw(self, moment: Moment | None, language: Language) -> Changes:
        """All pictures of a moment."""
        attempt = moment.attempt if moment else None
        return {
            self.board: render.board(moment, language),
            self.status: render.status(moment, language),
            self.thought: render.thought(moment, language),
            self.ranking: render.ranking(attempt.evidence if attempt else None, language),
            self.rewards: render.rewards(moment.breakdown if moment else None, language),
            self.raw: render.raw(attempt.completion if attempt and attempt.done else None, language),
            self.spoken: render.spoken(moment, language),
            self.problem: "",
        }

    def buttons(self, *, running: bool) -> Changes:
        """Solve or Stop: only one makes sense at a time."""
        return {self.go: gr.update(interactive=not running), self.stop: gr.update(interactive=running)}


def solve_tab(bench: Workbench, words: Wording, language: gr.Radio) -> None:
    """Lay out the tab and wire it. Must be called inside a `gr.Tab`."""
    with gr.Column(elem_classes="g-stage"):
        with gr.Row(elem_classes="g-clues"):
            clues = [_clue_box(number, words) for number in range(1, CLUES + 1)]
        board = picture("g-board", render.board(None, words.first))
        status = picture("g-status", render.status(None, words.first))
        problem = picture("g-problem")
        with gr.Row(elem_classes="g-actions"):
            go = words.make(gr.Button, {"value": said("go")}, variant="primary", elem_id="g-go")
            stop = words.make(gr.Button, {"value": said("stop")}, variant="secondary", elem_id="g-stop", interactive=False)
    _examples(clues, words)
    with gr.Row(elem_classes="g-choices"):
        solver, checkpoint = _choices(bench, words)
        with words.make(gr.Accordion, {"label": said("know")}, open=False, elem_id="g-know"):
            solution = words.make(
                gr.Textbox,
                {"label": said("solution"), "info": said("solution_hint")},
                max_length=LONGEST_CLUE,
                max_lines=1,
                elem_id="g-solution",
                html_attributes=_PLAIN,
            )
    state = picture("g-model")
    with gr.Row(elem_classes="g-results"):
        with words.make(gr.Accordion, {"label": said("thought")}, elem_id="g-thought"):
            thought = picture(value=render.thought(None, words.first))
        ranking, rewards, raw = picture("g-ranking"), picture("g-rewards"), picture("g-raw")
    spoken = picture("g-spoken")
    screen = Screen(board, status, thought, ranking, rewards, raw, spoken, problem, go, stop, gr.State(None))
    _wire(bench, Ask(clues, solution, solver, checkpoint, language), screen)
    _watch(bench, checkpoint, language, state)


def picture(name: str | None = None, value: str = "") -> gr.HTML:
    """A place for one of `render`'s pictures, under our style sheet alone."""
    return gr.HTML(value, elem_id=name, apply_default_css=False)


_PLAIN = gr.InputHTMLAttributes(autocapitalize="off", autocorrect="off", spellcheck=False, autocomplete="off", lang="it")


def _clue_box(number: int, words: Wording) -> gr.Textbox:
    return words.make(
        gr.Textbox,
        {"label": said("clue", number=number)},
        max_length=LONGEST_CLUE,
        max_lines=1,
        elem_classes="g-clue-box",
        autofocus=number == 1,
        html_attributes=_PLAIN,
    )


def _examples(clues: list[gr.Textbox], words: Wording) -> None:
    with gr.Row(elem_classes="g-examples"):
        says = {"value": lambda language: render.label("examples", language)}
        words.make(gr.HTML, says, elem_id="g-examples-label", apply_default_css=False)
        for example in EXAMPLES:
            chip = gr.Button(" · ".join(example), size="sm", elem_classes="g-chip")
            chip.click(None, None, clues, js=f"() => {list(example)!r}", api_visibility="private")


def _choices(bench: Workbench, words: Wording) -> tuple[gr.Radio, gr.Dropdown]:
    solver = words.make(
        gr.Radio,
        {
            "label": said("solver"),
            "choices": lambda language: [(say(f"solver_{s}", language), str(s)) for s in reversed(Solver)],
        },
        value=str(Solver.MODEL_LINKS if bench.checkpoints else Solver.LINKS),
        elem_id="g-solver",
    )
    checkpoint = words.make(
        gr.Dropdown,
        {"label": said("checkpoint")},
        choices=list(bench.checkpoints),
        value=bench.checkpoints[0] if bench.checkpoints else None,
        filterable=False,
        elem_id="g-checkpoint",
    )
    return solver, checkpoint


def _wire(bench: Workbench, ask: Ask, screen: Screen) -> None:
    """Connect question and screen. Solving waits in our own line, not in Gradio's (see `Line`)."""

    def answer(request: gr.Request, *asked: Any) -> Iterator[Changes]:  # noqa: ANN401 - as Gradio hands them over
        *clues, solution, solver, checkpoint, language = asked
        yield from _answer(bench, screen, request.session_hash or "", clues, solution, solver, checkpoint, Language(language))

    def halt(request: gr.Request) -> None:
        bench.runs.stop(request.session_hash or "")

    screen.go.click(
        answer,
        ask.inputs,
        screen.components,
        api_name="solve",
        concurrency_id="model",
        concurrency_limit=None,
        show_progress="hidden",
    )
    screen.stop.click(halt, None, None, queue=False, api_visibility="private")
    ask.language.change(
        lambda last, language: screen.draw(last, Language(language)),
        [screen.last, ask.language],
        screen.components,
        queue=False,
        show_progress="hidden",
        api_visibility="private",
    )


def _answer(
    bench: Workbench,
    screen: Screen,
    session: str,
    clues: list[str],
    solution: str,
    solver: str,
    checkpoint: str | None,
    language: Language,
) -> Iterator[Changes]:
    stop = bench.runs.begin(session)
    shown: Changes = {}
    moment = None
    try:
        puzzle = Puzzle.of(clues, solution)
        yield screen.buttons(running=True)
        for moment in moments(bench, puzzle, Solver(solver), checkpoint or "", stop):
            drawn = screen.draw(moment, language)
            yield _news(shown, drawn)
            shown = drawn
    except GhigliottinaError as problem:
        yield {screen.problem: render.problem(error(problem, language), language)}
    except Exception:
        logging.getLogger(__name__).exception("a bug, while answering %s", clues)
        yield {screen.problem: render.problem(say("error_bug", language), language)}
    finally:
        bench.runs.end(session, stop)
    yield {**screen.buttons(running=False), screen.last: moment}


def _news(shown: Changes, drawn: Changes) -> Changes:
    return {component: value for component, value in drawn.items() if shown.get(component) != value}


def _watch(bench: Workbench, checkpoint: gr.Dropdown, language: gr.Radio, state: gr.HTML) -> None:
    """Keep the model's state on the page for as long as it is getting ready."""
    timer = gr.Timer(1.0)

    def look(name: str | None, spoken: str) -> Mapping[Block, object]:
        now = bench.state(name) if name else None
        return {
            state: render.model(now, Language(spoken)),
            timer: gr.update(active=now is not None and now.phase is Phase.PREPARING),
        }

    for event in (timer.tick, checkpoint.change, language.change):
        event(look, [checkpoint, language], [state, timer], queue=False, show_progress="hidden", api_visibility="private")
