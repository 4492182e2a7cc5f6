"""How the tab *Allena* watches a run: its folder is read every two seconds, and wishes are written into it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import gradio as gr
from gradio.blocks import Block

from ghigliottina.ui import train_render
from ghigliottina.ui.solve_screen import Changes
from ghigliottina.ui.solve_tab import QUIETLY
from ghigliottina.ui.text import TEXTS, Language
from ghigliottina.ui.train_order import Counter, offered, refused, wire_order
from ghigliottina.ui.train_screen import Seen, View
from ghigliottina.ui.watching import Watch, size
from ghigliottina.ui.workbench import Workbench
from ghigliottina.ui.workshop import Workshop

MOST_RUNS = 20
"""How many are listed; older ones are still on disk."""


@dataclass(frozen=True, slots=True)
class Doors:
    """What the tab touches of the rest of the page."""

    page: gr.Blocks
    tabs: gr.Tabs
    solving: gr.Tab
    training: gr.Tab
    checkpoint: gr.Dropdown
    """The one of the tab *Risolvi*."""
    notice: gr.HTML
    """Where *Risolvi* says that a training slows it down."""
    clock: gr.Timer
    """Ticks slowly, whichever tab is open."""
    pulse: gr.Timer
    """Ticks every two seconds, while this tab is open. Both stand outside of the tabs: what is inside comes to life
    when its tab is first opened, and may miss what it is told before."""


@dataclass(frozen=True, slots=True)
class Confirm:
    """What stands between a visitor and the loss of a run."""

    row: gr.Row
    sure: gr.Button
    never: gr.Button


def wire(bench: Workbench, workshop: Workshop, counter: Counter, view: View, confirm: Confirm, doors: Doors) -> None:
    """Connect everything. Must be called inside the page."""
    seen = gr.State(Seen())
    look = _looking(workshop, view, counter.language, seen)
    look(wire_order(bench, workshop, counter, doors.page, doors.pulse))
    _wire_wishes(workshop, view, confirm, counter.language, look)
    _wire_play(bench, workshop, view, counter.language, doors)
    _wire_shelf(bench, workshop, counter, doors)
    # One event for all tabs: of two, the slower one would have the last word.
    doors.tabs.select(_beat, None, doors.pulse, trigger_mode="always_last", **QUIETLY)
    looks = (doors.pulse.tick, doors.page.load, doors.training.select, counter.language.change)
    for event in (*looks, view.history.input, view.follow.input):
        look(event)
    look(view.step.input(_stay, [view.step, seen], [view.follow, seen], **QUIETLY).then)


def _stay(step: float, before: Seen) -> tuple[bool, Seen]:
    return False, replace(before, step=int(step))


def _beat(opened: gr.SelectData) -> Any:  # noqa: ANN401
    return gr.update(active=opened.value in TEXTS["tab_train"])


Look = Callable[[Callable[..., Any]], Any]
"""Makes an event look at the run, and draw what has changed."""


def _looking(workshop: Workshop, view: View, language: gr.Radio, seen: gr.State) -> Look:
    # Not the slider: its value may be beyond the end of the run that was just chosen, which Gradio refuses.
    inputs = [view.history, view.follow, language, seen]

    def look(name: str | None, follow: bool, language: str, before: Seen) -> Any:  # noqa: ANN401
        drawn = _look(workshop, view, name, follow, Language(language), before)
        return gr.skip() if drawn is None else drawn[0] | {seen: drawn[1]}

    return lambda event: event(look, inputs, [*view.components, seen], **QUIETLY)


def _look(
    workshop: Workshop, view: View, name: str | None, follow: bool, language: Language, before: Seen
) -> tuple[Changes, Seen] | None:
    """What has changed for this visitor since they last looked; None, most of the time."""
    runs = [(run, run.status) for run in workshop.runs.all()[:MOST_RUNS]]
    run = next((run for run, _ in runs if run.name == name), None) or workshop.latest()
    follow = follow or run is None or before.run != run.name
    shown = None if follow else before.step
    states = tuple((other.name, status) for other, status in runs)
    signature = (language, shown, states, run and (run.name, size(run), workshop.merging(run.name)))
    if signature == before.signature:
        return None
    watch = Watch.of(run, workshop, shown) if run else None
    drawn = view.draw(runs, watch, follow, workshop.allowed, language)
    marks = {place._id: repr(picture) for place, picture in drawn.items()}
    news = {place: picture for place, picture in drawn.items() if before.drawn.get(place._id) != marks[place._id]}
    return news, Seen(watch.name, watch.rollouts_step, signature, marks) if watch else Seen("", 0, signature, marks)


def _wire_wishes(workshop: Workshop, view: View, confirm: Confirm, language: gr.Radio, look: Look) -> None:
    """The buttons that change a run."""

    def asked(wish: Callable[[str], None]) -> Callable[[str | None, str], str]:
        def carry_out(name: str | None, language: str) -> str:
            try:
                wish(name or "")
            except Exception as problem:
                return refused(problem, language)
            return ""

        return carry_out

    wishes = {
        view.stop: workshop.stop,
        view.resume: workshop.resume,
        view.merge: workshop.merge,
        confirm.sure: workshop.discard,
    }
    for button, wish in wishes.items():
        look(button.click(asked(wish), [view.history, language], view.problem, **QUIETLY).then)
    view.discard.click(lambda: gr.update(visible=True), None, confirm.row, **QUIETLY)
    for event in (confirm.sure.click, confirm.never.click, view.history.input):
        event(lambda: gr.update(visible=False), None, confirm.row, **QUIETLY)


def _wire_play(bench: Workbench, workshop: Workshop, view: View, language: gr.Radio, doors: Doors) -> None:
    def play(name: str | None, language: str) -> Changes:
        try:
            checkpoint = workshop.runs.find(name or "").status.checkpoint
            offered(bench, checkpoint)
        except Exception as problem:
            return {view.problem: refused(problem, language)}
        chosen = gr.update(choices=list(bench.models.names()), value=checkpoint)
        return {doors.checkpoint: chosen, doors.tabs: gr.Tabs(selected="solve"), view.problem: ""}

    view.play.click(play, [view.history, language], [doors.checkpoint, doors.tabs, view.problem], **QUIETLY)


def _wire_shelf(bench: Workbench, workshop: Workshop, counter: Counter, doors: Doors) -> None:
    """Keep the lists of checkpoints as they are on the disk, and say on the other tab that something trains."""

    def lists(checkpoint: str | None, start: str | None) -> Changes:
        names = list(bench.models.names())
        chosen = {doors.checkpoint: checkpoint, counter.order.start: start}
        return {
            place: gr.update(choices=names, value=name if name in names else next(iter(names), None))
            for place, name in chosen.items()
        }

    def notice(language: str) -> str:
        return train_render.busy(workshop.runs.owner() is not None, Language(language))

    places: list[Block] = [doors.checkpoint, counter.order.start]
    for event in (doors.page.load, doors.training.select, doors.solving.select):
        event(lists, places, places, **QUIETLY)
    for event in (doors.page.load, doors.solving.select, counter.language.change, doors.clock.tick):
        event(notice, counter.language, doors.notice, **QUIETLY)
