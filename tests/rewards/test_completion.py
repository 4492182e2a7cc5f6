import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rewards import ANSWER, GRAMMARS, SOLUZIONE, Completion

GOOD = SOLUZIONE.write("- violino: chiave di violino", "chiave")


def test_a_written_answer_is_read_back():
    for grammar in GRAMMARS.values():
        text = grammar.write("- violino: chiave di violino\n", "chiave")
        read = Completion.parse(text, grammar)
        assert (read.think, read.answer) == ("- violino: chiave di violino", "chiave")
        assert read.closed and read.finished and read.text == text and read.surplus == ""


@pytest.mark.parametrize(
    "text, think, answer, closed, finished",
    [
        pytest.param("", "", "", False, False, id="nothing"),
        pytest.param("forse chiave", "", "", False, False, id="no mark at all is no answer"),
        pytest.param("<think></think>", "", "", True, False, id="only tags"),
        pytest.param("<think>a", "a", "", False, False, id="still thinking"),
        pytest.param("<think>a</think>soluzione: chiave", "a", "chiave", True, False, id="no full stop"),
        pytest.param("<think>a</think>soluzione: chiave\n", "a", "chiave", True, True, id="a line's end will do"),
        pytest.param("<think>a</think>\nSoluzione : Chiave.", "a", "Chiave", True, True, id="case and spacing"),
        pytest.param("< THINK >a</ think\n>SOLUZIONE:chiave.", "a", "chiave", True, True, id="spaces in tags"),
        pytest.param("<think>a</think>\r\nsoluzione: chiave.\r\n", "a", "chiave", True, True, id="CRLF"),
        pytest.param("<think>a</think>soluzione:\n\nchiave\n", "a", "chiave", True, True, id="answer on the next line"),
        pytest.param("<think>a</think>**Soluzione:** chiave.", "a", "chiave", True, True, id="bold"),
        pytest.param("soluzione: chiave.", "", "chiave", False, True, id="no reasoning"),
        pytest.param("Ecco. La soluzione: chiave.", "", "chiave", False, True, id="in a sentence"),
        pytest.param("soluzione: Riccardo III.", "", "Riccardo III", False, True, id="two words"),
        pytest.param("soluzione: .", "", "", False, True, id="empty answer"),
        pytest.param("risoluzione: 4K.", "", "", False, False, id="the end of another word is no mark"),
        pytest.param("<think>soluzione: chiave.", "soluzione: chiave.", "", False, False, id="hidden, never closed"),
        pytest.param("<think>soluzione: a.</think>soluzione: b.", "soluzione: a.", "b", True, True, id="hidden"),
        pytest.param(
            "<think>a</think><think>soluzione: b.</think>", "a", "", True, False, id="hidden in a second block"
        ),
        pytest.param("<think><think>a</think>soluzione: b.", "<think>a", "b", True, True, id="opened twice"),
        pytest.param("soluzione: a.\nsoluzione: b.", "", "a", False, True, id="the first answer counts"),
        pytest.param("soluzione: a.<think>b</think>", "", "a", False, True, id="afterthought"),
        pytest.param("a < b </thi", "", "", False, False, id="half a mark outside"),
        pytest.param("<think>a < b </thi", "a < b", "", False, False, id="half a mark is held back"),
        pytest.param("<think>🔑</think>soluzione: 🔑.", "🔑", "🔑", True, True, id="emoji"),
        pytest.param("soluzione: <b>chiave</b>.", "", "<b>chiave</b>", False, True, id="markup stays"),
    ],
)
def test_any_text_is_read(text, think, answer, closed, finished):
    read = Completion.parse(text)
    assert (read.think, read.answer, read.closed, read.finished) == (think, answer, closed, finished)


@pytest.mark.parametrize(
    "text, answer, finished",
    [
        pytest.param("<answer>chiave</answer>", "chiave", True, id="plain"),
        pytest.param("<Answer>\n chiave \n</ANSWER>", "chiave", True, id="case and spacing"),
        pytest.param("<answer>chiave</ans", "chiave", False, id="half a mark is held back"),
        pytest.param("<answer>s.p.a.\n</answer>", "s.p.a.", True, id="only the tag ends it"),
        pytest.param("<think><answer>a</answer></think><answer>b</answer>", "b", True, id="hidden"),
        pytest.param("soluzione: chiave.", "", False, id="the other grammar"),
    ],
)
def test_the_second_grammar(text, answer, finished):
    read = Completion.parse(text, ANSWER)
    assert (read.answer, read.finished) == (answer, finished)


def test_what_the_prompt_had_written_is_put_back():
    read = Completion.parse("- a: b\n</think>\nsoluzione: chiave.", prefill="<think>\n")
    assert (read.think, read.answer) == ("- a: b", "chiave")
    assert read.text.startswith("<think>\n- a")


def test_what_follows_the_answer_is_surplus():
    assert Completion.parse(GOOD + "\nE poi?\n").surplus == "E poi?"
    assert Completion.parse(GOOD.rstrip(".\n") + "\nE poi?").surplus == "E poi?"


@pytest.mark.parametrize(
    "line, step",
    [
        ("- violino: chiave di violino", ("violino", "chiave di violino")),
        ("  * violino → chiave di violino", ("violino", "chiave di violino")),
        ("1. violino: chiave di violino", ("violino", "chiave di violino")),
        ("2) **violino**: chiave di violino  ", ("violino", "chiave di violino")),
        ("- **violino:** “chiave di violino”", ("violino", "chiave di violino")),
        ("- 77: le gambe delle donne", ("77", "le gambe delle donne")),
        ("- ore 7:30: la sveglia delle 7:30", ("ore 7:30", "la sveglia delle 7:30")),
        ("- ...---...: si chiama SOS", ("...---...", "si chiama SOS")),
        ("- la borsa -> la borsa o la vita", ("la borsa", "la borsa o la vita")),
        ("violino: chiave di violino", None),
        ("- violino", None),
        ("- violino:", None),
        ("- : chiave", None),
        ("1. 2. 3.", None),
        ("a:- b", None),
    ],
)
def test_a_step_is_a_line_with_a_clue_and_a_phrase(line, step):
    assert Completion.parse(f"<think>\r\n{line}\r\n</think>").lines == ((step,) if step else ())


PIECES = ["<think>", "</think>", "< / THINK >", "soluzione: ", "Soluzione :", "<answer>", "</answer>", ".", "\n", " "]
TEXTS = st.lists(st.sampled_from([*PIECES, "<", "</", "sol", "è", "- a: b", "**"]) | st.text(max_size=3)).map("".join)


@settings(max_examples=400, deadline=None)
@given(TEXTS, st.sampled_from(list(GRAMMARS.values())))
def test_a_growing_text_only_grows(text, grammar):
    before = Completion.parse("", grammar)
    for end in range(1, len(text) + 1):
        now = Completion.parse(text[:end], grammar)
        assert now.think.startswith(before.think) and now.answer.startswith(before.answer)
        assert now.closed >= before.closed and now.finished >= before.finished
        assert not before.finished or now.answer == before.answer
        before = now


@pytest.mark.parametrize(
    "unit",
    [
        *("<", "< ", "</", "</ think", "<think>", "</think>", "<think></think>", "<answer>", "<answer></answer>"),
        *("soluzione ", "soluzione: ", "s", " ", "\n", "\r", "- a: b\n", "-" * 9 + " ", "1.", "a:", "->", "**", "🔑"),
    ],
)
@pytest.mark.parametrize("start", ["", "<think>", "soluzione:", "<answer>"])
def test_time_is_linear_in_the_length(unit, start):
    """100 kB must not take minutes: a quadratic pattern would."""
    begin = time.process_time()
    for grammar in GRAMMARS.values():
        _ = Completion.parse(start + unit * (100_000 // len(unit)), grammar).lines
    assert time.process_time() - begin < 2
