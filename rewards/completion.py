"""The one parser: what a model has written, read as reasoning and an answer."""

import re
from dataclasses import dataclass
from functools import lru_cache


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
        head = f"{self.think_open}\n{think.strip()}\n{self.think_close}\n"
        return f"{head}{self.answer_open}{answer.strip()}{self.answer_close}\n"


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
    """The reasoning has ended: its closing mark has come."""
    finished: bool
    """The answer has ended too: what follows is surplus."""
    grammar: Grammar = SOLUZIONE
    surplus: str = ""
    """What follows the finished answer, trimmed."""

    @classmethod
    def parse(cls, text: str, grammar: Grammar = SOLUZIONE, prefill: str = "") -> "Completion":
        """Read any text whatsoever; never raises, in time linear in its length.

        The first block is the reasoning and the first answer outside of every block is the answer: what a block hides
        and later copies don't count. Marks may be in any case and spacing. `prefill` is what the prompt had already
        written of the answer (a chat template's `<think>`): it is put back here, and here only.
        """
        text = prefill + text
        marks = Marks.of(grammar)
        think, closed, place = "", False, 0
        while opening := marks.either_open.search(text, place):
            if opening.lastgroup == "answer":
                answer, end = _until(marks.answer_end, marks.answer_end_begun, text, opening.end())
                surplus = "" if end is None else text[end:].strip()
                return cls(text, think, answer.strip(_TRIMMED), closed, end is not None, grammar, surplus)
            block, end = _until(marks.think_close, marks.think_close_begun, text, opening.end())
            think = think if closed else block.strip()
            if end is None:
                break
            closed, place = True, end
        return cls(text, think, "", closed, False, grammar)

    @property
    def lines(self) -> tuple[tuple[str, str], ...]:
        """The reasoning's steps, `- clue: phrase`, as (clue, phrase); other lines are left out.

        Forgiven: `1.`, `2)`, `*` or `•` for the dash, an arrow for the colon, bold type.
        """
        steps = ((_BULLET.match(line), _COLON.search(line)) for line in self.think.splitlines())
        halves = (
            (bullet.string[bullet.end() : colon.start()].strip(_TRIMMED), colon.string[colon.end() :].strip(_TRIMMED))
            for bullet, colon in steps
            if bullet and colon and bullet.end() <= colon.start()
        )
        return tuple((clue, phrase) for clue, phrase in halves if clue and phrase)


@dataclass(frozen=True, slots=True)
class Marks:
    """A grammar's marks as patterns that forgive case and spacing. All run in linear time."""

    think_open: re.Pattern[str]
    think_close: re.Pattern[str]
    answer_open: re.Pattern[str]
    answer_close: re.Pattern[str]
    """Ends at the closing mark. Where that is a full stop, it counts on the line of an opened answer only."""
    either_open: re.Pattern[str]
    answer_end: re.Pattern[str]
    """The closing mark; or the end of the line, where the mark is no tag."""
    think_close_begun: re.Pattern[str]
    answer_end_begun: re.Pattern[str]

    @classmethod
    @lru_cache(maxsize=16)
    def of(cls, grammar: Grammar) -> "Marks":
        """The patterns of this grammar."""
        think, answer, close = map(_pattern, (grammar.think_open, grammar.answer_open, grammar.answer_close))
        tag = grammar.answer_close.startswith("<")
        return cls(
            think_open=_compile(think),
            think_close=_compile(_pattern(grammar.think_close)),
            answer_open=_compile(answer),
            answer_close=_compile(close if tag else rf"{answer}[^\n{close}]*+{close}"),
            either_open=_compile(rf"(?P<think>{think})|(?P<answer>{answer}\s*+)"),
            answer_end=_compile(close if tag else rf"{close}|\n"),
            think_close_begun=_compile(_begun(grammar.think_close)),
            answer_end_begun=_compile(_begun(grammar.answer_close)),
        )


_TRIMMED = ' \t\r\n*_`"“”«»'
"""Around an answer or a clue these are decoration."""
_BULLET = re.compile(r"\s*+(?:[-*•–—]|\d{1,2}[.)])\s*+")
_COLON = re.compile(r":(?!\d)|→|->|=>")  # not that of 7:30


def _until(end: re.Pattern[str], begun: re.Pattern[str], text: str, start: int) -> tuple[str, int | None]:
    """What stands from `start` to the end mark, and where that mark ends; a half-written end mark is held back."""
    if found := end.search(text, start):
        return text[start : found.start()], found.end()
    half = begun.search(text, start)
    return text[start : half.start() if half else len(text)], None


def _compile(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


def _pattern(mark: str) -> str:
    """`</think>` → the same with any spacing between `<`, `/`, `think` and `>`.

    A word is none with a letter right before it, nor behind a dash: there it is the clue of a step (`- soluzione: …`).
    """
    parts = re.findall(r"\w+|[^\w\s]", mark)
    return (r"(?<![^\W_])(?<!- )" if parts[0][0].isalnum() else "") + r"\s*+".join(map(re.escape, parts))


def _begun(mark: str) -> str:
    """Any beginning of the mark, at the very end of the text: `<`, `</`, `</thi`."""
    pattern = ""
    for part in reversed(re.findall(r"\w+|[^\w\s]", mark)):
        for place in reversed(range(len(part))):
            rest = f"(?:{pattern})?+" if pattern else ""
            pattern = (r"\s*+" if place == 0 else "") + re.escape(part[place]) + rest
    return pattern.removeprefix(r"\s*+") + r"\s*+\Z"
