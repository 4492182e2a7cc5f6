"""The Italian head: the rows of the output matrix that Italian text uses.

Of gemma-3-270m's 268 million parameters 168 million are its vocabulary, and every token written multiplies all of
them. Text in Italian uses a tenth of its rows; the others are not multiplied. Input embedding and tokenizer stay whole,
and the logits that remain are the same numbers, so an adapter trained on these rows is valid for the full model.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import torch
from tokenizers import Tokenizer

from ghigliottina.settings import ASSETS
from rewards import GRAMMARS

_ALWAYS = re.compile(
    r"[▁ -~«»“”‘’–—…°€àèéìòùÀÈÉÌÒÙ]{1,2}|\n+|<0x[0-9A-F]{2}>|<(bos|eos|start_of_turn|end_of_turn)>|</?(think|answer)>"
)
"""Tokens that any Italian text may need: letters, digits and punctuation, alone and in pairs; single bytes; marks."""


def italian_rows(tokenizer: Tokenizer, folder: Path = ASSETS) -> torch.Tensor:
    """The token ids that writing Italian takes, sorted, int64 [rows]: 28,000 of Gemma's 262,144, in two seconds.

    They are the tokens of every word in the `*.tsv` files of `folder` and below, as it is and capitalised, and of the
    grammars' marks; and short tokens, down to single bytes, so that any text whatsoever can be spelt. `tokenizer` is
    a `tokenizers.Tokenizer`: of a transformers tokenizer pass its `backend_tokenizer`.
    """
    vocabulary = tokenizer.get_vocab()
    rows = {place for token, place in vocabulary.items() if _ALWAYS.fullmatch(token)}
    for encoding in tokenizer.encode_batch_fast(list(_texts(folder)), add_special_tokens=False):
        rows.update(encoding.ids)
    return torch.tensor(sorted(rows), dtype=torch.int64)


def _texts(folder: Path) -> Iterator[str]:
    words = {word for path in sorted(folder.rglob("*.tsv")) for word in path.read_text(encoding="utf-8").split()}
    for word in sorted(words):
        yield f" {word}"
        yield f" {word.capitalize()}"
    yield from (grammar.write("", "") for grammar in GRAMMARS.values())
