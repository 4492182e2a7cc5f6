"""Many texts side by side, against the same texts one by one, on tiny models."""

import threading

import pytest
import tiny
import torch

from ghigliottina.models import crowd, local
from ghigliottina.models.engine import Batch, Message, Sampling
from ghigliottina.models.gemma import Gemma, Memory, matrix
from ghigliottina.models.weights import Weights

PROMPTS = ([5, 9, 300], list(range(40, 140)), [7] * 20)
"""The second one is longer than the sliding window, 64 tokens."""


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module", params=[False, True], ids=["as played", "packed"])
def gemma(request, tiny_merged):
    config = local._config(tiny_merged)
    weights = Weights(tiny_merged)
    model = Gemma.load(config, weights, torch.float32, "cpu", side_by_side=request.param)
    return model, matrix(weights.head.float(), request.param), torch.arange(len(weights.head))


def alone(gemma, head, rows, prompt, count):
    memory, unread, written = Memory(), list(prompt), []
    for _ in range(count):
        written.append(int(rows[head(gemma.read(unread, memory)[-1:])[0].argmax()]))
        unread = written[-1:]
    return written


def test_each_text_is_what_it_would_be_alone(gemma):
    written = crowd.write(*gemma, PROMPTS, Sampling(max_new_tokens=80), set(), copies=2)
    assert len(written) == 6 and written[0] == written[1]
    for prompt, text in zip(PROMPTS, written[::2], strict=True):
        assert text == alone(*gemma, prompt, 80)


def test_a_text_ends_with_its_end_and_the_others_go_on(gemma):
    free = crowd.write(*gemma, PROMPTS, Sampling(max_new_tokens=40), set())
    end = free[0][5]
    written = crowd.write(*gemma, PROMPTS, Sampling(max_new_tokens=40), {end})
    for text, whole in zip(written, free, strict=True):
        cut = whole.index(end) + 1 if end in whole else 40
        assert text == whole[:cut]
    assert len(written[0]) <= 6


def test_the_dice_are_the_seeds(gemma):
    hot = Sampling(max_new_tokens=20, temperature=1.0, seed=3)
    once, again = (crowd.write(*gemma, PROMPTS, hot, set(), copies=4) for _ in range(2))
    assert once == again and len({tuple(text) for text in once[:4]}) > 1
    assert once != crowd.write(*gemma, PROMPTS, Sampling(20, 1.0, seed=4), set(), copies=4)


def test_told_to_stop_all_end_within_a_token(gemma):
    stop = threading.Event()
    stop.set()
    assert [len(text) for text in crowd.write(*gemma, PROMPTS, Sampling(40), set(), stop=stop)] == [1, 1, 1]


@pytest.mark.parametrize("side_by_side", [False, True])
def test_the_engine_answers_many_as_it_answers_one(tiny_merged, tiny_adapter, side_by_side):
    shelf = type("Shelf", (), {"find": staticmethod({tiny.BASE: tiny_merged}.__getitem__)})
    loaded = local.load(tiny_adapter, shelf, lambda share, phase: None, side_by_side=side_by_side)
    engine = local.LocalEngine(loaded._gemma, loaded._chat, loaded._embedding)  # a random model is no Italian
    assert isinstance(engine, Batch)
    chats = [(Message("user", text),) for text in ("latte, sole", "pane", "la luna di miele e il pane")]
    greedy = Sampling(max_new_tokens=30)
    alone = ["".join(engine.stream(chat, greedy, threading.Event())) for chat in chats]
    assert engine.complete(chats, greedy) == alone
