import pytest

from ghigliottina.errors import BusyError
from ghigliottina.ui.workbench import Line, Runs


def test_a_line_serves_in_the_order_of_coming():
    line = Line(places=2)
    first, second, third = line.join(), line.join(), line.join()
    assert [line.ahead(place) for place in (first, second, third)] == [0, 1, 2]
    with pytest.raises(BusyError) as caught:
        line.join()
    assert caught.value.code == "line_full"
    line.leave(second)
    assert [line.ahead(place) for place in (first, third)] == [0, 1]
    line.leave(first)
    assert line.ahead(third) == 0
    line.join()


def test_stop_reaches_ones_own_run_only():
    runs = Runs()
    mine, theirs = runs.begin("me"), runs.begin("them")
    runs.stop("me")
    runs.stop("nobody")
    assert mine.is_set() and not theirs.is_set()


def test_a_new_run_of_a_session_ends_its_old_one():
    runs = Runs()
    old, new = runs.begin("me"), runs.begin("me")
    assert old.is_set() and not new.is_set()
    runs.end("me", old)
    runs.stop("me")
    assert new.is_set(), "the end of the old run must not forget the new one"
