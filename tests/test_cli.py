"""The commands as a script runs them: real processes, real links, real exit codes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CLUES = ["latte", "sole", "miele", "piena", "lupo"]


@pytest.fixture
def run(tmp_path):
    def run(*arguments):
        environment = {**os.environ, "GHIGLIOTTINA_HOME": str(tmp_path / "home"), "GHIGLIOTTINA_ENCODER": "none"}
        command = [sys.executable, str(ROOT / "app.py"), *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path, timeout=300)

    return run


@pytest.fixture
def puzzle_file(tmp_path):
    file = tmp_path / "puzzles.jsonl"
    file.write_text(json.dumps({"clues": CLUES, "solution": "luna"}) + "\n", encoding="utf-8")
    return file


def test_candidates_json_is_a_list_of_words_with_their_links(run):
    done = run("candidates", *CLUES, "--json")
    ranking = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert ranking[0]["word"] == "luna" and len(ranking) == 10
    assert all(set(row) == {"word", "score", "links"} and list(row["links"]) == CLUES for row in ranking)


def test_candidates_as_text(run):
    done = run("candidates", *CLUES, "--limit", 3)
    assert len(done.stdout.splitlines()) == 3 and "luna di miele" in done.stdout


def test_candidates_starts_without_heavy_libraries(run):
    code = "import sys; sys.argv = ['app.py', 'candidates', *'latte sole miele piena lupo'.split()]\n"
    code += "try: import ghigliottina.cli as c; c.main()\nexcept SystemExit: pass\n"
    code += "print(sorted({'torch', 'transformers', 'gradio', 'pandas'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_solve_by_links_prints_the_contract(run):
    done = run("solve", *CLUES, "--solver", "links", "--solution", "luna", "--json")
    answer = json.loads(done.stdout)
    assert done.returncode == 0
    assert {"answer", "think", "rewards", "total", "candidates", "seconds", "tokens"} <= set(answer)
    assert answer["answer"] == "luna" and answer["rewards"]["exact_match"] == 1.0
    assert len(answer["candidates"]) == 10 and answer["total"] > 4


def test_solve_as_text_shows_reasoning_then_rewards(run):
    done = run("solve", *CLUES, "--solver", "links")
    assert done.stdout.index("luna di miele") < done.stdout.index("soluzione: luna.") < done.stdout.index("total")
    assert "exact_match          not judged" in done.stdout


def test_evaluate_prints_figures_and_writes_the_report(run, puzzle_file, tmp_path):
    done = run("evaluate", "--puzzles", puzzle_file, "--solver", "links", "--json", tmp_path / "out.json")
    report = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert done.returncode == 0 and "accuracy             1.000" in done.stdout
    assert (report["n"], report["accuracy"], report["mrr"]) == (1, 1.0, 1.0)


def test_evaluate_names_a_broken_line_and_refuses_or_skips_it(run, puzzle_file):
    with puzzle_file.open("a") as file:
        file.write("rubbish\n" + json.dumps({"clues": CLUES, "solution": "luna"}) + "\n")
    refused = run("evaluate", "--puzzles", puzzle_file, "--solver", "links", "--strict")
    assert (refused.returncode, refused.stdout) == (2, "") and "puzzles.jsonl, line 2:" in refused.stderr
    skipped = run("evaluate", "--puzzles", puzzle_file, "--solver", "links")
    assert skipped.returncode == 0 and "skipped: puzzles.jsonl, line 2:" in skipped.stderr
    assert "n                    2" in skipped.stdout


def test_generated_puzzles_are_a_puzzle_file(run, tmp_path):
    done = run("generate", "--seed", 1, "--count", 3, "--difficulty", "easy", "--held-out")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert (done.returncode, len(rows)) == (0, 3)
    assert all(set(row) == {"clues", "solution", "links", "source", "difficulty"} for row in rows)
    assert {(row["source"], row["difficulty"]) for row in rows} == {("generated", "easy")}
    (tmp_path / "made.jsonl").write_text(done.stdout, encoding="utf-8")
    played = run("evaluate", "--puzzles", tmp_path / "made.jsonl", "--solver", "links", "--strict")
    assert "accuracy             1.000" in played.stdout


def test_links_check_reports_lines_and_import_mends_them(run, tmp_path):
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "a.tsv").write_text("Luna\tmiele\tluna di miele\nluna\tlatte\tsoltanto altro\nrubbish\n")
    done = run("links", "check", tmp_path / "new")
    assert done.returncode == 1 and "a.tsv:2:" in done.stdout and "a.tsv:3:" in done.stdout
    assert run("links", "import", tmp_path / "new", "--to", tmp_path / "clean").returncode == 0
    assert (tmp_path / "clean" / "l.tsv").read_text() == "luna\tmiele\tluna di miele\n"
    assert run("links", "check", tmp_path / "clean").returncode == 0


def test_links_check_passes_what_ships(run):
    assert run("links", "check").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        pytest.param(["candidates", "latte", "sole", "miele"], 2, "3 clues", id="three clues"),
        pytest.param(["candidates", *CLUES, "notte"], 2, "6 clues", id="six clues"),
        pytest.param(["candidates", "latte", "latte", "miele", "piena", "lupo"], 2, "twice", id="a repeat"),
        pytest.param(["candidates", "", *CLUES[1:]], 2, "empty", id="a blank"),
        pytest.param(["candidates", "a" * 5000, *CLUES[1:]], 2, "5000 characters", id="5,000 letters"),
        pytest.param(["solve", "🍯", *CLUES[1:]], 2, "isn't a word", id="emoji"),
        pytest.param(["generate", "--count", 0], 2, "count", id="no puzzles wanted"),
        pytest.param(["solve", *CLUES, "--solver", "magic"], 2, "magic", id="an unknown solver"),
        pytest.param(
            ["solve", *CLUES, "--checkpoint", "nobody/nothing"], 3, "nobody/nothing", id="an unknown checkpoint"
        ),
        pytest.param(
            ["evaluate", "--puzzles", "none.jsonl", "--solver", "links"], 2, "none.jsonl", id="a missing file"
        ),
    ],
)
def test_errors_are_one_line_with_a_code_of_their_own(run, arguments, code, words):
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert words in done.stderr and "Traceback" not in done.stderr and len(done.stderr) < 600


def test_a_wrong_setting_is_named(tmp_path):
    environment = {**os.environ, "GHIGLIOTTINA_ANSWER_SECONDS": "soon"}
    command = [sys.executable, str(ROOT / "app.py"), "solve", *CLUES, "--solver", "links"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 2 and "GHIGLIOTTINA_ANSWER_SECONDS" in done.stderr


@pytest.mark.model
def test_the_real_model_answers_headless_with_a_strict_form(prepared_home):
    environment = {**os.environ, "GHIGLIOTTINA_HOME": str(prepared_home)}
    command = [sys.executable, str(ROOT / "app.py"), "solve", *CLUES, "--solution", "luna", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["tokens"] > 10 and answer["answer"]
    assert answer["rewards"]["strict_format"] == 1.0
    assert answer["rewards"]["semantic_similarity"] is not None
