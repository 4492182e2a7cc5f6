"""The link graph: found as people type, from both ends, damaged files named. The tiny graph is our own."""

from pathlib import Path

import pytest

from ghigliottina.errors import AssetError
from ghigliottina.links.graph import Graph, Kinship, Link, key

ROWS = [
    ("luna", "miele", "luna di miele"),
    ("luna", "piena", "luna piena"),
    ("oro", "corsa", "corsa all'oro"),
    ("77", "gambe", "77, le gambe delle donne"),
    ("città", "eterna", "Roma, città eterna"),
    ("Ponte Vecchio", "Arno", "il Ponte Vecchio sull'Arno"),
    ("perché", "libro", "il libro dei perché"),
    ("neve", "fiocco", "fiocco di neve"),
    ("gamba", "tavolo", "gamba del tavolo"),
]
FAMILIES = {"gamba": ["gamba", "gambe"], "settantasette": ["77", "settantasette"], "pieno": ["piena", "pieno"]}
GRAPH = Graph.of(ROWS, FAMILIES)


@pytest.mark.parametrize(
    ("typed", "filed"),
    [
        ("  LUNA ", "luna"),
        ("L’Oro", "oro"),
        ("un'ora", "ora"),
        ("la borsa", "borsa"),
        ("citta'", "citta"),
        ("Perché", "perche"),
        ("Ponte_Vecchio", "ponte vecchio"),
        ("porta-ombrelli", "porta ombrelli"),
        ("s.Benedetto", "s benedetto"),
        ("007", "007"),
        ("la", "la"),
        ("€", ""),
    ],
)
def test_a_key_forgives_how_people_type(typed: str, filed: str) -> None:
    assert key(typed) == filed


@pytest.mark.parametrize(
    ("typed", "word", "kinship"),
    [
        ("luna", "miele", Kinship.SAME),
        ("miele", "luna", Kinship.SAME),
        ("MIELE", "luna", Kinship.SAME),
        ("l'oro", "corsa", Kinship.SAME),
        ("citta'", "eterna", Kinship.SAME),
        ("Perche", "libro", Kinship.SAME),
        ("ponte_vecchio", "Arno", Kinship.SAME),
        ("gamba", "77", Kinship.INFLECTED),
        ("gambe", "tavolo", Kinship.INFLECTED),
        ("settantasette", "gambe", Kinship.INFLECTED),
        ("pieno", "luna", Kinship.INFLECTED),
        ("lune", "miele", Kinship.INFLECTED),  # in no family: a guess at the ending
        ("mont", None, None),
        ("pupazzo di neve", "fiocco", Kinship.PART),
        ("", None, None),
        ("🙂", None, None),
    ],
)
def test_links_are_found_as_people_type(typed: str, word: str | None, kinship: Kinship | None) -> None:
    found = {link.word: link.kinship for link in GRAPH.links_of(typed)}
    assert found.get(word or "") == kinship
    assert bool(found) == bool(word)


def test_links_come_with_phrase_and_place_strongest_first() -> None:
    assert GRAPH.links_of("luna") == [Link("miele", "luna di miele", 0), Link("piena", "luna piena", 1)]


def test_words_that_stand_together_in_a_phrase_are_known_together() -> None:
    assert [GRAPH.phrases[row] for row in GRAPH.around("roma citta")] == ["Roma, città eterna"]
    assert GRAPH.around("eterna roma") == []


def write(folder: Path, links: bytes, inflections: bytes = b"gamba\tgamba gambe\n") -> Path:
    (folder / "links").mkdir()
    (folder / "links" / "a.tsv").write_bytes(links)
    (folder / "inflections.tsv").write_bytes(inflections)
    return folder / "links"


def test_a_folder_is_loaded_with_its_inflections(tmp_path: Path) -> None:
    graph = Graph.load(write(tmp_path, b"gamba\ttavolo\tgamba del tavolo\n"))
    assert [link.phrase for link in graph.links_of("gambe")] == ["gamba del tavolo"]


@pytest.mark.parametrize(
    ("links", "inflections", "said"),
    [
        (b"luna\tmiele\n", b"a\ta b\n", "a.tsv, line 1"),
        (b"luna\tmiele\tluna di miele\nluna\t\tluna\n", b"a\ta b\n", "a.tsv, line 2"),
        (b"luna\tmiele\tluna di miele\textra\n", b"a\ta b\n", "a.tsv, line 1"),
        (b"\xff\xfe\t\t", b"a\ta b\n", "UTF-8"),
        (b"", b"a\ta b\n", "a.tsv, line 1"),
        (b"luna\tmiele\tluna di miele\n", b"cut off", "inflections.tsv, line 1"),
    ],
    ids=["two columns", "an empty one", "four columns", "no text", "empty file", "inflections"],
)
def test_a_damaged_file_is_named(tmp_path: Path, links: bytes, inflections: bytes, said: str) -> None:
    with pytest.raises(AssetError, match=said) as caught:
        Graph.load(write(tmp_path, links, inflections))
    assert caught.value.code == "asset_damaged"
    assert "install the project again" in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(AssetError, match="holds no links"):
        Graph.load(tmp_path)
    folder = write(tmp_path, b"luna\tmiele\tluna di miele\n")
    (tmp_path / "inflections.tsv").unlink()
    with pytest.raises(AssetError, match=r"inflections\.tsv") as caught:
        Graph.load(folder)
    assert caught.value.code == "asset_missing"


@pytest.mark.parametrize(
    "phrase, said",
    [
        ("luna di miele", True),
        ("la Luna di Miele", True),
        ("luna piena", True),
        ("luna pepe", False),
        ("luna", True),
        ("", False),
        ("capolavoro", True),
        ("lunamiele", False),
    ],
)
def test_what_people_say(phrase, said):
    graph = Graph.of(
        [("luna", "miele", "luna di miele"), ("luna", "piena", "luna piena"), ("capo", "arte", "capolavoro")]
    )
    assert graph.says(phrase) is said
