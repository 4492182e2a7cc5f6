"""From many lists to one clean set, and the check of a folder."""

import pytest

from ghigliottina.errors import InputError
from ghigliottina.links.checking import Fault, Link
from ghigliottina.links.importing import check, clean, import_links

RAW = """\
sole\tluna\til sole e la luna
sole\tmiele\tbiondo come il sole e il miele
luna\tmiele\tluna di miele
luna\tSOLE\tIl sole e la luna
bonta\tanimo\tbontà d'animo
bonta\tdolce\tla bontà del dolce
luna\tmiele
luna\tpiena\tla torre di Pisa
àncora\tsalvezza\tàncora di salvezza
4x4\tauto\tauto 4x4
ancora\ttu\tAncora tu
"""
CLEAN = """\
4x4\tauto\tauto 4x4
ancora\ttu\tAncora tu
àncora\tsalvezza\tàncora di salvezza
bontà\tanimo\tbontà d'animo
bontà\tdolce\tla bontà del dolce
luna\tmiele\tluna di miele
sole\tluna\til sole e la luna
sole\tmiele\tbiondo come il sole e il miele
"""


def test_clean_mends_drops_sorts_and_counts():
    links, tally = clean(RAW.splitlines())
    assert "".join(f"{link}\n" for link in links) == CLEAN
    assert (tally.lines, tally.kept) == (11, 8)
    assert {fault: len(lines) for fault, lines in tally.repaired.items()} == {Fault.CASE: 1, Fault.ACCENT: 2}
    assert tally.dropped == {
        Fault.DUPLICATE: ["luna\tSOLE\tIl sole e la luna"],
        Fault.FIELDS: ["luna\tmiele"],
        Fault.NEITHER: ["luna\tpiena\tla torre di Pisa"],
    }


def test_clean_changes_nothing_about_a_clean_set():
    links, tally = clean(CLEAN.splitlines())
    assert "".join(f"{link}\n" for link in links) == CLEAN
    assert not tally.repaired and not tally.dropped


def test_a_link_stays_with_the_head_that_lists_it_higher():
    lines = ["sole\tmiele\tsole e miele", "sole\tluna\tsole e luna", "luna\tsole\tsole e luna"]
    assert clean(lines)[0] == [Link("luna", "sole", "sole e luna"), Link("sole", "miele", "sole e miele")]


@pytest.fixture
def raw(tmp_path):
    folder = tmp_path / "raw"
    folder.mkdir()
    (folder / "h1.tsv").write_text(RAW, encoding="utf-8")
    return folder


def test_import_writes_a_file_an_initial_and_the_check_accepts_them(raw, tmp_path):
    out = tmp_path / "out"
    tally = import_links([raw], out)
    assert sorted(path.name for path in out.iterdir()) == ["0.tsv", "a.tsv", "b.tsv", "l.tsv", "s.tsv"]
    assert "".join(path.read_text(encoding="utf-8") for path in sorted(out.iterdir())) == CLEAN
    assert check(out).lines == tally.kept and check(out).rejected == ()


def test_import_merges_into_its_own_folder_and_leaves_no_stale_file(raw, tmp_path):
    out, more = tmp_path / "out", tmp_path / "more"
    import_links([raw], out)
    more.mkdir()
    (more / "h2.tsv").write_text("zebra\tstrisce\tle strisce della zebra\n", encoding="utf-8")
    assert import_links([out, more], out).kept == 9
    assert import_links([more], out).kept == 1
    assert [path.name for path in out.iterdir()] == ["z.tsv"]


def test_check_names_file_line_and_fault(raw):
    found = check(raw)
    assert found.lines == 11
    assert [(one.file, one.line, one.fault) for one in found.rejected] == [
        ("h1.tsv", 4, Fault.CASE),
        ("h1.tsv", 4, Fault.DUPLICATE),
        ("h1.tsv", 5, Fault.ACCENT),
        ("h1.tsv", 6, Fault.ACCENT),
        ("h1.tsv", 7, Fault.FIELDS),
        ("h1.tsv", 8, Fault.NEITHER),
    ]
    assert found.counts[Fault.ACCENT] == 2


@pytest.mark.parametrize("work", [check, lambda folder: import_links([folder], folder.parent / "out")])
@pytest.mark.parametrize(
    ("content", "message"), [(None, "has no link file"), (b"citt\xe0\tvita\tvita di citt\xe0\n", "h.tsv can't be read")]
)
def test_a_folder_that_holds_no_links_is_refused_and_nothing_written(tmp_path, work, content, message):
    folder = tmp_path / "in"
    folder.mkdir()
    if content:
        (folder / "h.tsv").write_bytes(content)
    with pytest.raises(InputError, match=message):
        work(folder)
    assert not (tmp_path / "out").exists()
