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
    EMPTY = "an empty field"
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
        return one, two, re.sub(r"[\W_]+", " ", fold(self.phrase)).strip()


def faults(link: Link) -> tuple[Fault, ...]:
    """Everything that is wrong with one link, the repairable first. Total: any three strings get an answer."""
    mended = mend(link)
    wrong = [fault for fault, repair in REPAIRS.items() if repair(link) != link]
    wrong += [fault for fault, spoilt in REJECTIONS.items() if spoilt(mended)]
    return (*wrong, *(fault for fault, noted in REMARKS.items() if Fault.NEITHER not in wrong and noted(mended)))


def mend(link: Link) -> Link:
    """The link as it was meant; the same link if nothing was wrong with it."""
    for repair in REPAIRS.values():
        link = repair(link)
    return link


def _each(repair: Callable[[str], str]) -> Callable[[Link], Link]:
    def repair_all(link: Link) -> Link:
        return Link(repair(link.head), repair(link.word), repair(link.phrase))

    return repair_all


def _edges(link: Link) -> Link:
    quoted = re.fullmatch(r'"([^"]*)"', link.phrase)
    return replace(link, phrase=(quoted[1] if quoted else link.phrase).strip(" ,;:"))


def _sum(link: Link) -> Link:
    """“auto+stop = autostop”, “autostop: auto + stop” and “auto+stop” are all the one word “autostop”."""
    match = re.search(r"(\w+)(?:\+| \+ )(\w+)(?: = (\w+))?", link.phrase)
    if not match:
        return link
    alike = [word for word in (link.head, link.word) if fold(word) == fold(match[1] + match[2])]
    whole = match[3] or max(alike or (link.head, link.word), key=len)
    rest = link.phrase[: match.start()] + link.phrase[match.end() :]
    if fold(whole) in fold(rest):
        return replace(link, phrase=rest.strip(" ,:="))
    whole = whole.capitalize() if match[1][0].isupper() else whole
    return replace(link, phrase=link.phrase.replace(match[0], whole))


def _case(link: Link) -> Link:
    return Link(link.head.lower(), link.word.lower(), proper(link.phrase))


def _accents(link: Link) -> Link:
    phrase = respell(link.phrase)
    return Link(accented(respell(link.head), phrase), accented(respell(link.word), phrase), phrase)


REPAIRS: Mapping[Fault, Callable[[Link], Link]] = {
    Fault.APOSTROPHES: _each(lambda text: text.translate(str.maketrans("’‘`´“”«»", "''''\"\"\"\""))),
    Fault.SPACES: _each(lambda text: " ".join(text.split())),
    Fault.SUM: _sum,
    Fault.EDGES: _edges,
    Fault.CASE: _case,
    Fault.ACCENT: _accents,
}
"""What the import mends, in this order. A fault is there exactly if its repair changes something."""


def _mentioned(link: Link) -> tuple[bool, bool]:
    return mentions(link.phrase, link.head), mentions(link.phrase, link.word)


_STRANGE = re.compile(r"[^0-9A-Za-zÀ-ÖØ-öø-ɏ '\"!?%&()+,\-./:;=ª°½]")

REJECTIONS: Mapping[Fault, Callable[[Link], bool]] = {
    Fault.EMPTY: lambda link: not (fold(link.head) and fold(link.word) and fold(link.phrase)),
    Fault.STRANGE: lambda link: bool(_STRANGE.search(str(link).replace("\t", " "))),
    Fault.LONG: lambda link: len(link.phrase) > LONGEST,
    Fault.SAME: lambda link: fold(link.head) == fold(link.word),
    Fault.BARE: lambda link: fold(link.phrase) == fold(link.head) and not mentions(link.phrase, link.word),
    Fault.NEITHER: lambda link: not any(_mentioned(link)),
}
"""What drops a line, judged after mending."""

REMARKS: Mapping[Fault, Callable[[Link], bool]] = {
    Fault.NO_HEAD: lambda link: not mentions(link.phrase, link.head),
    Fault.NO_WORD: lambda link: not mentions(link.phrase, link.word),
}
"""What is kept, but reported."""
