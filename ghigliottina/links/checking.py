"""A line of a link file, and everything that can be wrong with it.

A fault is one of three kinds, and each kind is one table: `REPAIRS` mends without a doubt, `REJECTIONS` spoils the
line, `REMARKS` is worth a look but costs nothing.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from ghigliottina.errors import InputError
from ghigliottina.links.spelling import accented, mentions, proper, respell
from rewards.words import fold

LONGEST = 90
"""Characters of a phrase; the longest title that we link has 81."""


class Fault(StrEnum):
    """What can be wrong with a line."""

    FIELDS = "not three fields"
    SPACES = "stray spaces"
    APOSTROPHES = "odd apostrophes or quotes"
    EDGES = "quotes around the phrase or a comma at its end"
    SUM = "a compound written as a sum"
    CASE = "upper case in a word, lower case in a name"
    ACCENT = "a wrong or missing accent"
    EMPTY = "a field without a letter or digit"
    STRANGE = "a character that Italian isn't written with"
    LONG = "a phrase too long"
    SAME = "both words are the same"
    BARE = "the phrase is only the head"
    NEITHER = "the phrase has neither word"
    DUPLICATE = "the same link twice"
    NO_HEAD = "the phrase lacks the head"
    NO_WORD = "the phrase lacks the word"


@dataclass(frozen=True, slots=True)
class Link:
    """Two words and the phrase that Italians know them from. It holds in both directions."""

    head: str
    word: str
    phrase: str

    @classmethod
    def parse(cls, line: str) -> "Link":
        """`head<TAB>word<TAB>phrase`, its line end forgiven. Raises InputError."""
        fields = line.rstrip("\r\n").split("\t")
        if len(fields) != 3:
            raise InputError(
                f"it has {len(fields)} fields: write head, word and phrase with tabs between", "link_fields"
            )
        return cls(*fields)

    def __str__(self) -> str:
        return f"{self.head}\t{self.word}\t{self.phrase}"

    @property
    def key(self) -> tuple[str, str, str]:
        """Equal for links that say the same: either direction, any accents, case and punctuation."""
        one, two = sorted((fold(self.head), fold(self.word)))
        return one, two, " ".join(_SAID.findall(fold(self.phrase)))


def examine(link: Link) -> tuple[Link, tuple[Fault, ...]]:
    """The link as it was meant, and everything that was wrong with it. Total: any three strings get an answer."""
    found: list[Fault] = []
    for fault, repair in REPAIRS.items():
        mended = repair(link)
        if mended != link:
            found.append(fault)
        link = mended
    found += (fault for fault, spoilt in REJECTIONS.items() if spoilt(link))
    if Fault.NEITHER not in found:
        found += (fault for fault, noted in REMARKS.items() if noted(link))
    return link, tuple(found)


_SAID = re.compile(r"[^\W_]+")
_SUM = re.compile(r"(\w+)(?:\+|\s+\+\s+)(\w+)(?: = (\w+))?")
_EDGE = " ,;:"
_PLAIN = str.maketrans("’‘`´“”«»", "''''\"\"\"\"")


def _each(repair: Callable[[str], str]) -> Callable[[Link], Link]:
    def repair_all(link: Link) -> Link:
        return Link(repair(link.head), repair(link.word), repair(link.phrase))

    return repair_all


def _edges(link: Link) -> Link:
    phrase = link.phrase.strip(_EDGE)
    quoted = re.fullmatch(r'"([^"]*)"', phrase)
    return replace(link, phrase=quoted[1].strip(_EDGE) if quoted else phrase)


def _sum(link: Link) -> Link:
    """“auto+stop = autostop”, “autostop: auto + stop” and “auto+stop” are all the one word “autostop”."""
    match = _SUM.search(link.phrase)
    if not match:
        return link
    alike = [word for word in (link.head, link.word) if fold(word) == fold(match[1] + match[2])]
    whole = match[3] or max(alike or (link.head, link.word), key=len)
    rest = link.phrase[: match.start()] + link.phrase[match.end() :]
    if fold(whole) in fold(rest):
        return replace(link, phrase=rest.strip(_EDGE + "="))
    whole = whole.capitalize() if match[1][0].isupper() else whole
    return replace(link, phrase=link.phrase.replace(match[0], whole))


def _case(link: Link) -> Link:
    return Link(link.head.lower(), link.word.lower(), proper(link.phrase))


def _accents(link: Link) -> Link:
    phrase = respell(link.phrase)
    return Link(accented(respell(link.head), phrase), accented(respell(link.word), phrase), phrase)


REPAIRS: Mapping[Fault, Callable[[Link], Link]] = {
    Fault.APOSTROPHES: _each(lambda text: text.translate(_PLAIN)),
    Fault.SPACES: _each(lambda text: " ".join(text.split())),
    Fault.SUM: _sum,
    Fault.EDGES: _edges,
    Fault.CASE: _case,
    Fault.ACCENT: _accents,
}
"""What the import mends, in this order."""

_STRANGE = re.compile(r"[^0-9A-Za-zÀ-ÖØ-öø-ɏ '\"!?%&()+,\-./:;=ª°½]")
_LETTER = re.compile(r"[^\W_]")

REJECTIONS: Mapping[Fault, Callable[[Link], bool]] = {
    Fault.EMPTY: lambda link: not all(map(_LETTER.search, (link.head, link.word, link.phrase))),
    Fault.STRANGE: lambda link: any(map(_STRANGE.search, (link.head, link.word, link.phrase))),
    Fault.LONG: lambda link: len(link.phrase) > LONGEST,
    Fault.SAME: lambda link: fold(link.head) == fold(link.word),
    Fault.BARE: lambda link: link.phrase.lower() == link.head and not mentions(link.phrase, link.word),
    Fault.NEITHER: lambda link: not (mentions(link.phrase, link.head) or mentions(link.phrase, link.word)),
}
"""What drops a line, judged after mending. Two more are judged by who reads the lines: `FIELDS`, `DUPLICATE`."""

REMARKS: Mapping[Fault, Callable[[Link], bool]] = {
    Fault.NO_HEAD: lambda link: not mentions(link.phrase, link.head),
    Fault.NO_WORD: lambda link: not mentions(link.phrase, link.word),
}
"""What is kept, but reported."""
