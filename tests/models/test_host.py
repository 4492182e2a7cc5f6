"""The host with scripted engines: one writer, many visitors, engines that come and go."""

import threading
import time
from contextlib import closing
from dataclasses import dataclass, field
from itertools import count

import pytest

from ghigliottina.errors import BusyError, CheckpointError
from ghigliottina.models.engine import Message, Sampling, ScriptedEngine
from ghigliottina.models.host import Host, State

GREEDY = Sampling()
SOON = 10.0
"""Seconds within which what must happen has happened, on the slowest machine."""


def ask(text):
    return (Message("user", text),)


def echo(messages):
    return messages[-1].content


def until(condition):
    end = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < end, "it didn't happen"
        time.sleep(0.005)


@dataclass
class Shelf:
    """Hands out names as checkpoints, when it is let."""

    broken: set = field(default_factory=set)
    fetched: list = field(default_factory=list)
    open: threading.Event = field(default_factory=threading.Event)

    def fetch(self, name, progress):
        progress(0.25, "weights")
        self.open.wait(SOON)
        self.fetched.append(name)
        if name in self.broken:
            raise CheckpointError(f"“{name}” can't be downloaded.", "hub_unreachable", name=name)
        return name


@dataclass
class Endless:
    """Writes numbers until it is stopped, and counts what it wrote."""

    written: int = 0
    seconds: float = 0.001

    def stream(self, messages, sampling, stop):
        for number in count():
            if stop.is_set():
                return
            time.sleep(self.seconds)
            self.written += 1
            yield f"{number} "


@pytest.fixture
def shelf():
    shelf = Shelf()
    shelf.open.set()
    return shelf


@pytest.fixture
def host_of(shelf):
    """A host whose engines are those given by name; an engine without a name is all of them."""
    hosts = []

    def build(engine=None, keep=2, **named):
        hosts.append(Host(shelf, lambda checkpoint, shelf, progress: named.get(checkpoint, engine), keep))
        return hosts[-1]

    yield build
    for host in hosts:
        host.close()


def read(host, name, text="ciao", stop=None):
    return "".join(host.engine(name).stream(ask(text), GREEDY, stop or threading.Event()))


def test_writes_what_the_engine_writes(host_of):
    assert read(host_of(ScriptedEngine(echo)), "tiny", "pane e luna") == "pane e luna"


def test_the_state_tells_the_way_to_ready_without_waiting(host_of, shelf):
    shelf.open.clear()
    host = host_of(ScriptedEngine("x"))
    assert host.state("tiny") == State("waiting")
    host.prepare("tiny")
    until(lambda: host.state("tiny") == State("preparing", 0.25, "weights"))
    shelf.open.set()
    until(lambda: host.state("tiny").phase == "ready")


def test_asking_twice_loads_once(host_of, shelf):
    host = host_of(ScriptedEngine("x"))
    for _ in range(3):
        host.prepare("tiny")
    read(host, "tiny")
    assert shelf.fetched == ["tiny"]


def test_two_visitors_at_once_read_their_own_answers(host_of):
    host = host_of(ScriptedEngine(echo, letters_a_piece=1, seconds_a_piece=0.001))
    texts = [f"{letter}" * 40 for letter in "abcdef"]
    answers = {}
    threads = [
        threading.Thread(target=lambda text=text: answers.update({text: read(host, "tiny", text)})) for text in texts
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SOON)
    assert answers == {text: text for text in texts}


def test_visitors_are_served_in_turn(host_of):
    begun = []
    host = host_of(endless=Endless(), tiny=ScriptedEngine(lambda messages: begun.append(echo(messages)) or "x"))
    with closing(host.engine("endless").stream(ask("x"), GREEDY, threading.Event())) as busy:
        next(busy)
        threads = [threading.Thread(target=read, args=(host, "tiny", text)) for text in "abcd"]
        for waiting, thread in enumerate(threads, start=1):
            thread.start()
            until(lambda waiting=waiting: host._jobs.qsize() == waiting)
    for thread in threads:
        thread.join(SOON)
    assert begun == ["a", "b", "c", "d"]


@pytest.mark.parametrize("end", ["stop", "close"])
def test_leaving_frees_the_writer_within_a_token(host_of, end):
    engine = Endless(seconds=0.02)
    host = host_of(engine)
    stop = threading.Event()
    stream = host.engine("tiny").stream(ask("x"), GREEDY, stop)
    assert next(stream) == "0 "
    written = engine.written
    begun = time.monotonic()
    if end == "stop":
        stop.set()
        assert list(stream) == []
    else:
        stream.close()
    assert time.monotonic() - begun < SOON / 10, "leaving waits for nobody"
    time.sleep(0.1)
    assert engine.written <= written + 2


def test_a_visitor_who_reads_nothing_more_holds_up_nobody(host_of):
    """Somebody who is neither reading nor closing: the answer is written to its end, then the next one's."""
    host = host_of(ScriptedEngine(echo, letters_a_piece=1))
    forgotten = host.engine("tiny").stream(ask("a" * 150), GREEDY, threading.Event())
    next(forgotten)
    assert read(host, "tiny", "ciao") == "ciao"


def test_stopping_while_waiting_for_the_engine(host_of, shelf):
    shelf.open.clear()
    stop = threading.Event()
    host = host_of(ScriptedEngine("x"))
    answers = []
    thread = threading.Thread(target=lambda: answers.append(read(host, "tiny", stop=stop)))
    thread.start()
    stop.set()
    thread.join(SOON)
    assert answers == [""]


def test_stopping_while_waiting_for_ones_turn(host_of):
    host = host_of(Endless())
    with closing(host.engine("tiny").stream(ask("x"), GREEDY, threading.Event())) as first:
        next(first)
        stop = threading.Event()
        threading.Timer(0.05, stop.set).start()
        assert read(host, "tiny", stop=stop) == ""


def test_a_failure_to_load_shows_and_is_raised_and_can_be_mended(host_of, shelf):
    shelf.broken.add("tiny")
    host = host_of(ScriptedEngine("bene"))
    with pytest.raises(CheckpointError, match="downloaded") as raised:
        read(host, "tiny")
    assert host.state("tiny") == State("failed", error=raised.value)
    shelf.broken.clear()
    assert read(host, "tiny") == "bene"
    assert host.state("tiny").phase == "ready"


def test_a_failure_to_write_is_raised_as_itself_and_the_writer_goes_on(host_of):
    def stumble(messages):
        return {"go on": "bene"}[echo(messages)]

    host = host_of(ScriptedEngine(stumble))
    with pytest.raises(KeyError, match="stumble"):
        read(host, "tiny", "stumble")
    assert read(host, "tiny", "go on") == "bene"


def test_the_engine_used_longest_ago_makes_room(host_of, shelf):
    host = host_of(ScriptedEngine("x"), keep=2)
    for name in ("a", "b", "a", "c"):
        read(host, name)
    assert [name for name in "abc" if host.state(name).phase == "ready"] == ["a", "c"]
    read(host, "b")
    assert shelf.fetched == ["a", "b", "c", "b"]


def test_an_engine_that_is_writing_may_be_dropped_and_still_ends_its_answer(host_of):
    host = host_of(ScriptedEngine(echo, letters_a_piece=1), keep=1)
    stream = host.engine("a").stream(ask("luna"), GREEDY, threading.Event())
    first = next(stream)
    assert read(host, "b") == "ciao"
    assert host.state("a").phase == "waiting"
    assert first + "".join(stream) == "luna"


def test_closing_turns_away_all_who_wait(host_of):
    host = host_of(Endless())
    first = host.engine("tiny").stream(ask("x"), GREEDY, threading.Event())
    next(first)
    errors = []

    def second():
        with pytest.raises(BusyError):
            read(host, "tiny")
        errors.append("busy")

    thread = threading.Thread(target=second)
    thread.start()
    until(lambda: host._jobs.qsize() == 1)
    host.close()
    with pytest.raises(BusyError):
        list(first)
    thread.join(SOON)
    assert errors == ["busy"]
    with pytest.raises(BusyError):
        read(host, "tiny")
