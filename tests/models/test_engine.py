"""The seam itself, as ScriptedEngine keeps it."""

import threading

import pytest

from ghigliottina.models.engine import Message, Sampling, ScriptedEngine

QUESTION = (Message("user", "pane, luna?"),)


@pytest.mark.parametrize(
    ("script", "letters", "pieces"),
    [
        pytest.param("soluzione", 4, ["solu", "zion", "e"], id="pieces of four letters"),
        pytest.param("", 4, [], id="nothing to say"),
        pytest.param(lambda messages: messages[-1].content, 40, ["pane, luna?"], id="an answer to the messages"),
    ],
)
def test_recites(script, letters, pieces):
    engine = ScriptedEngine(script, letters_a_piece=letters)
    assert list(engine.stream(QUESTION, Sampling(), threading.Event())) == pieces


def test_ends_after_as_many_tokens_as_asked():
    engine = ScriptedEngine("abcdefgh", letters_a_piece=1)
    assert list(engine.stream(QUESTION, Sampling(max_new_tokens=3), threading.Event())) == ["a", "b", "c"]


def test_stops_within_one_piece():
    stop = threading.Event()
    stream = ScriptedEngine("abcdefgh", letters_a_piece=1).stream(QUESTION, Sampling(), stop)
    assert next(stream) == "a"
    stop.set()
    assert list(stream) == []
