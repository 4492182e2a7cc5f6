import math
import threading
import time
from itertools import pairwise

import pytest

from ghigliottina import solver as solver_module
from ghigliottina.game.puzzle import Puzzle
from ghigliottina.links.candidates import Candidate, Evidence
from ghigliottina.models.engine import Sampling, ScriptedEngine
from ghigliottina.solver import Attempt, Cut, Origin, Player, Solver, Tone, solve
from rewards import ANSWER, RUBRIC, SOLUZIONE, Completion

CLUES = ("latte", "sole", "miele", "piena", "lupo")
PUZZLE = Puzzle.of(CLUES, "luna")
LUNA = Candidate("luna", -6.0, dict.fromkeys(CLUES, "luna di miele"))
NOTTE = Candidate("notte", -9.0, {**dict.fromkeys(CLUES), "piena": "notte piena"})
GIORNO = Candidate("giorno", -9.0 - math.log(2), {**dict.fromkeys(CLUES), "sole": "giorno di sole"})
EVIDENCE = Evidence(CLUES, (LUNA, NOTTE, GIORNO), confidence=0.9)
SAID = SOLUZIONE.write("\n".join(f"- {clue}: {clue} e luna" for clue in CLUES), "luna")


@pytest.fixture(autouse=True)
def evidence(monkeypatch):
    """The ranking has tests of its own: here it says what a case needs."""
    monkeypatch.setattr(solver_module, "candidates", lambda graph, clues: EVIDENCE)


def run(player, stop=None):
    return list(solve(PUZZLE, player, None, stop))


def model(text=SAID, **settings):
    settings = {"solver": Solver.MODEL_LINKS, **settings}
    return Player(engine=ScriptedEngine(text), **settings)


def test_links_answers_at_once_with_the_first_of_the_ranking_in_form():
    start, end = run(Player(Solver.LINKS))
    assert start.evidence is end.evidence is EVIDENCE
    assert (end.completion.answer, end.origin, end.tone, end.done) == ("luna", Origin.FIRST, Tone.SURE, True)
    assert RUBRIC.judge(end.completion, CLUES, "luna").values["strict_format"] == 1.0


def test_links_without_candidates_has_no_answer(monkeypatch):
    monkeypatch.setattr(solver_module, "candidates", lambda graph, clues: Evidence(clues, ()))
    *_, end = run(Player(Solver.LINKS))
    assert (end.completion.answer, end.origin, end.tone, end.done) == ("", Origin.NOBODY, Tone.GUESS, True)


def test_a_model_grows_and_ends_once():
    attempts = run(model())
    texts = [attempt.completion.text for attempt in attempts]
    assert all(later.startswith(earlier) for earlier, later in pairwise(texts))
    assert [attempt.done for attempt in attempts] == [False] * (len(attempts) - 1) + [True]
    assert texts[-1] == SAID and attempts[-1].tokens == -(-len(SAID) // 4)


@pytest.mark.parametrize(
    ("solver", "reads"), [(Solver.MODEL, False), (Solver.MODEL_LINKS, True)], ids=["by heart", "open book"]
)
def test_only_the_open_book_reaches_the_model(solver, reads):
    heard = []
    engine = ScriptedEngine(lambda chat: heard.append(chat) or SAID)
    run(Player(solver, engine))
    assert ("luna di miele" in heard[0][-1].content) is reads


@pytest.mark.parametrize(
    ("word", "origin", "tone", "confidence"),
    [
        pytest.param("luna", Origin.FIRST, Tone.SURE, 0.9, id="the first"),
        pytest.param("La Luna", Origin.FIRST, Tone.SURE, 0.9, id="the first, in other clothes"),
        pytest.param("notte", Origin.CANDIDATE, Tone.GUESS, 0.1 * 2 / 3, id="another candidate"),
        pytest.param("banana", Origin.OWN, Tone.GUESS, 0.0, id="its own word"),
        pytest.param("", Origin.NOBODY, Tone.GUESS, 0.0, id="no answer"),
    ],
)
def test_whose_word_it_is_and_how_sure(word, origin, tone, confidence):
    *_, end = run(model(SOLUZIONE.write("- sole: boh", word)))
    assert (end.origin, end.tone) == (origin, tone)
    assert end.confidence == pytest.approx(confidence)


@pytest.mark.parametrize(
    ("confidence", "tone"),
    [(1.0, Tone.SURE), (0.85, Tone.SURE), (0.7, Tone.FAIRLY), (0.4, Tone.MAYBE), (0.1, Tone.GUESS)],
)
def test_four_tones(confidence, tone):
    completion = Completion.parse(SAID, SOLUZIONE)
    assert Attempt(PUZZLE, completion, Evidence(CLUES, (LUNA,), confidence)).tone is tone


def test_the_checkpoints_grammar_is_read():
    *_, end = run(model(ANSWER.write("- sole: sole e luna", "luna"), grammar=ANSWER))
    assert end.completion.answer == "luna"


def test_a_base_model_carries_on_a_begun_answer_and_is_stopped_where_the_grammar_ends():
    *_, end = run(model(" luna e latte\n</think>\nsoluzione: luna.\n\nTrova la parola", shots=True))
    assert end.completion.text.startswith("<think>\n- latte: luna e latte\n")
    assert end.completion.answer == "luna"
    assert "Trova" not in end.completion.text
    assert end.cut is None


def test_a_tuned_model_may_say_too_much_and_is_judged_for_it():
    *_, end = run(model(SAID + "e poi ancora"))
    assert end.completion.text.endswith("e poi ancora")


class Watched:
    """An engine that tells how many pieces it made, and whether it was closed."""

    def __init__(self, pieces, seconds_a_piece=0.0):
        self.pieces, self.seconds, self.made, self.closed = pieces, seconds_a_piece, 0, False

    def stream(self, messages, sampling, stop):
        try:
            for _ in range(self.pieces):
                if stop.is_set():
                    return
                time.sleep(self.seconds)
                self.made += 1
                yield "luna "
        finally:
            self.closed = True


def test_stop_ends_the_answer_keeps_the_text_and_closes_the_engine():
    stop, engine = threading.Event(), Watched(100)
    attempts = []
    for attempt in solve(PUZZLE, Player(Solver.MODEL, engine), None, stop):
        attempts.append(attempt)
        if attempt.tokens == 3:
            stop.set()
    assert (engine.made, engine.closed) == (3, True)
    assert (attempts[-1].done, attempts[-1].cut) == (True, Cut.STOP)
    assert attempts[-1].completion.text == "luna luna luna "


def test_the_time_limit_ends_the_answer():
    engine = Watched(1000, seconds_a_piece=0.02)
    *_, end = run(Player(Solver.MODEL, engine, seconds=0.1))
    assert (end.done, end.cut, engine.closed) == (True, Cut.TIME, True)
    assert 1 < engine.made < 100


def test_closing_the_stream_closes_the_engine():
    engine = Watched(100)
    attempts = solve(PUZZLE, Player(Solver.MODEL, engine), None)
    next(attempts), next(attempts)
    attempts.close()
    assert engine.closed


def test_no_more_tokens_than_asked_for():
    *_, end = run(model(sampling=Sampling(max_new_tokens=5)))
    assert end.tokens == 5


def test_a_model_solver_without_an_engine_is_a_bug():
    with pytest.raises(ValueError, match="needs an engine"):
        run(Player(Solver.MODEL))
