"""Is it written as the grammar says?"""

import re
from collections.abc import Sequence

from rewards.completion import Completion, Marks
from rewards.rubric import Verdict

SURPLUS = 200
"""Characters after the answer that cost all of `strict_xml_count`."""


def strict_format(completion: Completion, clues: Sequence[str], solution: str | None) -> Verdict:
    """The whole text is exactly one well-formed answer; only its final newline may be missing.

    `<think>\\n- pane: pan di Spagna\\n</think>\\nsoluzione: luna.` earns 1; the same with a second block, a blank line
    more or a word after it earns 0. Elsewhere it passed doubled blocks and failed on the missing newline.
    """
    if missing := _missing(completion):
        return missing
    grammar, text = completion.grammar, completion.text
    if repeated := next((mark for mark, found in _found(completion).items() if len(found) > 1), None):
        return Verdict(0.0, "repeated", {"mark": repeated.strip()})
    well_formed = grammar.write(completion.think, completion.answer)
    kept = "\n" not in completion.answer and text in (well_formed, well_formed.removesuffix("\n"))
    return Verdict(1.0, "form_kept") if kept else Verdict(0.0, "loose")


def soft_format(completion: Completion, clues: Sequence[str], solution: str | None) -> Verdict:
    """A block of reasoning and then an answer, in any spacing and case; what follows is not looked at.

    `<THINK>a</think> Soluzione : luna` earns 1; an answer without reasoning, before it or in it earns 0, and so does
    text around the two. Elsewhere it never matched a reasoning of two lines.
    """
    if missing := _missing(completion):
        return missing
    marks, text = Marks.of(completion.grammar), completion.text
    opened = marks.think_open.match(text, _blanks(text, 0))
    closed = opened and marks.think_close.search(text, opened.end())
    follows = closed and marks.answer_open.match(text, _blanks(text, closed.end()))
    return Verdict(1.0, "form_kept") if follows else Verdict(0.0, "loose")


def strict_xml_count(completion: Completion, clues: Sequence[str], solution: str | None) -> Verdict:
    """A quarter for each mark that is there exactly once, letter for letter, and in its place on a line.

    A well-formed answer earns 1, plain text 0. Text after the answer costs up to everything, a character at a time.
    Elsewhere a missing last newline made the whole text count as surplus, and the value fell without a floor.
    """
    grammar, lines = completion.grammar, completion.text.splitlines()
    answers = [line for line in lines if line.startswith(grammar.answer_open)]
    in_place = {
        grammar.think_open: grammar.think_open in lines,
        grammar.think_close: grammar.think_close in lines,
        grammar.answer_open: len(answers) == 1,
        grammar.answer_close: len(answers) == 1 and answers[0].endswith(grammar.answer_close),
    }
    present = sum(in_place[mark] and len(found) == 1 for mark, found in _found(completion).items())
    surplus = len(completion.surplus)
    value = max(0.0, present / len(in_place) - surplus / SURPLUS)
    return Verdict(value, "marks", {"present": present, "of": len(in_place), "surplus": surplus})


def soft_xml_count(completion: Completion, clues: Sequence[str], solution: str | None) -> Verdict:
    """A quarter for each mark that is there, in any spacing and case; a quarter off for each further copy.

    A well-formed answer earns 1, plain text 0, and a doubled one 0: two marks of each kind cancel out. Elsewhere
    copies cost nothing.
    """
    found = _found(completion).values()
    present = sum(bool(copies) for copies in found)
    surplus = sum(map(len, found)) - present
    value = max(0.0, (present - surplus) / len(found))
    return Verdict(value, "marks", {"present": present, "of": len(found), "surplus": surplus})


def _missing(completion: Completion) -> Verdict | None:
    if not (completion.think and completion.closed):
        return Verdict(0.0, "no_think")
    return None if completion.answer else Verdict(0.0, "no_answer")


def _found(completion: Completion) -> dict[str, list[re.Match[str]]]:
    """Where each mark of the grammar stands in the text, in any spacing and case."""
    grammar, marks, text = completion.grammar, Marks.of(completion.grammar), completion.text
    return {
        grammar.think_open: list(marks.think_open.finditer(text)),
        grammar.think_close: list(marks.think_close.finditer(text)),
        grammar.answer_open: list(marks.answer_open.finditer(text)),
        grammar.answer_close: list(marks.answer_close.finditer(text)),
    }


def _blanks(text: str, start: int) -> int:
    """Where the blanks that begin at `start` end."""
    return len(text) - len(text[start:].lstrip())
