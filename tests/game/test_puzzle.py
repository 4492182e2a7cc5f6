import json

import pytest

from ghigliottina.errors import PuzzleError, PuzzleFileError
from ghigliottina.game.puzzle import LONGEST_CLUE, Puzzle, read_puzzles

GOOD = ["latte", "sole", "miele", "piena", "lupo"]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        pytest.param(GOOD, tuple(GOOD), id="as they are"),
        pytest.param([" latte ", "sole\n", "\tmiele", "piena", "lupo"], tuple(GOOD), id="surrounding space"),
        pytest.param(["Alla  pari", *GOOD[1:]], ("Alla pari", *GOOD[1:]), id="two words, two spaces"),
        pytest.param(["perche\u0301", *GOOD[1:]], ("perché", *GOOD[1:]), id="accents are composed"),
        pytest.param(["77", "?!", "l'oro", "C++", "3 €"], ("77", "?!", "l'oro", "C++", "3 €"), id="digits and signs"),
        pytest.param(["a" * LONGEST_CLUE, *GOOD[1:]], ("a" * LONGEST_CLUE, *GOOD[1:]), id="as long as allowed"),
    ],
)
def test_clues_are_tidied(typed, kept):
    assert Puzzle.of(typed).clues == kept


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        pytest.param([], "clues_few", id="none"),
        pytest.param(GOOD[:3], "clues_few", id="three"),
        pytest.param([*GOOD, "notte"], "clues_many", id="six"),
        pytest.param(["latte", "", "miele", "piena", "lupo"], "clue_empty", id="empty"),
        pytest.param(["latte", " \n", "miele", "piena", "lupo"], "clue_empty", id="blank"),
        pytest.param(["latte", "sole", "LATTE", "piena", "lupo"], "clue_repeated", id="twice, in another case"),
        pytest.param(["perché", "perche", "miele", "piena", "lupo"], "clue_repeated", id="twice, without its accent"),
        pytest.param(["a" * 5000, *GOOD[1:]], "clue_long", id="5,000 letters"),
        pytest.param(["🍯", *GOOD[1:]], "clue_strange", id="emoji"),
        pytest.param(["miele🍯", *GOOD[1:]], "clue_strange", id="a word with an emoji"),
        pytest.param(["lat\u200bte", *GOOD[1:]], "clue_strange", id="an invisible character"),
        pytest.param(["lat\x00te", *GOOD[1:]], "clue_strange", id="a control character"),
        pytest.param(["<b>latte</b>", *GOOD[1:]], "clue_strange", id="markup"),
        pytest.param(["${latte}", *GOOD[1:]], "clue_strange", id="a template"),
    ],
)
def test_what_is_no_puzzle_is_refused(typed, code):
    with pytest.raises(PuzzleError) as caught:
        Puzzle.of(typed)
    assert caught.value.code == code
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        pytest.param(None, None, id="unknown"),
        pytest.param("", None, id="empty box"),
        pytest.param("  ", None, id="blank box"),
        pytest.param(" Luna ", "Luna", id="tidied"),
    ],
)
def test_solution(typed, kept):
    assert Puzzle.of(GOOD, typed).solution == kept


@pytest.mark.parametrize("typed", ["🌕", "l" * 5000, "<i>luna</i>"])
def test_a_solution_that_is_no_word_is_refused(typed):
    with pytest.raises(PuzzleError, match="solution"):
        Puzzle.of(GOOD, typed)


def line(**fields):
    return json.dumps({"clues": GOOD, **fields})


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("no json", id="text"),
        pytest.param("[1, 2]", id="a list"),
        pytest.param('{"solution": "luna"}', id="no clues"),
        pytest.param('{"clues": "latte sole miele piena lupo"}', id="clues in one string"),
        pytest.param('{"clues": [1, 2, 3, 4, 5]}', id="clues that are numbers"),
        pytest.param(line(clues=GOOD[:4]), id="four clues"),
        pytest.param(line(solution=7), id="a solution that is a number"),
        pytest.param(line(links=["a"]), id="links in a list"),
        pytest.param(line(links={"latte": 1}), id="a phrase that is a number"),
        pytest.param(line(decoys="a"), id="decoys in a string"),
        pytest.param("[" * 100_000, id="nested without end"),
    ],
)
def test_a_broken_line_is_named_by_number_and_refused_or_skipped(tmp_path, text):
    file = tmp_path / "puzzles.jsonl"
    file.write_text("\n".join([line(), "", text, line(solution="luna")]), encoding="utf-8")
    with pytest.raises(PuzzleFileError, match=r"puzzles\.jsonl, line 3: "):
        list(read_puzzles(file))
    skipped = []
    assert [p.solution for p in read_puzzles(file, skipped.append)] == [None, "luna"]
    assert [error.details["line"] for error in skipped] == [3]


def test_every_field_is_read(tmp_path):
    file = tmp_path / "puzzles.jsonl"
    links = {"miele": "luna di miele"}
    file.write_text("\ufeff" + line(solution="luna", links=links, decoys=["a"] * 5, source="ours"), encoding="utf-8")
    (puzzle,) = read_puzzles(file)
    assert puzzle == Puzzle(tuple(GOOD), "luna", links, ("a",) * 5, "ours")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"", "holds no puzzle", id="empty"),
        pytest.param(b"\n\n", "holds no puzzle", id="blank"),
        pytest.param(b"\xff\xfe\x00\x01", "isn't UTF-8", id="binary"),
        pytest.param(None, "can't be read", id="missing"),
    ],
)
def test_a_file_that_is_no_puzzle_file(tmp_path, content, message):
    file = tmp_path / "puzzles.jsonl"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(PuzzleFileError, match=message):
        list(read_puzzles(file, skip=lambda error: None))
