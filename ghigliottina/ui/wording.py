"""Components that know what they say in each language, so that one switch re-labels the whole page."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import gradio as gr
from gradio.blocks import Block

from ghigliottina.ui.text import Language, say

Kind = TypeVar("Kind", bound=Block)
Said = Callable[[Language], object]
"""What a property of a component is in a language."""


def said(key: str, **details: object) -> Said:
    """The text of this key, in whichever language the page speaks."""
    return lambda language: say(key, language, **details)


class Wording:
    """The components of one page that speak, each with what it says."""

    def __init__(self, first: Language = Language.IT) -> None:
        self.first = first
        self._speaking: dict[Block, Mapping[str, Said]] = {}

    def make(self, kind: type[Kind], says: Mapping[str, Said], **fixed: Any) -> Kind:  # noqa: ANN401
        """Build a component whose properties `says` follow the language, and the others stay."""
        component: Kind = kind(**{name: speak(self.first) for name, speak in says.items()}, **fixed)
        self._speaking[component] = says
        return component

    @property
    def components(self) -> list[Block]:
        """All that a switch of language changes."""
        return list(self._speaking)

    def switch(self, language: str) -> dict[Block, object]:
        """The updates that make the page speak this language."""
        chosen = Language(language)
        return {
            component: gr.update(**{name: speak(chosen) for name, speak in says.items()})
            for component, says in self._speaking.items()
        }
