"""Every word that a model reads is written here: a puzzle, with or without evidence, becomes chat messages."""

from collections.abc import Iterator, Mapping

from ghigliottina.game.puzzle import Puzzle
from ghigliottina.links.candidates import Candidate, Evidence
from ghigliottina.models.engine import Message
from rewards import Grammar

SHOWN = 4
"""Candidates that the model reads. More would push the right one further from the answer of a small model."""

TASK = "Trova la parola nascosta che si lega a ciascuno dei cinque indizi."
NO_LINK = "nessun legame trovato"


def messages(puzzle: Puzzle, evidence: Evidence | None, grammar: Grammar, *, shots: bool = False) -> list[Message]:
    """The chat that asks for an answer: one user turn, open book if there is evidence.

    With `shots`, solved examples come first, and the answer is begun as the grammar wants it: so a base model that
    was never tuned answers in form. The beginning is the last message, of the assistant, for the model to carry on.
    """
    ask = Message("user", _question(puzzle.clues, evidence.candidates[:SHOWN] if evidence else ()))
    if not shots:
        return [ask]
    begin = Message("assistant", f"{grammar.think_open}\n- {puzzle.clues[0]}:")
    return [*_examples(grammar, open_book=evidence is not None), ask, begin]


def begun(chat: list[Message]) -> str:
    """The beginning of the answer that the prompt already holds, to be put back before parsing; mostly empty."""
    return chat[-1].content if chat[-1].role == "assistant" else ""


def argue(candidate: Candidate, grammar: Grammar) -> str:
    """The well-formed answer for a candidate, with its phrases: what `links` says, and what training aims at."""
    return grammar.write(_steps(candidate.links), candidate.word)


def _question(clues: tuple[str, ...], shown: tuple[Candidate, ...]) -> str:
    lines = [TASK, "Indizi:", *(f"- {clue}" for clue in clues)]
    if shown:
        lines.append("Parole possibili:")
    for candidate in shown:
        lines += [candidate.word, _steps(candidate.links)]
    return "\n".join(lines)


def _steps(links: Mapping[str, str | None]) -> str:
    return "\n".join(f"- {clue}: {phrase or NO_LINK}" for clue, phrase in links.items())


def _examples(grammar: Grammar, *, open_book: bool) -> Iterator[Message]:
    for shown in EXAMPLES:
        clues = tuple(shown[0].links)
        right = max(shown, key=lambda candidate: candidate.linked)
        yield Message("user", _question(clues, shown if open_book else ()))
        yield Message("assistant", argue(right, grammar).rstrip())


def _example(*words: tuple[str, dict[str, str | None]]) -> tuple[Candidate, ...]:
    return tuple(Candidate(word, 0.0, links) for word, links in words)


EXAMPLES = (
    _example(
        (
            "mare",
            {
                "lupo": "lupo di mare",
                "mosso": "mare mosso",
                "frutti": "frutti di mare",
                "gamba": None,
                "monti": "mari e monti",
            },
        ),
        (
            "cane",
            {"lupo": "cane lupo", "mosso": None, "frutti": None, "gamba": None, "monti": None},
        ),
    ),
    _example(
        (
            "corda",
            {"violino": "corda di violino", "inglese": None, "volta": None, "parola": None, "casa": None},
        ),
        (
            "chiave",
            {
                "violino": "chiave di violino",
                "inglese": "chiave inglese",
                "volta": "chiave di volta",
                "parola": "parola chiave",
                "casa": "le chiavi di casa",
            },
        ),
    ),
)
"""Solved by hand for this page. In the second the right word isn't the first; in the first one link is missing."""
