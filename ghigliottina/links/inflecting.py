"""Makes `assets/inflections.tsv`, which tells the forms of one word; run by who changes the links, never by the app.

`python -m ghigliottina.links.inflecting` reads the links and writes a family a line: `lemma<TAB>form form …`, as keys.
It needs two packages that the app doesn't: simplemma (lemmas) and wordfreq (what people write).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from ghigliottina.links.graph import key
from ghigliottina.settings import ASSETS

FREQUENT = 60_000
"""How many of the most frequent Italian words may be clues without being in the links."""
CUT_SHORT = dict(
    pair.split(":")
    for pair in "ben:bene can:cane far:fare fin:fine gran:grande grand:grande man:mano mar:mare pan:pane san:santo "
    "sant:santo sol:sole tor:torre val:valle vin:vino".split()
)
"""Words that lose their end before another, as far as the lemmatiser doesn't know them."""
_UNITS = (
    "zero uno due tre quattro cinque sei sette otto nove dieci undici dodici tredici quattordici quindici sedici "
    "diciassette diciotto diciannove"
).split()
_TENS = "venti trenta quaranta cinquanta sessanta settanta ottanta novanta".split()


def families(linked: Iterable[str], frequent: Iterable[str]) -> dict[str, list[str]]:
    """Lemma → its forms, sorted. Only of single words, only where there are two forms and one is `linked`."""
    texts = {text for text in {*linked, *frequent} if key(text) and " " not in key(text)}
    wanted, known = {key(text) for text in linked}, {key(text) for text in texts}
    found: dict[str, set[str]] = {}
    for text in texts:
        for lemma in _lemmas(text, known):
            found.setdefault(lemma, {lemma}).add(key(text))
    for digits, name in _numbers():
        found.setdefault(name, {name}).add(digits)
    kept = {lemma: sorted(forms) for lemma, forms in found.items() if len(forms) > 1 and forms & wanted}
    return dict(sorted(kept.items()))


def _lemmas(text: str, known: set[str]) -> Iterator[str]:
    import simplemma

    form = key(text)
    yield key(simplemma.lemmatize(text.lower(), lang="it"))
    if form in CUT_SHORT:
        yield CUT_SHORT[form]
    # The lemmatiser takes *porta* for a form of *portare* or *porto* and never finds its plural.
    singular = re.sub("(?<=[cg])h$", "", form[:-1]) + "a"
    if len(form) > 3 and form.endswith("e") and not re.search("[aei]re$", form) and singular in known:
        yield singular


def _numbers() -> Iterator[tuple[str, str]]:
    """Digits and name of the numbers that people say: 0–100, the hundreds, 1000."""
    names = dict(enumerate(_UNITS)) | {100: "cento", 1000: "mille"}
    names |= {hundreds * 100: _UNITS[hundreds] + "cento" for hundreds in range(2, 10)}
    for ten, name in enumerate(_TENS, start=2):
        for unit in range(10):
            stem = name[:-1] if unit in (1, 8) else name
            names[ten * 10 + unit] = stem + _UNITS[unit] if unit else name
    return ((str(number), name) for number, name in names.items())


def write(table: Mapping[str, Iterable[str]], path: Path) -> None:
    """Write the families, a line each."""
    lines = (f"{lemma}\t{' '.join(forms)}\n" for lemma, forms in table.items())
    path.write_text("".join(lines), encoding="utf-8")


def main(assets: Path = ASSETS) -> None:
    """Read the links of `assets` and write the table beside them."""
    from wordfreq import top_n_list

    linked: set[str] = set()
    for path in sorted((assets / "links").glob("*.tsv")):
        for line in path.read_text(encoding="utf-8").splitlines():
            head, word, phrase = line.split("\t")
            linked.update((head, word), re.findall(r"[^\W_]+", phrase))
    write(families(linked, top_n_list("it", FREQUENT)), assets / "inflections.tsv")


if __name__ == "__main__":
    main()
