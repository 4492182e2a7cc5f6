"""From lists as they were written to the one clean set that ships, and the check that it stays clean."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from ghigliottina.errors import InputError
from ghigliottina.links.checking import REJECTIONS, REMARKS, REPAIRS, Fault, Link, examine
from rewards.words import fold


@dataclass(frozen=True, slots=True)
class Finding:
    """A line, what is wrong with it, and where it stands."""

    file: str
    line: int
    fault: Fault
    text: str


@dataclass(frozen=True, slots=True)
class Check:
    """What was found in a folder of link files."""

    lines: int
    findings: tuple[Finding, ...]

    @property
    def counts(self) -> Counter[Fault]:
        """How often each fault was found."""
        return Counter(finding.fault for finding in self.findings)

    @property
    def rejected(self) -> tuple[Finding, ...]:
        """What the set must not have; remarks are left out."""
        return tuple(finding for finding in self.findings if finding.fault not in REMARKS)


@dataclass(slots=True)
class Tally:
    """What an import did: how many lines each fault concerned, and the lines themselves."""

    lines: int = 0
    kept: int = 0
    repaired: dict[Fault, list[str]] = field(default_factory=dict)
    """Fault → the lines as they were. A line with two faults stands under both."""
    dropped: dict[Fault, list[str]] = field(default_factory=dict)
    """Fault → the lines that are gone, each under its first fault; of two that say the same, the later."""


def check(folder: Path) -> Check:
    """Every fault of every line of a folder's `*.tsv`. Raises InputError if there are none, or one can't be read."""
    lines, findings = 0, []
    seen: set[tuple[str, str, str]] = set()
    for file, number, text in _lines(folder):
        lines += 1
        findings += [Finding(file, number, fault, text) for fault in _judge(text, seen)]
    return Check(lines, tuple(findings))


def _judge(text: str, seen: set[tuple[str, str, str]]) -> tuple[Fault, ...]:
    try:
        link = Link.parse(text)
    except InputError:
        return (Fault.FIELDS,)
    key, (_, found) = link.key, examine(link)
    if key in seen:
        return (*found, Fault.DUPLICATE)
    seen.add(key)
    return found


def import_links(sources: Iterable[Path], folder: Path) -> Tally:
    """Make `folder` the clean set of all links in the `*.tsv` of the source folders, which may include `folder` itself.

    Raises InputError before anything is written.
    """
    links, tally = clean(text for source in sources for _, _, text in _lines(source))
    write(links, folder)
    return tally


def clean(lines: Iterable[str]) -> tuple[list[Link], Tally]:
    """Mend or drop each line, then sort: heads by the alphabet, the links of a head as they came, strongest first.

    A link that two heads list stays with the one that lists it higher. Cleaning what is clean changes nothing.
    """
    tally = Tally()
    best: dict[tuple[str, str, str], tuple[int, int, Link]] = {}
    places: Counter[str] = Counter()
    for number, text in enumerate(lines):
        tally.lines += 1
        link = _mended(text, tally)
        if link is None:
            continue
        key, found = link.key, (places[link.head], number, link)
        places[link.head] += 1
        rival = best.get(key)
        best[key] = min(rival or found, found, key=lambda each: each[:2])
        if rival:
            tally.dropped.setdefault(Fault.DUPLICATE, []).append(text)
    ordered = sorted(best.values(), key=lambda each: (_initial(each[2]), fold(each[2].head), each[2].head, each[1]))
    tally.kept = len(ordered)
    return [link for _, _, link in ordered], tally


def write(links: Iterable[Link], folder: Path) -> None:
    """One file for each initial of a head; link files of that folder that hold none any more are removed."""
    folder.mkdir(parents=True, exist_ok=True)
    written = set()
    for initial, group in groupby(links, key=_initial):
        path = folder / f"{initial}.tsv"
        path.write_text("".join(f"{link}\n" for link in group), encoding="utf-8", newline="\n")
        written.add(path)
    for path in set(folder.glob("*.tsv")) - written:
        path.unlink()


def _mended(text: str, tally: Tally) -> Link | None:
    try:
        link = Link.parse(text)
    except InputError:
        tally.dropped.setdefault(Fault.FIELDS, []).append(text)
        return None
    mended, found = examine(link)
    spoilt = next((fault for fault in found if fault in REJECTIONS), None)
    if spoilt:
        tally.dropped.setdefault(spoilt, []).append(text)
        return None
    for fault in found:
        if fault in REPAIRS:
            tally.repaired.setdefault(fault, []).append(text)
    return mended


def _initial(link: Link) -> str:
    """`a` to `z`, or `0` for heads that begin with anything else."""
    first = next(filter(str.isalnum, fold(link.head)), "0")
    return first if "a" <= first <= "z" else "0"


def _lines(folder: Path) -> Iterator[tuple[str, int, str]]:
    paths = sorted(folder.glob("*.tsv"))
    if not paths:
        raise InputError(
            f"{folder} has no link file: name a folder with *.tsv files.", "links_none", folder=str(folder)
        )
    for path in paths:
        try:
            with path.open(encoding="utf-8-sig", newline="\n") as file:
                yield from ((path.name, number, line.rstrip("\r\n")) for number, line in enumerate(file, start=1))
        except (OSError, UnicodeDecodeError) as error:
            message = f"{path.name} can't be read as UTF-8 text ({error}): save it as UTF-8 or leave it out."
            raise InputError(message, "links_unreadable", file=path.name) from None
