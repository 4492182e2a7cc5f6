"""The one parser: what a model has written, read as reasoning and an answer."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Grammar:
    """The marks that an answer is written with. Parser, prompt and format rewards read the same value."""

    name: str
    think_open: str = "<think>"
    think_close: str = "</think>"
    answer_open: str = "soluzione: "
    answer_close: str = "."

    def write(self, think: str, answer: str) -> str:
        """The one well-formed text of this reasoning and this answer, with its final newline."""
        return f"{self.think_open}\n{think}\n{self.think_close}\n{self.answer_open}{answer}{self.answer_close}\n"


SOLUZIONE = Grammar("soluzione")
"""`<think>…</think>` then `soluzione: parola.`"""
ANSWER = Grammar("answer", answer_open="<answer>", answer_close="</answer>")
"""`<think>…</think>` then `<answer>parola</answer>`."""
GRAMMARS = {grammar.name: grammar for grammar in (SOLUZIONE, ANSWER)}


@dataclass(frozen=True, slots=True)
class Completion:
    """What a model has written so far. Every prefix of a completion is one too."""

    text: str
    """The raw text, untouched: this is what the rewards judge."""
    think: str
    """The reasoning, trimmed; only ever grows as the text grows."""
    answer: str
    """The answer without its marks, trimmed; empty until there is one."""
    closed: bool
    """The reasoning has ended."""
    finished: bool
    """The answer has ended too: what follows is surplus."""
    grammar: Grammar = SOLUZIONE

    @classmethod
    def parse(cls, text: str, grammar: Grammar = SOLUZIONE) -> "Completion":
        """Read any text whatsoever; never raises, in time linear in its length."""
        raise NotImplementedError

    @property
    def lines(self) -> tuple[tuple[str, str], ...]:
        """The reasoning's steps, `- clue: phrase`, as (clue, phrase); other lines are left out."""
        raise NotImplementedError
