"""The components of the tab *Risolvi*: what a question is put with, and where the answer is shown."""

from dataclasses import dataclass, fields

import gradio as gr
from gradio.blocks import Block

from ghigliottina.game.puzzle import CLUES
from ghigliottina.solver import Solver
from ghigliottina.ui import render, tables
from ghigliottina.ui.playing import Moment
from ghigliottina.ui.text import Language

Changes = dict[Block, object]
"""What Gradio is to change on the page: component → its new value. What isn't named stays as it is."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a visitor asks."""

    clues: tuple[str, ...]
    solution: str
    solver: Solver
    checkpoint: str
    """Empty where there is no model."""
    language: Language

    @classmethod
    def of(cls, *asked: str | None) -> "Question":
        """From the values of the components, in the order of `Ask.inputs`; the choices were checked by Gradio."""
        clues, (solution, solver, checkpoint, language) = asked[:CLUES], asked[CLUES:]
        words = tuple(clue or "" for clue in clues)
        return cls(words, solution or "", Solver(solver or ""), checkpoint or "", Language(language or ""))


@dataclass(frozen=True, slots=True)
class Ask:
    """The components that a question is put with."""

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
            self.ranking: tables.ranking(attempt.evidence if attempt else None, language),
            self.rewards: tables.rewards(moment.breakdown if moment else None, language),
            self.raw: render.raw(attempt.completion if attempt and attempt.done else None, language),
            self.spoken: render.spoken(moment, language),
            self.problem: "",
        }

    def buttons(self, *, running: bool) -> Changes:
        """Solve or Stop: only one makes sense at a time."""
        return {self.go: gr.update(interactive=not running), self.stop: gr.update(interactive=running)}
