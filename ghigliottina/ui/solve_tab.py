"""The tab *Risolvi*: five clues in, a reasoned answer out."""

import logging
from collections.abc import Iterator
from typing import Any

import gradio as gr

from ghigliottina.errors import GhigliottinaError
from ghigliottina.game.puzzle import CLUES, LONGEST_CLUE, Puzzle
from ghigliottina.solver import Solver
from ghigliottina.ui import render
from ghigliottina.ui.failures import failure
from ghigliottina.ui.playing import Moment, moments, under_way
from ghigliottina.ui.solve_screen import Ask, Changes, Question, Screen
from ghigliottina.ui.text import Language, say
from ghigliottina.ui.wording import Wording, said
from ghigliottina.ui.workbench import Workbench

EXAMPLES = {
    "luna": ("latte", "sole", "miele", "piena", "lupo"),
    "oro": ("pesce", "febbre", "nozze", "medaglia", "colata"),
    "neve": ("fiocco", "pupazzo", "palla", "bianca", "catene"),
    "corona": ("spine", "re", "aglio", "alloro", "dente"),
    "pane": ("burro", "forno", "grattugiato", "lievito", "companatico"),
    "ala": ("destra", "aereo", "pollo", "gabbiano", "mulino"),
}
"""solution → clues: our own, not from television; the link graph solves each."""

QUIETLY: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
"""How small events run: at once, without a veil over the page, and not for programs."""


def solve_tab(bench: Workbench, words: Wording, language: gr.Radio) -> tuple[gr.Dropdown, gr.HTML]:
    """Lay out the tab and wire it. Must be called inside a `gr.Tab`.

    Returns what other tabs may change: which checkpoint is chosen, and a line about what makes it slow.
    """
    with gr.Column(elem_classes="g-stage"):
        with gr.Row(elem_classes="g-clues"):
            clues = [_clue_box(number, words) for number in range(1, CLUES + 1)]
        board = picture("g-board", render.board(None, words.first))
        status = picture("g-status", render.status(None, words.first))
        problem = picture("g-problem")
        with gr.Row(elem_classes="g-actions"):
            go = words.make(gr.Button, {"value": said("go")}, variant="primary", elem_id="g-go")
            stop = words.make(gr.Button, {"value": said("stop")}, elem_id="g-stop", interactive=False)
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
    state, notice = picture("g-model"), picture("g-notice")
    with gr.Row(elem_classes="g-results"):
        with words.make(gr.Accordion, {"label": said("thought")}, elem_id="g-thought"):
            thought = picture(value=render.thought(None, words.first))
        ranking, rewards, raw = picture("g-ranking"), picture("g-rewards"), picture("g-raw")
    spoken = picture("g-spoken", render.spoken(None, words.first))
    screen = Screen(board, status, thought, ranking, rewards, raw, spoken, problem, go, stop, gr.State(None))
    ask = Ask(clues, solution, solver, checkpoint, language)
    _wire(bench, ask, screen)
    _watch(bench, ask, state)
    return checkpoint, notice


def picture(name: str | None = None, value: str = "") -> gr.HTML:
    """A place for one of `render`'s pictures, under our style sheet alone."""
    return gr.HTML(value, elem_id=name, apply_default_css=False)


_PLAIN = gr.InputHTMLAttributes(
    autocapitalize="off", autocorrect="off", spellcheck=False, autocomplete="off", lang="it"
)


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
        for example in EXAMPLES.values():
            chip = gr.Button(" · ".join(example), size="sm", elem_classes="g-chip")
            chip.click(None, None, clues, js=f"() => {list(example)!r}", api_visibility="private")


def _choices(bench: Workbench, words: Wording) -> tuple[gr.Radio, gr.Dropdown]:
    solver = words.make(
        gr.Radio,
        {
            "label": said("solver"),
            "choices": lambda language: [(say(f"solver_{s}", language), str(s)) for s in reversed(Solver)],
        },
        value=str(Solver.MODEL_LINKS if bench.models.names() else Solver.LINKS),
        elem_id="g-solver",
    )
    checkpoint = words.make(
        gr.Dropdown,
        {"label": said("checkpoint")},
        choices=list(bench.models.names()),
        value=next(iter(bench.models.names()), None),
        filterable=False,
        elem_id="g-checkpoint",
    )
    return solver, checkpoint


def _wire(bench: Workbench, ask: Ask, screen: Screen) -> None:
    """Connect question and screen. Solving waits in our own line, not in Gradio's (see `Line`)."""

    def answer(request: gr.Request, *asked: str | None) -> Iterator[Changes]:
        yield from _answer(bench, screen, request.session_hash or "", Question.of(*asked))

    def halt(request: gr.Request) -> None:
        bench.runs.stop(request.session_hash or "")

    def redraw(last: Moment | None, language: str) -> Changes:
        return screen.draw(last, Language(language))

    screen.go.click(
        answer,
        ask.inputs,
        screen.components,
        api_name="solve",
        concurrency_id="model",
        concurrency_limit=None,
        show_progress="hidden",
    )
    screen.stop.click(halt, **QUIETLY)
    ask.language.change(redraw, [screen.last, ask.language], screen.components, **QUIETLY)


def _answer(bench: Workbench, screen: Screen, session: str, question: Question) -> Iterator[Changes]:
    """What changes on the screen, from the click to the end. Closed, it only raises a flag: nothing may wait there."""
    stop = bench.runs.begin(session)
    moment = None
    try:
        puzzle = Puzzle.of(question.clues, question.solution)
        yield screen.buttons(running=True)
        shown: Changes = {}
        for moment in moments(bench, puzzle, question.solver, question.checkpoint, stop):
            drawn = screen.draw(moment, question.language)
            if news := {place: picture for place, picture in drawn.items() if shown.get(place) != picture}:
                yield news
            shown = drawn
    except Exception as problem:
        if not isinstance(problem, GhigliottinaError):
            logging.getLogger(__name__).exception("a bug, while answering %s", question)
        ended = screen.draw(moment.broken_off(), question.language) if moment else {}
        text = failure(problem, question.language)
        yield {**ended, screen.problem: render.problem(text, question.language)}
    finally:
        bench.runs.end(session, stop)
    last = {screen.last: moment.broken_off()} if moment else {}
    yield {**screen.buttons(running=False), **last}


def _watch(bench: Workbench, ask: Ask, place: gr.HTML) -> None:
    """Keep the model's state on the page for as long as it is getting ready."""
    timer = gr.Timer(1.0)

    def look(name: str | None, language: str) -> Changes:
        state = bench.models.state(name) if name else None
        moving = state is not None and under_way(state)
        return {place: render.model(state, Language(language)), timer: gr.update(active=moving)}

    for event in (timer.tick, ask.checkpoint.change, ask.language.change):
        event(look, [ask.checkpoint, ask.language], [place, timer], **QUIETLY)
