import threading
from dataclasses import replace

import pytest
from served import Reciting, workbench

from ghigliottina.errors import CheckpointError
from ghigliottina.game.puzzle import Puzzle
from ghigliottina.models.host import State
from ghigliottina.solver import Attempt, Cut, Solver
from ghigliottina.ui.playing import UPDATE_SECONDS, Moment, moments, spaced
from rewards import Completion

PUZZLE = Puzzle.of(["latte", "sole", "miele", "piena", "lupo"], "luna")


@pytest.fixture
def bench(tmp_path):
    return workbench(tmp_path, seconds_a_piece=0.001)


def play(bench, solver=Solver.MODEL_LINKS, stop=None, checkpoint="recitante"):
    return moments(bench, PUZZLE, solver, checkpoint, stop or threading.Event())


@pytest.mark.parametrize("solver", Solver)
def test_the_first_moment_has_the_ranking_and_the_last_the_rewards(bench, solver):
    shown = list(play(bench, solver))
    assert shown[0].attempt.evidence.candidates and not shown[0].attempt.done
    assert shown[-1].attempt.done and shown[-1].breakdown is not None
    assert [moment.breakdown for moment in shown[:-1]] == [None] * (len(shown) - 1)
    assert shown[-1].attempt.completion.answer == ("luna" if solver is Solver.LINKS else "superlatte")


def test_the_links_need_no_checkpoint_and_no_line(bench):
    bench.line.join()
    assert list(play(bench, Solver.LINKS, checkpoint=""))[-1].attempt.completion.answer == "luna"


def test_without_a_checkpoint_the_model_cannot_answer(bench):
    with pytest.raises(CheckpointError) as caught:
        next(play(bench, checkpoint=""))
    assert caught.value.code == "model_none"


def with_states(bench, *states):
    """The same workbench, with a model that goes through these states and stays in the last."""
    coming = iter(states)
    models = Reciting(bench.models.engine)
    object.__setattr__(models, "state", lambda name: next(coming, states[-1]))
    return replace(bench, models=models)


def test_a_model_that_gets_ready_is_waited_for_with_the_ranking_in_view(bench):
    states = [State(), State("preparing", 0.8), State("loading", 0.1), State("ready", 1.0)]
    shown = list(play(with_states(bench, *states)))
    assert [moment.model for moment in shown[:4]] == [*states[:3], None]
    assert shown[0].attempt.evidence.candidates
    assert shown[-1].attempt.completion.answer == "superlatte"


def test_a_model_that_could_not_be_loaded_says_why(bench):
    with pytest.raises(CheckpointError, match="broken"):
        list(play(with_states(bench, State(), State("failed", error=CheckpointError("broken")))))


def test_one_waits_for_those_before(bench):
    place = bench.line.join()
    shown = play(bench)
    assert next(shown).ahead == 1
    bench.line.leave(place)
    rest = list(shown)
    assert rest[-1].attempt.done
    assert bench.line.ahead(bench.line.join()) == 0, "the place in the line must be given back"


@pytest.mark.parametrize("waiting", ["for the model", "in the line"])
def test_stop_ends_the_waiting_too(bench, waiting):
    stop = threading.Event()
    if waiting == "in the line":
        bench.line.join()
    else:
        bench = with_states(bench, State("preparing", 0.5))
    shown = play(bench, stop=stop)
    next(shown)
    stop.set()
    last = list(shown)[-1].attempt
    assert last.done and last.cut is Cut.STOP and last.completion.text == ""


def test_leaving_in_the_middle_makes_room_for_the_next(bench):
    shown = play(bench)
    next(moment for moment in shown if moment.attempt.completion.text)
    shown.close()
    assert bench.line.ahead(bench.line.join()) == 0


def test_pictures_are_spaced_but_the_first_and_the_last_always_come():
    blank = Attempt(PUZZLE, Completion.parse(""))
    clock = iter([0.0, 0.0, 0.01, UPDATE_SECONDS + 0.01, UPDATE_SECONDS + 0.01, 0.15])
    stream = [
        replace(blank, tokens=0),
        replace(blank, tokens=1),
        replace(blank, tokens=2),
        replace(blank, tokens=3, done=True),
    ]
    assert [attempt.tokens for attempt in spaced(iter(stream), lambda: next(clock))] == [0, 2, 3]


def test_a_broken_off_moment_is_an_end():
    half = Moment(Attempt(PUZZLE, Completion.parse("<think>- sole: ")), ahead=2)
    assert half.broken_off() == Moment(replace(half.attempt, done=True))
    whole = Moment(replace(half.attempt, done=True))
    assert whole.broken_off() is whole
