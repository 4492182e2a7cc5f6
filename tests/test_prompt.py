import pytest

from ghigliottina import prompt
from ghigliottina.game.puzzle import Puzzle
from ghigliottina.links.candidates import Candidate, Evidence
from rewards import ANSWER, GRAMMARS, RUBRIC, SOLUZIONE, Completion

PUZZLE = Puzzle.of(["latte", "sole", "miele", "piena", "lupo"])
PHRASES = ("latte di luna", "il sole e la luna", "luna di miele", "luna piena", "il lupo ulula alla luna")
LUNA = Candidate("luna", 9.0, dict(zip(PUZZLE.clues, PHRASES, strict=True)))
RIVALS = tuple(Candidate(f"rivale{n}", 1.0 / n, dict.fromkeys(PUZZLE.clues)) for n in range(1, 10))
EVIDENCE = Evidence(PUZZLE.clues, (LUNA, *RIVALS))


def roles(chat):
    return [message.role for message in chat]


@pytest.mark.parametrize("evidence", [None, EVIDENCE], ids=["by heart", "open book"])
@pytest.mark.parametrize("shots", [False, True])
def test_the_last_question_holds_the_clues_and_only_open_books_hold_phrases(evidence, shots):
    chat = prompt.messages(PUZZLE, evidence, SOLUZIONE, shots=shots)
    question = [message for message in chat if message.role == "user"][-1].content
    assert all(f"\n- {clue}" in question for clue in PUZZLE.clues)
    assert all((phrase in question) is (evidence is not None) for phrase in PHRASES)


def test_only_the_best_candidates_are_shown():
    (ask,) = prompt.messages(PUZZLE, EVIDENCE, SOLUZIONE)
    assert [word in ask.content for word in ("luna", "rivale1", "rivale3", "rivale4")] == [True, True, True, False]


def test_a_candidate_takes_one_line_with_its_known_links():
    links = {"latte": None, "sole": "sole; luna", "miele": "luna di miele"}
    (ask,) = prompt.messages(PUZZLE, Evidence(PUZZLE.clues, (Candidate("luna", 1.0, links),)), SOLUZIONE)
    assert "\nluna (sole: sole, luna; miele: luna di miele)\n" in ask.content


def test_unknown_clues_leave_the_book_empty():
    (ask,) = prompt.messages(PUZZLE, Evidence(PUZZLE.clues, ()), SOLUZIONE)
    assert "possibili" not in ask.content


@pytest.mark.parametrize("grammar", GRAMMARS.values(), ids=GRAMMARS)
def test_shots_alternate_and_end_with_a_begun_answer(grammar):
    chat = prompt.messages(PUZZLE, EVIDENCE, grammar, shots=True)
    assert roles(chat) == ["user", "assistant"] * (len(prompt.EXAMPLES) + 1)
    assert prompt.begun(chat) == "<think>\n- latte:"
    assert prompt.begun(prompt.messages(PUZZLE, EVIDENCE, grammar)) == ""


@pytest.mark.parametrize("grammar", [SOLUZIONE, ANSWER], ids=lambda grammar: grammar.name)
def test_every_example_earns_full_marks_for_form_and_answer(grammar):
    chat = prompt.messages(PUZZLE, EVIDENCE, grammar, shots=True)[:-2]
    for question, answer in zip(chat[::2], chat[1::2], strict=True):
        clues = [line.removeprefix("- ") for line in question.content.splitlines()[2:7]]
        assert question.content.endswith("\nRisposta:")
        completion = Completion.parse(answer.content, grammar)
        values = RUBRIC.judge(completion, clues, completion.answer).values
        for name in ("exact_match", "strict_format", "soft_format", "strict_xml_count", "soft_xml_count"):
            assert values[name] == 1.0, (name, answer.content)
        assert values["reasoning_steps"] >= 0.8


def test_a_missing_link_is_said():
    candidate = Candidate("luna", 1.0, {"latte": None, "sole": "il sole e la luna"})
    assert prompt.argue(candidate, ANSWER) == (
        "<think>\n- latte: nessun legame trovato\n- sole: il sole e la luna\n</think>\n<answer>luna</answer>\n"
    )
