"""Messages become the token ids that a checkpoint was trained to read, and ids become text again."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer
from transformers.utils.chat_template_utils import render_jinja_template

from ghigliottina.models.checkpoint import Checkpoint, has_template
from ghigliottina.models.embedded import TEMPLATE
from ghigliottina.models.engine import Message


class Chat:
    """A checkpoint's tokenizer with its chat template and the tokens that end an answer."""

    def __init__(self, tokenizer: Tokenizer, template: str, marks: dict[str, str], ends: frozenset[int]) -> None:
        self.tokenizer = tokenizer
        self.ends = ends
        """The tokens that end what a model writes."""
        self.template = template
        """The Jinja template that makes messages text."""
        self._marks = marks
        self._special = {str(token) for token in tokenizer.get_added_tokens_decoder().values() if token.special}

    @classmethod
    def load(cls, checkpoint: Checkpoint, base: Checkpoint | None = None) -> "Chat":
        """From the checkpoint's folder; an adapter without a tokenizer of its own speaks through its base's."""
        folder = checkpoint.path if base is None or (checkpoint.path / "tokenizer.json").is_file() else base.path
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        config = _read(folder / "tokenizer_config.json")
        marks = {name: _mark(config.get(name)) for name in ("bos_token", "eos_token", "pad_token", "unk_token")}
        model = (base or checkpoint).path
        ends = {*_ids(_read(model / "config.json")), *_ids(_read(model / "generation_config.json"))}
        named = (tokenizer.token_to_id(mark) for mark in (marks["eos_token"], "<end_of_turn>"))
        ends.update(end for end in named if end is not None)
        # What a tuned adapter reads is in its own template, even where it speaks through its base's tokenizer.
        own = checkpoint.path if has_template(checkpoint.path) else folder
        return cls(tokenizer, _template(own), marks, frozenset(ends))

    def ids(self, messages: Sequence[Message]) -> list[int]:
        """The prompt. If the last message is the assistant's, it ends where the model must carry on."""
        turns = [{"role": message.role, "content": self._plain(message.content)} for message in messages]
        unfinished = messages[-1].role == "assistant"
        (text,), _ = render_jinja_template(
            conversations=[turns],
            chat_template=self.template,
            continue_final_message=unfinished,
            add_generation_prompt=not unfinished,
            **self._marks,
        )
        # The template has written <bos> itself.
        ids: list[int] = self.tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    def _plain(self, text: str) -> str:
        """What was typed is text: a mark such as <end_of_turn> in it must not become the token of that name."""
        return _MARK.sub(lambda mark: f"< {mark[1]}>" if mark[0] in self._special else mark[0], text)

    def pieces(self, tokens: Iterable[int]) -> Iterator[str]:
        """The text of each token: empty while a letter's bytes are incomplete, and for special tokens."""
        # tokenizers' own DecodeStream raises on bytes that make no letter, which a model may well write.
        held: list[int] = []
        for token in tokens:
            held.append(token)
            text: str = self.tokenizer.decode(held)
            if text.endswith("\ufffd"):
                yield ""
            else:
                yield text
                held.clear()


_MARK = re.compile(r"<(\w+)>")


def _template(folder: Path) -> str:
    file = folder / "chat_template.jinja"
    if file.is_file():
        return file.read_text(encoding="utf-8")
    # A model without a template was only pretrained: it reads plain text, as the embedded one does.
    template = _read(folder / "tokenizer_config.json").get("chat_template")
    return template if isinstance(template, str) else TEMPLATE


def _mark(value: object) -> str:
    """A special token, which older tokenizers describe as an object."""
    return str(value.get("content", "")) if isinstance(value, dict) else str(value or "")


def _ids(config: dict[str, Any]) -> list[int]:
    value = config.get("eos_token_id")
    return value if isinstance(value, list) else [] if value is None else [value]


def _read(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_bytes())) if path.is_file() else {}
