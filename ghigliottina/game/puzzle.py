"""A puzzle and the file of puzzles."""

import json
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ghigliottina.errors import PuzzleError, PuzzleFileError
from rewards.words import fold

CLUES = 5
LONGEST_CLUE = 40
"""Characters. The longest clue seen in real games has 22; more than 40 is a mistake or an attack."""


@dataclass(frozen=True, slots=True)
class Puzzle:
    """Five clues, and the word that each of them links to where it is known. Build it with `Puzzle.of`."""

    clues: tuple[str, ...]
    solution: str | None = None
    links: Mapping[str, str] = field(default_factory=dict)
    """clue → the phrase that ties it to the solution, where the puzzle's author gave one."""
    decoys: tuple[str, ...] = ()
    """The wrong word of each of the five pairs, in the order of the clues; empty where there are none."""
    source: str = ""

    @classmethod
    def of(cls, clues: Iterable[str], solution: str | None = None, **more: object) -> "Puzzle":
        """Tidy and check what a person typed. Raises PuzzleError: what is wrong, why it matters, what to do."""
        tidy = tuple(_tidy(clue) for clue in clues)
        _check_clues(tidy)
        word = _tidy(solution) if solution and solution.strip() else None
        if word is not None:
            _check_word(word, "solution")
        return cls(clues=tidy, solution=word, **more)  # type: ignore[arg-type]

    @classmethod
    def parse(cls, line: str) -> "Puzzle":
        """One line of a puzzle file (the contract is in the README). Raises PuzzleError."""
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise PuzzleError(f"it isn't JSON ({error}): write one object a line", "line_json") from None
        if not isinstance(row, dict) or not _strings(row.get("clues")):
            raise PuzzleError('it has no list of strings "clues": write {"clues": [five words]}', "line_clues")
        solution, links, decoys = row.get("solution"), row.get("links") or {}, row.get("decoys") or []
        if not (solution is None or isinstance(solution, str)):
            raise PuzzleError("its solution is no string: write a word or null", "line_solution")
        if not isinstance(links, dict) or not _strings(list(links.values())) or not _strings(decoys):
            raise PuzzleError('"links" must map clues to phrases, "decoys" must list words', "line_extras")
        source = str(row.get("source") or "")
        return cls.of(row["clues"], solution, links=links, decoys=tuple(decoys), source=source)


def read_puzzles(path: Path, skip: Callable[[PuzzleFileError], None] | None = None) -> Iterator[Puzzle]:
    """The puzzles of a JSON-lines file, in order; blank lines are nothing.

    A line that is no puzzle raises PuzzleFileError, naming its number; with `skip`, that error is handed to `skip`
    and reading goes on. A file that can't be read, isn't text or holds no puzzle at all always raises.
    """
    found = False
    for number, line in _lines(path):
        if not line.strip():
            continue
        try:
            puzzle = Puzzle.parse(line)
        except PuzzleError as error:
            wrong = PuzzleFileError(f"{path.name}, line {number}: {error}", "file_line", line=number, file=path.name)
            if skip is None:
                raise wrong from None
            skip(wrong)
            continue
        found = True
        yield puzzle
    if not found:
        raise PuzzleFileError(
            f"{path.name} holds no puzzle: it needs at least one JSON line with five clues.", "file_empty"
        )


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        with path.open(encoding="utf-8-sig") as file:
            yield from enumerate(file, start=1)
    except OSError as error:
        reason = error.strerror or "unreadable"
        raise PuzzleFileError(f"{path} can't be read ({reason}): check the path.", "file_unreadable") from None
    except UnicodeDecodeError:
        message = f"{path.name} isn't UTF-8 text, so it is no puzzle file: save it as UTF-8 JSON lines."
        raise PuzzleFileError(message, "file_encoding") from None


def _tidy(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def _strings(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _check_clues(clues: tuple[str, ...]) -> None:
    for place, clue in enumerate(clues, start=1):
        if not clue:
            raise PuzzleError(
                f"Clue {place} is empty, but each of the five counts: type a word.", "clue_empty", place=place
            )
        _check_word(clue, "clue")
    if len(clues) != CLUES:
        few = "add" if len(clues) < CLUES else "leave out"
        message = f"{len(clues)} clues were given, but a puzzle has five: {few} {abs(CLUES - len(clues))}."
        raise PuzzleError(message, "clues_few" if few == "add" else "clues_many", given=len(clues))
    seen: dict[str, str] = {}
    for clue in clues:
        if fold(clue) in seen:
            message = f"The clue “{clue}” is given twice, but five different ones are needed: change one of them."
            raise PuzzleError(message, "clue_repeated", clue=clue)
        seen[fold(clue)] = clue


def _check_word(word: str, what: str) -> None:
    if len(word) > LONGEST_CLUE:
        message = f"A {what} of {len(word)} characters is too long (“{word[:12]}…”): {LONGEST_CLUE} at most."
        raise PuzzleError(message, f"{what}_long", length=len(word), most=LONGEST_CLUE, word=word[:12])
    if any(c in _CODE or unicodedata.category(c) in _STRANGE for c in word):
        message = f"The {what} “{word}” isn't a word: use letters, digits, spaces, apostrophes, accents."
        raise PuzzleError(message, f"{what}_strange", word=word)


_CODE = frozenset("<>{}\\|`^~")
"""What markup and templates are written with, and words are not. It would be shown as text all the same."""
_STRANGE = ("Cc", "Cf", "Cs", "Co", "Cn", "So", "Sk")
"""Unicode categories that no word is written with: controls, invisible formats, emoji and other symbols."""
