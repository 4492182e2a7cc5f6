"""The seam in front of every language model: messages in, text pieces out."""

import threading
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a chat. A last message of the assistant is a beginning that the model must carry on."""

    role: Literal["user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Sampling:
    """How to pick tokens. The default is greedy: the same messages give the same text."""

    max_new_tokens: int = 200
    temperature: float = 0.0
    seed: int = 0


GREEDY = Sampling()


class Engine(Protocol):
    """A model that can write. One method; everything above runs unchanged on `ScriptedEngine`."""

    def stream(
        self, messages: Sequence[Message], sampling: Sampling, stop: threading.Event
    ) -> Generator[str, None, None]:
        """Yield what the model writes, piece by piece (a piece is one token's text, at times empty).

        Ends at the model's end of turn, after `sampling.max_new_tokens` tokens, or within one token of `stop` being
        set. Closing the iterator stops the model too. Raises GhigliottinaError if the model can't be used.
        """
        ...


@runtime_checkable
class Batch(Protocol):
    """An engine that can also write many answers at once."""

    def complete(self, chats: Sequence[Sequence[Message]], sampling: Sampling) -> list[str]:
        """One whole answer for each chat, in order. Raises GhigliottinaError if the model can't be used."""
        ...


@dataclass(frozen=True, slots=True)
class ScriptedEngine:
    """An engine without a model: it recites. For tests, demonstrations and work on the page."""

    script: str | Callable[[Sequence[Message]], str]
    """What to say, or how to find it from the messages."""
    seconds_a_piece: float = 0.0
    letters_a_piece: int = 4

    def stream(
        self, messages: Sequence[Message], sampling: Sampling, stop: threading.Event
    ) -> Generator[str, None, None]:
        """Recite the script in pieces of `letters_a_piece`, pausing before each."""
        text = self.script if isinstance(self.script, str) else self.script(messages)
        pieces = [text[i : i + self.letters_a_piece] for i in range(0, len(text), self.letters_a_piece)]
        for piece in pieces[: sampling.max_new_tokens]:
            if self.seconds_a_piece:
                time.sleep(self.seconds_a_piece)
            if stop.is_set():
                return
            yield piece
