import pytest

from ghigliottina import evaluation
from ghigliottina import solver as solver_module
from ghigliottina.evaluation import evaluate
from ghigliottina.game.puzzle import Puzzle
from ghigliottina.links.candidates import Candidate, Evidence
from ghigliottina.models.engine import ScriptedEngine
from ghigliottina.solver import Player, Solver
from rewards import RUBRIC, SOLUZIONE

CLUES = ("latte", "sole", "miele", "piena", "lupo")
RANKING = ("luna", "notte", "giorno")


@pytest.fixture(autouse=True)
def ranking(monkeypatch):
    def candidates(graph, clues, limit=10):
        words = tuple(Candidate(word, 1.0, dict.fromkeys(clues, f"{word} e basta")) for word in RANKING)
        return Evidence(clues, words, 0.5)

    monkeypatch.setattr(solver_module, "candidates", candidates)
    monkeypatch.setattr(evaluation, "candidates", candidates)


def report(solutions, player):
    puzzles = [Puzzle.of(CLUES, solution) for solution in solutions]
    *_, last = evaluate(puzzles, player, None, RUBRIC)
    return last


def says(word):
    return ScriptedEngine(SOLUZIONE.write("- latte: boh", word))


@pytest.mark.parametrize(
    ("solutions", "accuracy", "mrr", "recall_2"),
    [
        pytest.param(["luna"], 1.0, 1.0, 1.0, id="first"),
        pytest.param(["Giorno"], 0.0, 1 / 3, 0.0, id="third"),
        pytest.param(["banana"], 0.0, 0.0, 0.0, id="not in the ranking"),
        pytest.param(["luna", "notte", None], 0.5, 0.75, 1.0, id="an unknown solution counts for nothing"),
        pytest.param([None], None, None, None, id="no solution known"),
    ],
)
def test_links_is_measured_by_answer_and_rank(solutions, accuracy, mrr, recall_2):
    made = report(solutions, Player(Solver.LINKS))
    assert (made.accuracy, made.recall(2)) == (accuracy, recall_2)
    assert made.mrr == (None if mrr is None else pytest.approx(mrr))


def test_a_model_is_judged_by_what_it_says_not_by_the_ranking():
    made = report(["luna"], Player(Solver.MODEL_LINKS, says("notte")))
    assert (made.accuracy, made.mrr) == (0.0, 1.0)


def test_by_heart_there_is_no_rank():
    made = report(["luna"], Player(Solver.MODEL, says("luna")))
    assert (made.accuracy, made.mrr, made.recall(10)) == (1.0, None, None)


def test_the_report_is_the_contract_of_the_command():
    made = report(["luna", "notte"], Player(Solver.LINKS)).as_json()
    assert list(made) == [
        "n", "accuracy", "mrr", "recall_10", "recall_100", "rewards", "total", "puzzles_per_minute", "rows",
    ]  # fmt: skip
    assert made["n"] == 2 and made["puzzles_per_minute"] > 0
    assert made["rewards"]["exact_match"] == 0.5
    assert made["rows"][1]["answer"] == "luna" and made["rows"][1]["correct"] is False


def test_the_report_grows_batch_by_batch():
    puzzles = [Puzzle.of(CLUES, "luna")] * 5
    assert [len(r.rows) for r in evaluate(puzzles, Player(Solver.LINKS), None, RUBRIC, together=2)] == [2, 4, 5]


@pytest.mark.parametrize("solver", [Solver.MODEL, Solver.MODEL_LINKS])
def test_an_engine_that_can_writes_a_batch_side_by_side(solver):
    engine = Side()
    made = report(["luna", "notte", "giorno"], Player(solver, engine))
    assert engine.asked == [3] and [row.answer for row in made.rows] == ["luna0", "luna1", "luna2"]
    open_book = "notte" in engine.chats[0][0].content
    assert open_book is (solver is Solver.MODEL_LINKS)


def test_a_checkpoint_that_needs_examples_is_asked_one_by_one():
    engine = Side()
    assert report(["luna"], Player(Solver.MODEL, engine, shots=True)).rows[0].answer == "uno" and not engine.asked


class Side:
    """Answers differently when asked for many at once."""

    def __init__(self):
        self.asked, self.chats = [], []

    def stream(self, messages, sampling, stop):
        yield from ("- latte: boh\n</think>\n", "soluzione: uno.\n", "e altro")

    def complete(self, chats, sampling):
        self.asked.append(len(chats))
        self.chats += chats
        return [SOLUZIONE.write("- latte: boh", f"luna{i}") for i in range(len(chats))]
