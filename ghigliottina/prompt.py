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

Example = tuple[Candidate, Candidate, bool]


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
    book = ["Parole possibili:", *map(_entry, shown)] if shown else []
    return "\n".join([TASK, "Indizi:", *(f"- {clue}" for clue in clues), *book, "Risposta:"])


def _entry(candidate: Candidate) -> str:
    """One line a candidate, with its known links only. Written as the answer's own lines are, or with a word for each
    missing link, it made the base model carry on the list, or copy that word (docs/log.md)."""
    known = (f"{clue}: {phrase.replace(';', ',')}" for clue, phrase in candidate.links.items() if phrase)
    return f"{candidate.word} ({'; '.join(known)})"


def _steps(links: Mapping[str, str | None]) -> str:
    return "\n".join(f"- {clue}: {phrase or NO_LINK}" for clue, phrase in links.items())


def _examples(grammar: Grammar, *, open_book: bool) -> Iterator[Message]:
    for right, rival, right_first in EXAMPLES:
        shown = (right, rival) if right_first else (rival, right)
        yield Message("user", _question(tuple(right.links), shown if open_book else ()))
        yield Message("assistant", argue(right, grammar).rstrip())


def _example(word: str, links: dict[str, str | None], rival: str, its: dict[str, str], first: bool = True) -> Example:
    return Candidate(word, 2.0, links), Candidate(rival, 1.0, {clue: its.get(clue) for clue in links}), first


EXAMPLES: tuple[Example, ...] = (
    _example(
        "mare",
        {
            "lupo": "lupo di mare",
            "mosso": "mare mosso",
            "frutti": "frutti di mare",
            "gamba": None,
            "monti": "mari e monti",
        },
        rival="cane",
        its={"lupo": "cane lupo"},
    ),
    _example(
        "chiave",
        {
            "violino": "chiave di violino",
            "inglese": "chiave inglese",
            "volta": "chiave di volta",
            "parola": "parola chiave",
            "casa": "le chiavi di casa",
        },
        rival="corda",
        its={"violino": "corda di violino"},
        first=False,
    ),
    _example(
        "letto",
        {
            "camera": "camera da letto",
            "castello": "letto a castello",
            "fiume": "il letto del fiume",
            "malato": "malato a letto",
            "singolo": "letto singolo",
        },
        rival="acqua",
        its={"fiume": "acqua di fiume"},
    ),
    _example(
        "sale",
        {
            "pepe": "sale e pepe",
            "zucca": "sale in zucca",
            "grosso": "sale grosso",
            "mare": "sale di mare",
            "pizzico": "un pizzico di sale",
        },
        rival="vento",
        its={"mare": "vento di mare"},
    ),
)
"""Solved by hand, for models that were never tuned: the right word, a rival, and whether the right one stands first."""
