"""The table of inflections: what ships, and how it is made (that part needs simplemma)."""

import pytest

from ghigliottina.links.graph import Graph
from ghigliottina.links.inflecting import families, write
from ghigliottina.settings import ASSETS


@pytest.fixture(scope="module")
def shipped() -> Graph:
    return Graph.load()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("gamba", "gambe"),
        ("porta", "porte"),
        ("occhio", "occhi"),
        ("rosso", "rosse"),
        ("fare", "fatto"),
        ("san", "santo"),
        ("bel", "bello"),
        ("gran", "grande"),
        ("mar", "mare"),
        ("pan", "pane"),
        ("3", "tre"),
        ("77", "settantasette"),
    ],
)
def test_shipped_forms_of_one_word(shipped: Graph, one: str, other: str) -> None:
    assert set(shipped.relatives(one)) & set(shipped.relatives(other))


@pytest.mark.parametrize(("one", "other"), [("pane", "penna"), ("sole", "sale"), ("casa", "caso")])
def test_shipped_words_apart(shipped: Graph, one: str, other: str) -> None:
    assert not set(shipped.relatives(one)) & set(shipped.relatives(other))


def test_the_shipped_table_is_small_and_sorted() -> None:
    path = ASSETS / "inflections.tsv"
    lines = path.read_text(encoding="utf-8").splitlines()
    assert path.stat().st_size < 3_000_000
    assert lines == sorted(set(lines), key=lambda line: line.split("\t")[0])


def test_families_are_made_of_linked_words_and_their_frequent_forms() -> None:
    pytest.importorskip("simplemma")
    made = families({"Città", "gatto", "Ponte Vecchio", "tre"}, ["gatti", "gatta", "zebra", "zebre"])
    assert {"gatti", "gatto"} <= set(made["gatto"])
    assert made["tre"] == ["3", "tre"]
    assert not {"zebra", "citta", "ponte vecchio"} & made.keys()


def test_the_table_is_written_as_it_is_read(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("assets")
    (folder / "links").mkdir()
    (folder / "links" / "g.tsv").write_text("gatto\tstivali\til gatto con gli stivali\n", encoding="utf-8")
    write({"gatto": ["gatti", "gatto"]}, folder / "inflections.tsv")
    assert Graph.load(folder / "links").members == {"gatto": ["gatti", "gatto"]}
