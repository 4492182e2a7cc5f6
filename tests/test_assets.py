"""What ships: the links are clean, sorted, and there once."""

from itertools import groupby

from ghigliottina.links.importing import clean
from ghigliottina.settings import ASSETS
from rewards.words import fold


def test_the_links_are_as_an_import_would_write_them():
    files = {path.stem: path.read_text("utf-8").splitlines() for path in sorted((ASSETS / "links").glob("*.tsv"))}
    lines = [line for part in files.values() for line in part]
    links, tally = clean(lines)
    assert not tally.repaired and not tally.dropped
    assert [str(link) for link in links] == lines and len(lines) > 130_000


def test_a_head_is_in_the_file_of_its_initial_and_in_one_place():
    for path in (ASSETS / "links").glob("*.tsv"):
        heads = [head for head, _ in groupby(line.split("\t")[0] for line in path.read_text("utf-8").splitlines())]
        assert len(set(heads)) == len(heads)
        assert {fold(head)[0] if fold(head)[0].isalpha() else "0" for head in heads} == {path.stem}
