"""Italian words as people type them: what is spelled alike, and what counts as the same word."""

import re
import unicodedata
from functools import lru_cache

LONGEST = 80
"""Characters. Anything longer is no word and no clue, whatever it says."""


def fold(text: str) -> str:
    """The key under which spellings meet: lower case, no accents, plain apostrophes, one space between words.

    >>> fold("  Perché "), fold("L’ORO")
    ('perche', "l'oro")
    """
    return _fold(text) if len(text) <= LONGEST else _fold.__wrapped__(text)


def bare(text: str) -> str:
    """A word as a dictionary would list it: lower case, no leading article, no quotes or final punctuation.

    Accents stay, and an accent typed as an apostrophe becomes one.

    >>> bare("L’ORO."), bare("la città"), bare("E'")
    ('oro', 'città', 'è')
    """
    tidy = " ".join(unicodedata.normalize("NFC", text).translate(_APOSTROPHES).lower().split())
    word = tidy.strip(_EDGES) or tidy
    if len(word) > 2 and word[0] == "'" == word[-1]:
        word = word.strip("'")
    typed = unicodedata.normalize("NFC", _TYPED_ACCENT.sub("\u0300", word))
    return _ARTICLE.sub("", typed, count=1)


def same_word(a: str, b: str) -> bool:
    """Whether two people who typed these meant the same word, letter for letter: no inflections.

    Case, a leading article, quotes and final punctuation don't matter. Accents do, unless one side simply left them
    out (`perche`), typed them as apostrophes (`perche'`) or took the wrong kind (`perchè`): `pero` is taken for
    `però`, but `papà` is not `pàpa`.
    """
    if len(a) > LONGEST or len(b) > LONGEST:
        return False
    (letters, accents), (others, theirs) = _spelling(a), _spelling(b)
    return letters == others != "" and (accents <= theirs or theirs <= accents)


def clip(text: str) -> str:
    """The text, or its beginning where it is too long for a word: fit for a sentence about it."""
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def tokens(text: str) -> list[str]:
    """The folded words of a text; an elided one keeps its apostrophe: `l'oro` → `l'`, `oro`."""
    return _TOKEN.findall(fold(text))


def names(phrase: str, word: str) -> bool:
    """Whether the phrase says the word, or a form of it: `a gambe levate` names gamba, `pan di Spagna` names pane."""
    wanted = tokens(bare(word))
    if not wanted:
        return fold(word) in fold(phrase)
    said = tokens(phrase)
    starts = range(len(said) - len(wanted) + 1)
    return any(all(map(inflection_of, said[i : i + len(wanted)], wanted)) for i in starts)


@lru_cache(maxsize=16_384)
def inflection_of(a: str, b: str) -> bool:
    """Whether two single words look like forms of one: gatto, gatti, gatta; amico, amiche; portare, portato.

    By spelling alone, with no dictionary: porto and porta pass too. That is the right side to err on where it is
    used: an answer may not be a clue in disguise, and a phrase may say its clue in any form.
    """
    x, y = fold(a).rstrip("'"), fold(b).rstrip("'")
    if x == y or _IRREGULAR.get(x, x) == _IRREGULAR.get(y, y):
        return True
    short, long = sorted((x, y), key=len)
    if len(short) > 2 and long[:-1] == short and long[-1] in "eo" and short[-1] in "lmnr":
        return True  # pan(e), fior(e), buon(o)
    if short == long[:-1] and (a if x == short else b).endswith(("'", "’")):
        return True  # mezz'ora
    return _same_noun(x, y) or _same_verb(x, y)


_APOSTROPHES = str.maketrans("’‘`´", "''''")
_EDGES = ' .,;:!?…"“”„«»*_()[]{}#-–—'
_ARTICLE = re.compile(r"^(?:(?:il|lo|la|i|gli|le|un|uno|una) |(?:l|un)')(?=\w)")
_TYPED_ACCENT = re.compile(r"(?<=[aeiou])'(?!\w)")
_TOKEN = re.compile(r"\w+'?")
_IRREGULAR = {"uomini": "uomo", "buoi": "bue", "templi": "tempio"}
_NOUN = re.compile(r"(\w{2,}?)[hi]?([aeio])")
_SHORT_PAIRS = ({"a", "e"}, {"o", "i"}, {"e", "i"})
_INFINITIVE = re.compile(r"(\w{3,}?)[hi]?(?:[aei]r(?:e|si|lo|la|li|le|ci|mi|ti|vi)?)")
_VERB = re.compile(
    r"(\w{3,}?)[hi]?(?:[aei]r(?:e|si)|[aiu]t[oaie]|[ae]ndo|[aei]v(?:[aio]|amo|ate|ano)|iamo|[aei]te|[ao]no|[ei]nt[ei]"
    r"|[ei]r(?:o|ai|a|emo|ete|anno|ei|ebbe|ebbero)|isc(?:o|i|e|a|ono|ano)|[aei](?:sti|mmo|ste|rono|ss[ei]|ssero))"
)


@lru_cache(maxsize=65_536)
def _fold(text: str) -> str:
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text.translate(_APOSTROPHES))
        text = "".join(c for c in text if not unicodedata.combining(c))
    return " ".join(text.replace("`", "'").casefold().split())


@lru_cache(maxsize=8_192)
def _spelling(text: str) -> tuple[str, frozenset[int]]:
    """The plain letters of a word, and the places that carry an accent."""
    letters: list[str] = []
    accents = set()
    for c in unicodedata.normalize("NFD", bare(text)):
        if unicodedata.combining(c):
            accents.add(len(letters))
        else:
            letters.append(c)
    return "".join(letters), frozenset(accents)


def _same_noun(x: str, y: str) -> bool:
    """One stem with the vowels of gender and number: the stem of ora and oro is too short for all of them."""
    one, other = _NOUN.fullmatch(x), _NOUN.fullmatch(y)
    if not one or not other or one[1] != other[1]:
        return False
    return len(one[1]) > 2 or {one[2], other[2]} in _SHORT_PAIRS


def _same_verb(x: str, y: str) -> bool:
    """Two verb forms of one stem, or an infinitive and a noun or present tense."""
    for one, other in ((x, y), (y, x)):
        infinitive = _INFINITIVE.fullmatch(one)
        if infinitive and any(m and m[1] == infinitive[1] for m in (_VERB.fullmatch(other), _NOUN.fullmatch(other))):
            return True
    one_verb, other_verb = _VERB.fullmatch(x), _VERB.fullmatch(y)
    return bool(one_verb and other_verb and one_verb[1] == other_verb[1])
