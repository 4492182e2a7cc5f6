"""Rank every word by how well the five clues lead to it, and say why."""

import heapq
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ghigliottina.links.graph import Graph, Kinship, key


@dataclass(frozen=True, slots=True)
class Candidate:
    """A word that might be the answer, and the phrase that ties each clue to it."""

    word: str
    score: float
    """Log odds: of two candidates for the same clues, and above 0 against a word that the graph doesn't know."""
    links: Mapping[str, str | None]
    """clue → phrase, in the order of the clues; None where no link is known."""

    @property
    def linked(self) -> int:
        """How many of the clues have a phrase."""
        return sum(phrase is not None for phrase in self.links.values())


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the link graph has to say about five clues."""

    clues: tuple[str, ...]
    candidates: tuple[Candidate, ...]
    """Best first; empty where no clue is known."""
    confidence: float = 0.0
    """The chance in [0, 1] that the first candidate is the solution, fitted on real games."""

    def find(self, word: str) -> Candidate | None:
        """The candidate that is the same word as `word` (accents, article and case forgiven), if any."""
        wanted = key(word)
        return next((candidate for candidate in self.candidates if key(candidate.word) == wanted), None)


@dataclass(frozen=True, slots=True)
class Weights:
    """What a tie between a clue and an answer is worth, in log odds. An answer's score is the sum over the clues.

    A link that somebody listed, in the very forms of clue and answer, starts from 0. Nothing here knows any word.
    Fitted by maximum likelihood on one half of the measuring games, counting each game also as if its solution had no
    list of its own (with weight .3): the lists cover every solution of those games, but not of other games.
    """

    mention: float = -2.26
    """Both are in one phrase, which is listed under other words."""
    compound: float = -6.03
    """Clue and answer written together are a known word: *capo* and *lavoro*."""
    missing: float = -9.22
    """No tie at all. Grows with what the graph knows of the answer, see `missing_degree`."""
    inflected_clue: float = -1.77
    part_of_clue: float = -2.06
    """The tie is to a word of the clue: *neve* of *fiocco di neve*."""
    inflected_answer: float = -1.72
    short: float = 0.89
    """The phrase has no other word: *luna piena*, *luna di miele*."""
    place: float = -0.34
    """Times the log of the link's place in its list, as are those below: the log of how many links the word has."""
    clue_degree: float = -0.63
    answer_degree: float = -0.41
    """Hubs (*fare*, *vita*, *acqua*) link to everything."""
    missing_degree: float = 0.19
    missing_listed: float = -0.72
    """The answer has a list of its own, and the clue isn't there."""


WEIGHTS = Weights()
UNKNOWN = -36.0
"""What a word would score that the graph doesn't know: about two good links."""
LISTED = 8
"""A word with so many links under it has a list of its own."""
FINALISTS = 50
"""So many families of words more than asked for are weighed exactly; after a rough count the rest is too far behind."""


@dataclass(frozen=True, slots=True)
class Tie:
    """How one clue and one answer hold together."""

    worth: float
    row: int | None = None
    """The link that ties them; None for a compound, and where nothing does."""
    kinship: Kinship = Kinship.SAME
    """Of the clue to the word that the link has."""
    inflected: bool = False
    """The link has another form of the answer."""
    mention: bool = False
    compound: str = ""


_Half = tuple[float, int, Kinship, bool]
"""(worth but for the answer's part, row, kinship of the clue, mention)"""


@dataclass(frozen=True, slots=True)
class _Clue:
    """One clue and everything it leads to."""

    key: str
    forms: Mapping[str, Kinship]
    answers: Mapping[str, _Half]
    """form → the best tie to exactly that form."""
    families: Mapping[str, _Half]
    """name of a family → the best tie to any of its forms."""


def candidates(graph: Graph, clues: Sequence[str], limit: int = 10, weights: Weights = WEIGHTS) -> Evidence:
    """The `limit` best answers to the clues, best first, each with the best phrase for every clue.

    `confidence` is the first one's share of all odds, with `UNKNOWN` for the words that the graph doesn't link. A
    logistic fit of it on the tuning half has slope .95 and intercept -.09: it is a chance as it stands.
    """
    ranked = ranking(graph, clues, limit + FINALISTS, weights)
    found = [
        Candidate(_written(graph, form, ties), score - UNKNOWN, _phrases(graph, clues, ties))
        for score, form, ties in ranked[:limit]
    ]
    odds = [math.exp(score - UNKNOWN) for score, _, _ in ranked]
    return Evidence(tuple(clues), tuple(found), odds[0] / (1 + sum(odds)) if odds else 0.0)


def ranking(
    graph: Graph, clues: Sequence[str], finalists: int, weights: Weights = WEIGHTS
) -> list[tuple[float, str, list[Tie]]]:
    """(score, key, a tie for each clue) of the answers worth a look, best first; of a word's forms the best only."""
    read = [_read(graph, clue, weights) for clue in clues]
    given = {form for clue in read for form, kinship in clue.forms.items() if kinship != Kinship.PART}
    shut = {family for form in given for family in graph.relatives(form)}
    scored = []
    for form in _finalists(graph, read, finalists, weights):
        if form not in given and shut.isdisjoint(graph.relatives(form)):
            ties = _ties(graph, read, form, weights)
            scored.append((sum(tie.worth for tie in ties), form, ties))
    scored.sort(key=lambda answer: (-answer[0], answer[1]))
    best, seen = [], set[str]()
    for answer in scored:
        families = graph.relatives(answer[1])
        if seen.isdisjoint(families):
            best.append(answer)
        seen.update(families)
    return best


def _read(graph: Graph, text: str, weights: Weights) -> _Clue:
    forms = graph.forms(text)
    penalty = {Kinship.SAME: 0.0, Kinship.INFLECTED: weights.inflected_clue, Kinship.PART: weights.part_of_clue}
    degree = sum(len(graph.ends.get(form, ())) for form, kinship in forms.items() if kinship != Kinship.PART)
    answers: dict[str, _Half] = {}
    for form, kinship in forms.items():
        links = len(graph.ends.get(form, ())) if kinship == Kinship.PART else degree
        base = penalty[kinship] + weights.clue_degree * math.log1p(links)
        for answer, worth, row, mention in _around(graph, form, weights):
            known = answers.get(answer)
            if known is None or base + worth > known[0]:
                answers[answer] = (base + worth, row, kinship, mention)
    families: dict[str, _Half] = {}
    for answer, half in answers.items():
        for family in graph.relatives(answer):
            if family not in families or half > families[family]:
                families[family] = half
    return _Clue(key(text), forms, answers, families)


def _around(graph: Graph, form: str, weights: Weights) -> Iterator[tuple[str, float, int, bool]]:
    """(answer, worth, row, mention) of every word that shares a row with `form`."""
    listed = graph.ends.get(form, ())
    for row in listed:
        answer = graph.word_keys[row] if graph.head_keys[row] == form else graph.head_keys[row]
        short = weights.short if graph.contents[row].count(" ") < 2 else 0.0
        yield answer, short + weights.place * math.log1p(graph.places[row]), row, False
    near: dict[str, int] = {}
    far: dict[str, int] = {}
    for row in graph.around(form):
        words = graph.contents[row].split(" ")
        if form in words:
            here = words.index(form)
            for word in words[max(here - 1, 0) : here + 2]:
                near.setdefault(word, row)
        for word in words:
            far.setdefault(word, row)
    for word, row in near.items():
        yield word, weights.mention + weights.short, row, True
    for word, row in far.items():
        yield word, weights.mention, row, True


def _finalists(graph: Graph, read: Sequence[_Clue], count: int, weights: Weights) -> set[str]:
    """The forms of the `count` families that a rough count puts first."""
    rough: dict[str, float] = {}
    for clue in read:
        for family, half in clue.families.items():
            rough[family] = rough.get(family, 0.0) + half[0] - weights.missing
    chosen = heapq.nsmallest(count, rough, key=lambda family: (-rough[family], family))
    forms = {form for family in chosen for form in graph.members.get(family, (family,))}
    return {form for clue in read for form in forms & clue.answers.keys()}


def _ties(graph: Graph, read: Sequence[_Clue], form: str, weights: Weights) -> list[Tie]:
    """The best tie of each clue to this answer."""
    families = graph.relatives(form)
    degree = math.log1p(graph.degree(form))
    missing = weights.missing + weights.missing_degree * degree
    if graph.lists.get(form, 0) >= LISTED:
        missing += weights.missing_listed
    found = []
    for clue in read:
        half, inflected = clue.answers.get(form), False
        best = half[0] if half else -math.inf
        for family in families:
            other = clue.families.get(family)
            if other and other[0] + weights.inflected_answer > best:
                half, inflected, best = other, True, other[0] + weights.inflected_answer
        best += weights.answer_degree * degree
        if half and best > missing:
            found.append(Tie(best, *half[1:3], inflected, half[3]))
        elif compound := graph.compound(clue.key, form):
            found.append(Tie(missing - weights.missing + weights.compound, compound=compound))
        else:
            found.append(Tie(missing))
    return found


def _phrases(graph: Graph, clues: Sequence[str], ties: Sequence[Tie]) -> dict[str, str | None]:
    phrases = (tie.compound or (None if tie.row is None else graph.phrases[tie.row]) for tie in ties)
    return dict(zip(clues, phrases, strict=True))


def _written(graph: Graph, form: str, ties: Sequence[Tie]) -> str:
    """The spelling that the links have for a key: accents, capitals."""
    rows = graph.ends.get(form)
    if rows:
        spellings = Counter(graph.words[row] if graph.word_keys[row] == form else graph.heads[row] for row in rows)
    else:
        words = (word for tie in ties if tie.row is not None for word in re.findall(r"\w+", graph.phrases[tie.row]))
        spellings = Counter(word for word in words if key(word) == form)
    return max(spellings, key=lambda word: (spellings[word], word), default=form)
