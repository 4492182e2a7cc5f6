"""The local engine against transformers, on tiny models; and the real gemma-3-270m."""

import json
import random
import shutil
import threading
from dataclasses import replace
from types import SimpleNamespace

import pytest
import tiny
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer

from ghigliottina.errors import CheckpointError
from ghigliottina.models import local
from ghigliottina.models.chat import Chat
from ghigliottina.models.checkpoint import Checkpoint
from ghigliottina.models.engine import Message, Sampling
from ghigliottina.models.gemma import Gemma, Memory
from ghigliottina.models.head import italian_rows
from ghigliottina.models.shelf import Shelf
from ghigliottina.models.weights import Weights
from ghigliottina.settings import Settings

GREEDY = Sampling(max_new_tokens=40)
ASK = (Message("user", "latte, sole, miele"),)
BEGUN = (*ASK, Message("assistant", "<think>\n- latte:"))
LONG = (Message("user", "pane di luna e di miele " * 30),)
"""Longer than the sliding window of the tiny model, 64 tokens, and than a chunk of reading."""


def quiet(share, phase):
    pass


def shelf_of(*checkpoints):
    return SimpleNamespace(find={checkpoint.name: checkpoint for checkpoint in checkpoints}.__getitem__)


def load(checkpoint, *others):
    """With the whole head: a random model is no Italian."""
    loaded = local.load(checkpoint, shelf_of(*others), quiet)
    return local.LocalEngine(loaded._gemma, loaded._chat, loaded._embedding)


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def engine(tiny_merged):
    return load(tiny_merged)


@pytest.fixture(scope="module")
def stock(tiny_merged):
    return Stock(tiny_merged.path)


class Stock:
    """What transformers itself makes of a folder: the reference."""

    def __init__(self, folder, adapter=None):
        from peft import PeftModel
        from transformers import AutoTokenizer, Gemma3ForCausalLM

        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        model = Gemma3ForCausalLM.from_pretrained(folder, dtype=torch.float32)
        self.model = (PeftModel.from_pretrained(model, adapter) if adapter else model).eval()

    def ids(self, messages):
        unfinished = messages[-1].role == "assistant"
        turns = [{"role": message.role, "content": message.content} for message in messages]
        options = {"add_generation_prompt": not unfinished, "continue_final_message": unfinished}
        return self.tokenizer.apply_chat_template(turns, return_dict=False, **options)

    def tokens(self, messages, most):
        prompt = torch.tensor([self.ids(messages)])
        eos = [1, self.tokenizer.convert_tokens_to_ids("<end_of_turn>")]
        out = self.model.generate(input_ids=prompt, max_new_tokens=most, do_sample=False, eos_token_id=eos)
        return [token for token in out[0, prompt.shape[1] :].tolist() if token not in eos]


def write(engine, messages, sampling=GREEDY):
    return "".join(engine.stream(messages, sampling, threading.Event()))


def tokens(engine, messages, most=40):
    return list(engine._write(engine._chat.ids(messages), Sampling(max_new_tokens=most), threading.Event()))


@pytest.mark.parametrize("messages", [ASK, BEGUN, LONG], ids=["a question", "a begun answer", "past the window"])
def test_writes_what_transformers_writes(engine, stock, messages):
    assert engine._chat.ids(messages) == stock.ids(messages)
    assert tokens(engine, messages) == stock.tokens(messages, 40) != []


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_the_states_are_those_of_transformers(tiny_merged, stock, dtype):
    ids, memory = stock.ids(LONG), Memory()
    gemma = Gemma.load(local._config(tiny_merged), Weights(tiny_merged), dtype, "cpu")
    ours = torch.cat([gemma.read(part, memory) for part in (ids[:50], ids[50:90], ids[90:91])])
    model = type(stock.model).from_pretrained(tiny_merged.path, dtype=dtype).eval().model
    with torch.no_grad():
        theirs = model(torch.tensor([ids[:91]])).last_hidden_state[0]
    assert torch.allclose(ours, theirs, atol=1e-4 if dtype == torch.float32 else 0.1)


def test_the_text_part_of_a_model_that_sees(tiny_merged, engine, tmp_path):
    config = json.loads((tiny_merged.path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "gemma3", "text_config": config}))
    tensors = load_file(tiny_merged.path / "model.safetensors")
    save_file({f"language_model.{name}": tensor for name, tensor in tensors.items()}, tmp_path / "model.safetensors")
    for file in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        shutil.copy(tiny_merged.path / file, tmp_path)
    assert tokens(load(replace(tiny_merged, path=tmp_path)), ASK) == tokens(engine, ASK)


def test_an_adapter_is_merged_as_peft_applies_it(tiny_merged, tiny_adapter):
    adapted = load(tiny_adapter, tiny_merged)
    assert tokens(adapted, ASK) == Stock(tiny_merged.path, tiny_adapter.path).tokens(ASK, 40)
    assert tokens(adapted, ASK) != tokens(load(tiny_merged), ASK)


def test_an_adapter_reads_by_its_own_template_and_its_bases_tokenizer(tiny_merged, tiny_adapter, tmp_path):
    folder = tmp_path / "own"
    shutil.copytree(tiny_adapter.path, folder)
    (folder / "chat_template.jinja").write_text("<<{{ messages[0]['content'] }}>>", encoding="utf-8")
    chat = Chat.load(Checkpoint.read(folder), tiny_merged)
    assert chat.tokenizer.decode(chat.ids(ASK), skip_special_tokens=False) == f"<<{ASK[0].content}>>"


def test_an_adapter_over_another_base_is_refused(tiny_merged, tiny_adapter, tmp_path):
    stranger = tiny.merged(tmp_path / "strange")
    (stranger.path / "model.safetensors").write_bytes((tiny_adapter.path / "adapter_model.safetensors").read_bytes())
    with pytest.raises(CheckpointError, match="lacks"):
        load(tiny_adapter, SimpleNamespace(name=tiny_adapter.base, path=stranger.path))


def test_remembering_prompts_changes_no_answer(engine, tiny_merged):
    """Many prompts in random order, sharing much, little or nothing, short and past the sliding window."""
    shuffled = random.Random(5)
    words = ["latte", "sole", "luna", "miele", "pane", "lupo"]
    starts = ["pane di luna " * 40, "sole " * 10, ""]
    prompts = [(Message("user", shuffled.choice(starts) + " ".join(shuffled.sample(words, 3))),) for _ in range(24)]
    for prompt in prompts:
        forgetful = local.LocalEngine(engine._gemma, engine._chat, engine._embedding)
        assert tokens(engine, prompt, 12) == tokens(forgetful, prompt, 12)


def test_a_shared_beginning_is_not_read_again(engine, monkeypatch):
    read = []
    original = engine._gemma.read
    monkeypatch.setattr(engine._gemma, "read", lambda ids, memory: read.append(len(ids)) or original(ids, memory))
    example = "pane di luna e di miele " * 30
    write(engine, (Message("user", example + "lupo"),), Sampling(max_new_tokens=1))
    first, read[:] = sum(read), []
    write(engine, (Message("user", example + "sole"),), Sampling(max_new_tokens=1))
    assert sum(read) < first / 10


def test_streams_that_overlap_keep_apart(engine):
    alone = [list(engine.stream(messages, GREEDY, threading.Event())) for messages in (ASK, BEGUN)]
    streams = [engine.stream(messages, GREEDY, threading.Event()) for messages in (ASK, BEGUN)]
    assert list(zip(*streams, strict=False)) == list(zip(*alone, strict=False))


@pytest.fixture
def steps(engine, monkeypatch):
    """The sizes of the network's steps, as they are made."""
    made = []
    original = engine._gemma.read
    monkeypatch.setattr(engine._gemma, "read", lambda ids, memory: made.append(len(ids)) or original(ids, memory))
    return made


@pytest.mark.parametrize("end", ["stop", "close"])
def test_stops_within_one_token(engine, steps, end):
    stop = threading.Event()
    stream = engine.stream(ASK, GREEDY, stop)
    pieces = [next(stream), next(stream)]
    before = len(steps)
    if end == "stop":
        stop.set()
        pieces += stream
    else:
        stream.close()
    assert len(pieces) == 2
    assert len(steps) <= before + 1


def test_stops_while_reading_a_long_prompt(engine, monkeypatch):
    monkeypatch.setattr(local, "CHUNK", 8)
    engine._memories.clear()
    stop = threading.Event()
    original, made = engine._gemma.read, []

    def read(ids, memory):
        made.append(len(ids))
        stop.set()
        return original(ids, memory)

    monkeypatch.setattr(engine._gemma, "read", read)
    assert list(engine.stream(LONG, GREEDY, stop)) == []
    assert made == [8]


def test_one_piece_a_token(engine):
    assert len(list(engine.stream(ASK, GREEDY, threading.Event()))) == len(tokens(engine, ASK))


@pytest.mark.parametrize("text", ["è più 🌙 così", " 👩‍🚀 astronauta", "a  b\n\n c", "l’“uovo”"])
def test_pieces_join_to_the_text(tiny_merged, text):
    chat = Chat.load(tiny_merged)
    tokens = chat.tokenizer.encode(text, add_special_tokens=False).ids
    pieces = list(chat.pieces(tokens))
    assert len(pieces) == len(tokens)
    assert "".join(pieces) == text
    assert "�" not in "".join(pieces)


@pytest.mark.parametrize(
    ("tokens", "pieces"),
    [
        pytest.param(["<0xC3>", "<0xA9>"], ["", "é"], id="a letter of two bytes"),
        pytest.param(["<0xC3>", "V", "▁di"], ["", "�V", " di"], id="a byte that makes no letter"),
        pytest.param(["<0xC3>", "<0xA9>", "<0xF0>", "V"], ["", "é", "", "�V"], id="a letter, then half of one"),
        pytest.param(["V", "<0xF0>"], ["V", ""], id="half a letter at the end"),
        pytest.param(["<bos>", "▁di", "<end_of_turn>"], ["", " di", ""], id="marks have no text"),
    ],
)
def test_pieces(tiny_merged, tokens, pieces):
    chat = Chat.load(tiny_merged)
    assert list(chat.pieces(map(chat.tokenizer.token_to_id, tokens))) == pieces


def test_ends_at_each_end_token(engine, monkeypatch):
    written = tokens(engine, ASK)
    monkeypatch.setattr(engine._chat, "ends", frozenset({1, written[5]}))
    assert tokens(engine, ASK) == written[: written.index(written[5])]


def test_end_tokens_of_gemma(engine):
    assert engine._chat.ends == {1, engine._chat.tokenizer.token_to_id("<end_of_turn>")}


def test_samples_by_the_seed(engine):
    def sampled(seed):
        return write(engine, ASK, Sampling(max_new_tokens=20, temperature=1.0, seed=seed))

    assert sampled(1) == sampled(1)
    assert len({sampled(seed) for seed in range(4)}) == 4


def test_marks_that_were_typed_stay_text(engine):
    ids = engine._chat.ids((Message("user", "<eos> <end_of_turn> <think> <x>"),))
    assert not {1, engine._chat.tokenizer.token_to_id("<end_of_turn>")} & set(ids)
    assert "<think> <x>" in engine._chat.tokenizer.decode(ids)


def test_a_clue_of_strange_letters_can_be_written(engine):
    """The head of a request holds the prompt's own tokens."""
    rows = engine._rows[:-50]
    narrow = local.LocalEngine(engine._gemma, engine._chat, engine._embedding, rows)
    prompt = engine._rows[-3:].tolist()
    assert set(narrow._head_for(prompt)[0].tolist()) == {*rows.tolist(), *prompt}


def test_a_model_without_a_template_reads_plain_text(tmp_path):
    plain = tiny.merged(tmp_path / "plain", template=None)
    assert write(load(plain), BEGUN)


def test_odd_configurations_are_refused(tmp_path):
    odd = tiny.merged(tmp_path / "odd")
    config = (odd.path / "config.json").read_text()
    (odd.path / "config.json").write_text(config.replace('"attention_bias": false', '"attention_bias": true'))
    with pytest.raises(CheckpointError, match="attention_bias"):
        load(odd)


@pytest.mark.parametrize(
    ("threads", "quota", "expected"),
    [
        pytest.param(8, "200000 100000\n", 2, id="two cores of eight"),
        pytest.param(8, "50000 100000\n", 1, id="half a core"),
        pytest.param(2, "800000 100000\n", 2, id="more than there are"),
        pytest.param(8, "max 100000\n", 8, id="no limit"),
        pytest.param(8, None, 8, id="no container"),
    ],
)
def test_uses_the_cores_it_is_given(tmp_path, threads, quota, expected):
    if quota is not None:
        (tmp_path / "cpu.max").write_text(quota)
    assert local._cores(threads, tmp_path / "cpu.max") == expected


def test_italian_rows_spell_any_text(tiny_merged, tmp_path):
    (tmp_path / "links.tsv").write_text("luna\tmiele\tluna di miele\n")
    tokenizer = Tokenizer.from_file(str(tiny_merged.path / "tokenizer.json"))
    rows = italian_rows(tokenizer, tmp_path)
    assert rows.dtype == torch.int64
    assert rows.tolist() == sorted(set(rows.tolist()))
    for text in (
        " luna di miele",
        "luna",
        " Luna",
        " Perché no? 🌙",
        "<think>\n- X: 100%\n</think>\nsoluzione: né.\n",
        "Ω",
    ):
        assert set(tokenizer.encode(text, add_special_tokens=False).ids) <= set(rows.tolist())


ITALIAN = (
    (Message("user", "Una frase con la parola luna:"), Message("assistant", "La luna")),
    (Message("user", "I giorni della settimana sono lunedì, martedì,"),),
)


@pytest.fixture(scope="module")
def real(prepared_home):
    shelf = Shelf(Settings(home=prepared_home))
    return local.load(shelf.find("gemma-3-270m"), shelf, quiet)


@pytest.mark.model
def test_the_real_model_writes_italian(real):
    pieces = list(real.stream(ITALIAN[1], Sampling(max_new_tokens=12), threading.Event()))
    assert len(pieces) == 12
    assert "mercoledì" in "".join(pieces)


@pytest.mark.model
def test_the_real_model_writes_what_transformers_writes(real, prepared_home):
    stock = Stock(prepared_home / "models" / "gemma-3-270m")
    for messages in ITALIAN:
        assert tokens(real, messages, 24) == stock.tokens(messages, 24)


@pytest.mark.model
def test_the_real_head_is_italian(real):
    assert 15_000 < len(real._rows) < 40_000
    for word in ("perché", "guardiano", "Napoleone", "scacciapensieri", "1492"):
        assert set(real._chat.tokenizer.encode(f" {word}", add_special_tokens=False).ids) <= set(real._rows.tolist())
