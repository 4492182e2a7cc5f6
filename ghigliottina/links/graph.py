"""The link graph: words as people type them, and the phrases between them."""

import gc
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from ghigliottina.errors import AssetError
from ghigliottina.settings import ASSETS
from rewards.words import fold

ARTICLES = frozenset("il lo la i gli le l un uno una".split())
FUNCTION_WORDS = ARTICLES | frozenset(
    "di a da in con su per tra fra e ed o od ci ne mi ti vi si se ma che chi cui come non c d s de the of "
    "al allo alla ai agli alle all del dello della dei degli delle dell dal dallo dalla dai dagli dalle dall "
    "nel nello nella nei negli nelle nell sul sullo sulla sui sugli sulle sull col coi".split()
)
"""Words that any phrase may have: to be in one phrase with them means nothing."""


NO_FAMILIES: Mapping[str, Sequence[str]] = {}


class Kinship(IntEnum):
    """How a word of the graph stands to the word that was looked up."""

    SAME = 0
    INFLECTED = 1
    """The same word in another form: *gambe* for *gamba*."""
    PART = 2
    """A word of what was looked up, which has several: *neve* for *fiocco di neve*."""


@dataclass(frozen=True, slots=True)
class Link:
    """A word that a phrase ties to the word that was looked up."""

    word: str
    """As the phrase's author wrote it."""
    phrase: str
    place: int
    """How many stronger links its author listed before it under the same head."""
    kinship: Kinship = Kinship.SAME
    """Of the word looked up to the end of the link that it was found by."""


@dataclass(frozen=True, slots=True)
class Graph:
    """Every link, to be found from both ends and from the words between. Build it with `load` or `of`.

    The sequences run in parallel, a row for each link.
    """

    heads: Sequence[str]
    """As written, like `words` and `phrases`."""
    words: Sequence[str]
    phrases: Sequence[str]
    head_keys: Sequence[str]
    word_keys: Sequence[str]
    contents: Sequence[str]
    """The phrases folded, without punctuation and function words."""
    places: Sequence[int]
    """The place of each link in the list of its head, from 0."""
    ends: Mapping[str, Sequence[int]]
    """key → the rows that have it as head or word."""
    mentions: Mapping[str, Sequence[int]]
    """key → the rows that have it in their phrase only; function words are left out."""
    lists: Mapping[str, int]
    """key → how many links are listed under it as head."""
    families: Mapping[str, Sequence[str]]
    """key → the families of inflected forms that it belongs to, by name."""
    members: Mapping[str, Sequence[str]]
    """name of a family → its keys."""
    degrees: Mapping[str, int]
    """name of a family → how many links its forms have."""

    @classmethod
    def load(cls, folder: Path = ASSETS / "links") -> "Graph":
        """Read all `*.tsv` of `folder` and the table `inflections.tsv` beside it: 145,000 links in under a second.

        Raises AssetError, naming file and line, where one is missing or damaged.
        """
        paths = sorted(folder.glob("*.tsv"))
        if not paths:
            raise AssetError(
                f"{folder} holds no links (*.tsv): install the project again.", "asset_missing", path=str(folder)
            )
        with _no_collection():
            rows = [row for path in paths for row in _rows(path, columns=3)]
            families = _rows(folder.parent / "inflections.tsv", columns=2)
            return cls.of(rows, {name: forms.split(" ") for name, forms in families})

    @classmethod
    def of(cls, rows: Iterable[Sequence[str]], members: Mapping[str, Sequence[str]] = NO_FAMILIES) -> "Graph":
        """Index (head, word, phrase) rows, strongest first within a head; `members` maps a family to its keys."""
        heads, words, phrases = tuple(zip(*rows, strict=True)) or ((), (), ())
        ends_as_written = list(dict.fromkeys(heads + words))
        keys = dict(zip(ends_as_written, map(_bare, _plain(ends_as_written)), strict=True))
        head_keys, word_keys = [keys[head] for head in heads], [keys[word] for word in words]
        contents: list[str] = []
        places: list[int] = []
        ends, mentions = defaultdict[str, list[int]](list), defaultdict[str, list[int]](list)
        for row, (head, word, phrase) in enumerate(zip(head_keys, word_keys, _plain(phrases), strict=True)):
            places.append(places[-1] + 1 if row and head == head_keys[row - 1] else 0)
            ends[head].append(row)
            if word != head:
                ends[word].append(row)
            tokens = [token for token in phrase.split() if token not in FUNCTION_WORDS]
            contents.append(" ".join(tokens))
            for token in tokens:
                if token != head and token != word:
                    mentions[token].append(row)
        families: dict[str, list[str]] = {}
        for name, forms in members.items():
            for form in forms:
                families.setdefault(form, []).append(name)
        degrees = {name: sum(len(ends[form]) for form in forms if form in ends) for name, forms in members.items()}
        # a defaultdict would grow when asked
        indices = (dict(ends), dict(mentions), Counter(head_keys), families, members, degrees)
        return cls(heads, words, phrases, head_keys, word_keys, contents, places, *indices)

    def forms(self, text: str) -> dict[str, Kinship]:
        """The keys under which the graph knows what somebody typed, closest first; empty where it doesn't."""
        whole = key(text)
        found = {whole: Kinship.SAME} | dict.fromkeys(self._kin(whole), Kinship.INFLECTED)
        parts = [part for part in whole.split(" ") if part not in FUNCTION_WORDS]
        if len(parts) > 1 or parts != [whole]:
            found = dict.fromkeys(parts, Kinship.PART) | found
        known = {form: kinship for form, kinship in found.items() if self.around(form)}
        if not known and whole[-1:].isalpha():
            guesses = [stem + vowel for stem in (whole, whole[:-1]) for vowel in "aeio"]
            known = {guess: Kinship.INFLECTED for guess in guesses if guess in self.ends}
        return dict(sorted(known.items(), key=lambda item: item[1]))

    def around(self, form: str) -> Sequence[int]:
        """The rows that have this key at an end or, word for word, in their phrase."""
        parts = [part for part in form.split(" ") if part not in FUNCTION_WORDS]
        rows = [*self.ends.get(form, ())]
        if len(parts) == 1:
            rows += self.mentions.get(parts[0], ())
        elif parts:
            rarest = min(([*self.ends.get(part, ()), *self.mentions.get(part, ())] for part in parts), key=len)
            wanted = f" {' '.join(parts)} "
            rows += [row for row in rarest if row not in rows and wanted in f" {self.contents[row]} "]
        return rows

    def relatives(self, form: str) -> Sequence[str]:
        """The names of the families that a key belongs to; of a word without inflections, itself."""
        return self.families.get(form) or (form,)

    def degree(self, form: str) -> int:
        """How many links a word has, in all its forms."""
        return (
            max(self.degrees[family] for family in self.relatives(form))
            if form in self.families
            else len(self.ends.get(form, ()))
        )

    def compound(self, *parts: str) -> str:
        """The word that two keys make when written together in either order, if the graph knows one."""
        for word in ("".join(parts), "".join(reversed(parts))):
            if word in self.mentions or word in self.ends:
                return word
        return ""

    def says(self, phrase: str) -> bool:
        """Whether people say so, as far as the graph knows: one of its phrases, function words aside, or a compound
        that its phrases hold."""
        (words,) = _plain([phrase])
        said = " ".join(word for word in words.split() if word not in FUNCTION_WORDS)
        if said in self.mentions or said in self.ends:
            return True
        return any(self.contents[row] == said for row in self.around(said))

    def _kin(self, form: str) -> Iterator[str]:
        for family in self.families.get(form, ()):
            for member in self.members[family]:
                if member != form:
                    yield member

    def links_of(self, text: str) -> list[Link]:
        """The links of what somebody typed, closest word and strongest link first; empty where it is unknown."""
        found = []
        for form, kinship in self.forms(text).items():
            for row in sorted(self.ends.get(form, ()), key=self.places.__getitem__):
                word = self.words[row] if self.head_keys[row] == form else self.heads[row]
                found.append(Link(word, self.phrases[row], self.places[row], kinship))
        return found


def key(text: str) -> str:
    """What a word is filed under: folded, without punctuation and the article before it.

    >>> key("L’Oro"), key("citta'"), key("Ponte_Vecchio"), key("s.Benedetto"), key("la")
    ('oro', 'citta', 'ponte vecchio', 's benedetto', 'la')
    """
    return _bare(_SEPARATORS.sub(" ", fold(text)))


def _bare(words: str) -> str:
    first, *rest = words.split() or [""]
    return " ".join(rest if rest and first in ARTICLES else (first, *rest))


_SEPARATORS = re.compile(r"[^\w \n]+|_")
_ACCENTS = re.compile("[\u0300-\u036f]+")


def _plain(texts: Iterable[str]) -> list[str]:
    """Fold many lines at once: a hundred times faster than one by one, and the same but for exotic accents."""
    text = unicodedata.normalize("NFKD", "".join(text + "\n" for text in texts).casefold())
    return _SEPARATORS.sub(" ", _ACCENTS.sub("", text)).split("\n")[:-1]


@contextmanager
def _no_collection() -> Iterator[None]:
    """Garbage collection off: what is being loaded is no garbage, and looking for some takes half the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _rows(path: Path, columns: int) -> Iterator[list[str]]:
    remedy = "install the project again"
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        message = f"{path} can't be read ({error.strerror}): {remedy}."
        raise AssetError(message, "asset_missing", path=str(path)) from None
    except UnicodeDecodeError:
        raise AssetError(f"{path} is damaged (it isn't UTF-8): {remedy}.", "asset_damaged", path=str(path)) from None
    for number, line in enumerate(text.removesuffix("\n").split("\n"), start=1):
        row = line.split("\t")
        if len(row) != columns or not all(row):
            message = f"{path.name}, line {number} is damaged (not {columns} texts separated by tabs): {remedy}."
            raise AssetError(message, "asset_damaged", path=str(path), line=number)
        yield row
