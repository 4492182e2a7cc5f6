"""Paired differences between two reports."""

import json
import random

import pytest

from ghigliottina.comparison import compare, read_report
from ghigliottina.errors import InputError


def report(totals, correct=None, rewards=None):
    rows = [
        {
            "clues": [f"c{i}"] * 5,
            "total": total,
            "correct": None if correct is None else correct[i],
            "rewards": {"exact_match": None if rewards is None else rewards[i]},
        }
        for i, total in enumerate(totals)
    ]
    return {"rows": rows}


def test_the_same_report_twice_differs_in_nothing():
    one = report([1.0, 2.0, 4.75], [True, False, True], [1.0, 0.0, 1.0])
    for difference in compare(one, one):
        assert (difference.mean, difference.low, difference.high, difference.clear) == (0.0, 0.0, 0.0, False)


def test_a_steady_gain_is_clear_and_noise_is_not():
    dice = random.Random(1)
    a = [dice.gauss(3, 1) for _ in range(200)]
    steady = compare(report(a), report([x + dice.gauss(0.2, 0.3) for x in a]))[0]
    assert steady.clear and steady.low < 0.2 < steady.high and steady.high - steady.low < 0.12
    assert not compare(report(a), report([x + dice.gauss(0.0, 0.3) for x in a]))[0].clear


def test_what_cannot_be_judged_is_left_out():
    a = report([1.0, 1.0, 1.0], [True, None, False], [None, None, None])
    figures = {d.figure: d for d in compare(a, report([2.0, 2.0, 2.0], [True, True, True], [1.0, 1.0, 1.0]))}
    assert figures["total"].mean == 1.0 and figures["total"].clear
    assert figures["accuracy"].n == 2 and figures["accuracy"].a == 0.5
    assert "exact_match" not in figures


def test_reports_on_other_puzzles_are_refused():
    with pytest.raises(InputError, match="different puzzles"):
        compare(report([1.0]), report([1.0, 2.0]))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"rows": []}', '{"rows": [{"clues": []}]}', '{"rows": 3}'])
def test_what_is_no_report_is_refused(tmp_path, text):
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(InputError, match=r"x.json is no report .*: write one"):
        read_report(path)


def test_a_report_is_read_back(tmp_path):
    path = tmp_path / "x.json"
    path.write_text(json.dumps(report([1.0])))
    assert read_report(path)["rows"][0]["total"] == 1.0
