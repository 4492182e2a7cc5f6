"""Makes `assets/inflections.tsv`: which forms are one word. A tool for those who change the links, never run by the app.

`python -m ghigliottina.links.inflecting` reads the links and writes the table, a family a line: `lemma<TAB>form form …`.
It needs two packages of pyproject's `dev` group: simplemma (lemmas) and wordfreq (what people write).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from ghigliottina.links.graph import Graph, key
from ghigliottina.settings import ASSETS

FREQUENT = 60_000
"""How many of the most frequent Italian words may be clues without being in the links."""
CUT_SHORT = {
    "ben": "bene", "can": "cane", "far": "fare", "fin": "fine", "gran": "grande", "grand": "grande", "man": "mano", "pan": "pane",
    "san": "santo", "sant": "santo", "sol": "sole", "son": "suono", "tor": "torre", "val": "valle", "vin": "vino",
}  # fmt: skip
"""Words that lose their end before another; the lemmatiser knows most others."""


def families(linked: Iterable[str], frequent: Iterable[str]) -> dict[str, list[str]]:
    """Lemma → its forms, all as keys, sorted; of one word each. Families of one form, or without a linked one, are left out."""
    wanted = {key(text) for text in linked}
    found: dict[str, set[str]] = {}
    for text in {*linked, *frequent}:
        form = key(text)
        if form and " " not in form:
            for lemma in _lemmas(text.lower(), form):
                found.setdefault(lemma, {lemma}).add(form)
    for number, name in _numbers():
        found.setdefault(name, {name}).add(number)
    kept = {lemma: sorted(forms) for lemma, forms in found.items() if len(forms) > 1 and forms & wanted}
    return dict(sorted(kept.items()))


def _lemmas(text: str, form: str) -> Iterator[str]:
    import simplemma

    yield key(simplemma.lemmatize(text, lang="it"))
    if form in CUT_SHORT:
        yield CUT_SHORT[form]


def _numbers() -> Iterator[tuple[str, str]]:
    """Digits and names of the numbers that people say: 0–100, hundreds, 1000."""
    small = (
        "zero uno due tre quattro cinque sei sette otto nove dieci undici dodici tredici quattordici quindici sedici diciassette "
        "diciotto diciannove"
    ).split()
    tens = "venti trenta quaranta cinquanta sessanta settanta ottanta novanta".split()
    names = dict(enumerate(small)) | {100: "cento", 1000: "mille"}
    names |= {hundreds * 100: small[hundreds] + "cento" for hundreds in range(2, 10)}
    for ten, name in enumerate(tens, start=2):
        for unit in range(10):
            stem = name[:-1] if unit in (1, 8) else name
            names[ten * 10 + unit] = stem + small[unit] if unit else name
    for number, name in names.items():
        yield str(number), name


def write(table: Mapping[str, Iterable[str]], path: Path) -> None:
    """Write the families, a line each."""
    lines = (f"{lemma}\t{' '.join(forms)}\n" for lemma, forms in table.items())
    path.write_text("".join(lines), encoding="utf-8")


def main(assets: Path = ASSETS) -> None:
    """Read the links of `assets` and write the table beside them."""
    from wordfreq import top_n_list

    path = assets / "inflections.tsv"
    path.touch()
    graph = Graph.load(assets / "links")
    linked = {*graph.heads, *graph.words} | {word for phrase in graph.phrases for word in re.findall(r"\w+", phrase)}
    write(families(linked, top_n_list("it", FREQUENT)), path)


if __name__ == "__main__":
    main()
