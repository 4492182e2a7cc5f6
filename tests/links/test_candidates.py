"""The ranking: own puzzles on a tiny graph of our own, then on the links that ship."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ghigliottina.links.candidates import Candidate, Evidence, candidates
from ghigliottina.links.graph import Graph

ROOT = Path(__file__).resolve().parent.parent.parent
ROWS = [
    ("luna", "miele", "luna di miele"),
    ("luna", "piena", "luna piena"),
    ("luna", "lupo", "il lupo ulula alla luna"),
    ("sole", "luna", "il sole e la luna"),
    ("bicchiere", "piena", "bicchiere pieno"),
    ("vaso", "miele", "vaso di miele"),
    ("gambe", "77", "77, le gambe delle donne"),
    ("gambe", "bugie", "le bugie hanno le gambe corte"),
    ("gamba", "tavolo", "gamba del tavolo"),
    ("città", "eterna", "Roma, città eterna"),
    ("lavoro", "capolavoro", "un capolavoro è un lavoro ben fatto"),
    ("capo", "branco", "capo branco"),
    ("ponte vecchio", "Arno", "il Ponte Vecchio sull'Arno"),
]
FAMILIES = {"gamba": ["gamba", "gambe"], "luna": ["luna", "lune"], "pieno": ["piena", "pieno"]}
GRAPH = Graph.of(ROWS, FAMILIES)
UNKNOWN = ("xyz", "zyx", "xzy", "yxz", "yzx")


def first(*clues: str, graph: Graph = GRAPH) -> Candidate:
    return candidates(graph, (*clues, *UNKNOWN)[:5]).candidates[0]


@pytest.mark.parametrize(
    ("clues", "answer"),
    [
        (("miele", "piena", "lupo", "sole"), "luna"),
        (("MIELE", "Pieno", "il lupo"), "luna"),
        (("settantasette", "77", "bugie"), "gambe"),
        (("bugie", "77", "tavolo"), "gambe"),
        (("eterna",), "città"),
        (("roma", "eterna"), "città"),
        (("Ponte_Vecchio",), "Arno"),
        (("branco", "lavoro"), "capo"),
    ],
    ids=["four links", "as typed", "number", "inflected answer", "accents", "mention", "several words", "compound"],
)
def test_the_first_candidate(clues: tuple[str, ...], answer: str) -> None:
    assert first(*clues).word == answer


def test_every_clue_has_its_phrase_in_the_clues_order() -> None:
    best = first("piena", "xyz", "miele", "lupo")
    assert list(best.links.items())[:4] == [
        ("piena", "luna piena"),
        ("xyz", None),
        ("miele", "luna di miele"),
        ("lupo", "il lupo ulula alla luna"),
    ]
    assert best.linked == 3


def test_a_compound_is_its_own_phrase() -> None:
    assert first("branco", "lavoro").links["lavoro"] == "capolavoro"


@pytest.mark.parametrize("clue", ["gambe", "gamba", "GAMBA"])
def test_neither_a_clue_nor_its_inflection_is_proposed(clue: str) -> None:
    words = {candidate.word for candidate in candidates(GRAPH, (clue, "bugie", "77", "tavolo", "xyz")).candidates}
    assert words and words.isdisjoint({"gamba", "gambe"})


def test_forms_of_one_word_are_proposed_once() -> None:
    words = [candidate.word for candidate in candidates(GRAPH, ("bugie", "tavolo", "77", *UNKNOWN)[:5]).candidates]
    assert "gambe" in words and "gamba" not in words


def test_a_hub_loses_to_a_word_of_few_links() -> None:
    hub = [("fare", word, f"fare {word}") for word in ("pane", "vino", *(f"cosa{i}" for i in range(40)))]
    graph = Graph.of([*hub, ("oste", "pane", "oste pane"), ("oste", "vino", "oste vino")])
    assert first("pane", "vino", graph=graph).word == "oste"


def test_ties_go_by_the_alphabet() -> None:
    graph = Graph.of([(head, "blu", f"{head} blu") for head in ("zaino", "abito", "mare")])
    words = [candidate.word for candidate in candidates(graph, ("blu", *UNKNOWN)[:5]).candidates]
    assert words == ["abito", "mare", "zaino"]


def test_unknown_clues_give_empty_evidence() -> None:
    assert candidates(GRAPH, UNKNOWN) == Evidence(UNKNOWN, (), 0.0)
    assert candidates(Graph.of([]), UNKNOWN).candidates == ()


@pytest.mark.parametrize(("limit", "count"), [(0, 0), (1, 1), (2, 2), (100, 3)])
def test_limit(limit: int, count: int) -> None:
    graph = Graph.of([(head, "blu", f"{head} blu") for head in ("zaino", "abito", "mare")])
    assert len(candidates(graph, ("blu", *UNKNOWN)[:5], limit).candidates) == count


def test_confidence_grows_with_the_links() -> None:
    clues = ("sole", "miele", "piena", "lupo")
    chances = [candidates(GRAPH, (*clues[:known], *UNKNOWN)[:5]).confidence for known in range(5)]
    assert chances == sorted(chances) and chances[0] == 0 and chances[1] < 0.7 and 0.9 < chances[4] < 1


@pytest.mark.parametrize(
    ("word", "found"), [("citta'", True), ("La Città", True), ("CITTÀ", True), ("", False), ("borgo", False)]
)
def test_find_forgives_spelling(word: str, found: bool) -> None:
    evidence = candidates(GRAPH, ("eterna", "roma", *UNKNOWN)[:5])
    assert (evidence.find(word) is not None) == found


@pytest.fixture(scope="module")
def shipped() -> Graph:
    return Graph.load()


@pytest.mark.parametrize(
    ("clues", "answer"),
    [
        (("latte", "sole", "miele", "piena", "lupo"), "luna"),
        (("007", "bond", "segreto", "servizio", "immobiliare"), "agente"),
        (("Ponte Vecchio", "fiume", "giglio", "culla", "rinascimento"), "firenze"),
    ],
)
def test_the_shipped_links_solve(shipped: Graph, clues: tuple[str, ...], answer: str) -> None:
    evidence = candidates(shipped, clues)
    assert evidence.candidates[0].word.casefold() == answer
    assert evidence.confidence > 0.85


def test_the_order_is_the_same_in_every_process() -> None:
    program = (
        "from ghigliottina.links.graph import Graph; from ghigliottina.links.candidates import candidates; "
        "print(candidates(Graph.load(), ('fare', 'acqua', 'occhi', 'dolce vita', '3'), 100))"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONHASHSEED": seed},
            cwd=ROOT,
            check=True,
            capture_output=True,
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(outputs) == 1 and len(outputs.pop()) > 1000
