"""The local engine beside transformers' own `generate`, in float32 on the same cores in the same run."""

import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from ghigliottina import prompt
from ghigliottina.game.puzzle import Puzzle, read_puzzles
from ghigliottina.links.candidates import candidates
from ghigliottina.links.graph import Graph
from ghigliottina.models.engine import Message, Sampling
from ghigliottina.models.shelf import Shelf
from ghigliottina.settings import Settings
from rewards import SOLUZIONE, Completion

NAME = "gemma-3-270m"
DEV = Path(__file__).parents[3] / "shared" / "puzzles" / "dev.jsonl"
OWN = (("neve", "zucchero", "cotone", "Fiocco", "nastro"), ("penna", "cappello", "montagna", "lingua", "spillo"))
"""Puzzles to time with, and to compare with where there is no file of real ones."""
TOKENS = 48
FRESH = """
import sys
from ghigliottina.models import local
from ghigliottina.models.shelf import Shelf
from ghigliottina.settings import Settings
shelf = Shelf(Settings.from_environment())
engine = local.load(shelf.find(sys.argv[1]), shelf, lambda share, phase: None)
print(*(line.split()[1] for line in open("/proc/self/status") if line.startswith(("RssAnon", "RssFile"))))
"""


def figures() -> Iterator[tuple[str, str]]:
    """Start, first token, speed beside the stock way, and agreement with the whole head."""
    yield from fresh_process()
    shelf = Shelf(Settings.from_environment())
    checkpoint = shelf.fetch(NAME, lambda share, phase: None)
    from ghigliottina.models import local

    engine = local.load(checkpoint, shelf, lambda share, phase: None)
    graph = Graph.load()
    chats = [chat(graph, Puzzle.of(clues)) for clues in OWN]
    cold, warm = (first_token(engine, messages) for messages in chats)
    size = len(engine._chat.ids(chats[0]))
    yield f"first token, prompt of {size} tokens, cold", f"{cold:.2f} s"
    yield "first token, examples remembered", f"{warm:.2f} s"
    prompts = [engine._chat.ids(messages) for messages in chats]
    ours, texts = zip(*(timed(engine, ids) for ids in prompts), strict=True)
    stock, stock_texts = zip(*generate(checkpoint.path, prompts), strict=True)
    yield "tokens/s, stock generate, float32", f"{1 / statistics.mean(stock):.1f}"
    ratio = statistics.mean(stock) / statistics.mean(ours)
    yield "tokens/s, ours", f"{1 / statistics.mean(ours):.1f}, {ratio:.1f} times stock (bar: 2)"
    yield "same tokens as stock", f"{sum(a == b for a, b in zip(texts, stock_texts, strict=True))} of {len(prompts)}"
    puzzles = list(read_puzzles(DEV, lambda error: None)) if DEV.is_file() else [Puzzle.of(clues) for clues in OWN]
    some = puzzles[:: max(1, len(puzzles) // 50)][:50]
    agreed = sum(agrees(engine, chat(graph, puzzle)) for puzzle in some)
    yield "answers that the whole head would write too", f"{agreed} of {len(some)} (bar: 95 %)"


def chat(graph: Graph, puzzle: Puzzle) -> list[Message]:
    """As `model+links` asks a base model."""
    return prompt.messages(puzzle, candidates(graph, puzzle.clues), SOLUZIONE, shots=True)


def fresh_process() -> Iterator[tuple[str, str]]:
    """From the start of Python to an engine that is ready, and what it then holds."""
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", FRESH, NAME], check=True, capture_output=True, text=True)
    yield "a fresh process, until the model is ready", f"{time.perf_counter() - start:.1f} s (bar: 15 s)"
    own, mapped = (int(kilobytes) / 1e6 for kilobytes in done.stdout.split())
    yield "memory then", f"{own:.2f} GB, and {mapped:.2f} GB of files that the system may drop"


def first_token(engine, messages: Sequence[Message]) -> float:
    """Seconds until the first piece."""
    start = time.perf_counter()
    with closing(engine.stream(messages, Sampling(), threading.Event())) as pieces:
        next(pieces)
    return time.perf_counter() - start


def timed(engine, ids: list[int]) -> tuple[float, list[int]]:
    """Seconds a token after the first, and the tokens."""
    tokens, times = [], []
    for token in engine._write(ids, Sampling(max_new_tokens=TOKENS), threading.Event()):
        tokens.append(token)
        times.append(time.perf_counter())
    return (times[-1] - times[0]) / (len(times) - 1), tokens


def generate(folder: Path, prompts: list[list[int]]) -> Iterator[tuple[float, list[int]]]:
    """The same of transformers' generate, whose first token is timed apart and taken off."""
    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    for ids in prompts:
        seconds, tokens = [], []
        for most in (1, TOKENS):
            start = time.perf_counter()
            out = model.generate(input_ids=torch.tensor([ids]), max_new_tokens=most, do_sample=False)
            seconds.append(time.perf_counter() - start)
            tokens = out[0, len(ids) :].tolist()
        yield (seconds[1] - seconds[0]) / (len(tokens) - 1), tokens


def agrees(engine, messages: Sequence[Message]) -> bool:
    """Whether the whole head, reading the answer at once, would have chosen the same at each of its tokens."""
    ids, tokens = engine._chat.ids(messages), []
    begun = prompt.begun(messages)
    with closing(engine._write(ids, Sampling(max_new_tokens=120), threading.Event())) as written:
        for token in written:
            tokens.append(token)
            if Completion.parse(engine._chat.tokenizer.decode(tokens), SOLUZIONE, begun).finished:
                break
    memory = engine._take(ids)
    states = engine._gemma.read([*ids[len(memory.ids) :], *tokens], memory)[-len(tokens) - 1 : -1]
    return (states @ engine._embedding.T).argmax(-1).tolist() == tokens
