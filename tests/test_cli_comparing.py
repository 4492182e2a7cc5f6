import json

import pytest
from typer.testing import CliRunner

from ghigliottina.cli import app


@pytest.fixture
def reports(tmp_path):
    paths = []
    for name, gain in (("a", 0.0), ("b", 0.5)):
        rows = [
            {"clues": ["a"] * 5, "total": i / 10 + gain, "correct": True, "rewards": {"exact_match": 1.0}}
            for i in range(20)
        ]
        paths.append(tmp_path / f"{name}.json")
        paths[-1].write_text(json.dumps({"rows": rows}))
    return [str(path) for path in paths]


def test_what_differs_is_printed_with_its_interval(reports):
    told = CliRunner().invoke(app, ["compare", *reports])
    assert told.exit_code == 0
    total, accuracy, exact = told.stdout.splitlines()[1:]
    assert total.split()[:4] == ["total", "0.950", "1.450", "+0.500"] and total.endswith("clear")
    assert accuracy.split()[3] == "+0.000" and not exact.endswith("clear")


def test_as_json(reports):
    told = json.loads(CliRunner().invoke(app, ["compare", "--json", *reports]).stdout)
    assert told[0]["figure"] == "total" and told[0]["difference"] == pytest.approx(0.5) and told[0]["n"] == 20
