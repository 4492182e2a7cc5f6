import re

import pytest

from ghigliottina.ui import curves
from ghigliottina.ui.text import Language
from ghigliottina.ui.watching import Curve

IT = Language.IT


@pytest.mark.parametrize(
    ("values", "low", "high"),
    [([1, 3], 0.8, 3.2), ([0, 1], 0, 1.1), ([2, 2], 1.8, 2.2), ([0], 0, 0.01), ([-1, 1], -1.2, 1.2)],
)
def test_bounds_leave_air_and_are_never_empty(values, low, high):
    assert curves.bounds(values) == pytest.approx((low, high))


@pytest.mark.parametrize(
    ("latest", "planned", "end"),
    [(1, 40, 10), (20, 40, 40), (5, 600, 15), (300, 600, 600), (12, 10, 12), (1, 2, 2)],
)
def test_a_drawing_runs_to_the_planned_end_unless_that_is_far(latest, planned, end):
    assert curves.horizon(Curve("loss", ((latest, 1.0),)), planned) == end


def test_a_long_curve_is_thinned_to_the_means_of_neighbours():
    assert curves.thinned([(1, 2.0), (2, 4.0)]) == [(1, 2.0), (2, 4.0)]
    long = curves.thinned([(step, step % 2) for step in range(1, 1001)])
    assert len(long) <= curves.MOST
    assert long[0] == (3.0, 0.6), "five neighbours each"


def test_the_mean_follows_slowly_and_begins_where_the_values_do():
    assert curves.smoothed([1, 1, 1]) == [1, 1, 1]
    assert curves.smoothed([0, 1])[1] == curves.LATELY


def test_the_curve_lies_where_its_steps_do():
    curve = Curve("exact_match", ((1, 0.0), (11, 1.0)), share=True)
    picture = curves.figure(curve, "Titolo", "Che cosa vuol dire.", 21, IT)
    dots = re.search(r'd="([^"]*)" class="g-dots"', picture)[1]
    assert dots == "M0.0 100.0h0M150.0 0.0h0"


@pytest.mark.parametrize("points", [((1, 0.5),), ((7, 0.5),)], ids=["one step", "one step that isn’t the first"])
def test_one_point_is_a_curve_too(points):
    assert "nan" not in curves.figure(Curve("loss", points), "Titolo", "Vuol dire.", points[0][0], IT)
