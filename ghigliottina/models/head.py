"""The Italian head: the rows of the output matrix that Italian text uses.

Of gemma-3-270m's 268 million parameters 168 million are its vocabulary, and every token written multiplies all of
them. Text in Italian uses an eighth of its rows; the others are not multiplied. Input embedding and tokenizer stay
whole, and the logits that remain are the same numbers, so an adapter trained on these rows is valid for the full model.
"""

import re
from pathlib import Path

import torch
from tokenizers import Tokenizer

from ghigliottina.settings import ASSETS
from rewards import GRAMMARS

_ALWAYS = re.compile(
    r"[▁ -~«»“”‘’–—…°€àèéìòùÀÈÉÌÒÙ]{1,2}|\n+|<0x[0-9A-F]{2}>|<(bos|eos|start_of_turn|end_of_turn)>|</?(think|answer)>"
)
"""Tokens that any Italian text may need: letters, digits and punctuation, alone and in pairs; single bytes; marks."""
_REASONING = (
    "abbastanza addirittura alcuna alcune alcuni anzi appunto assai attualmente certamente chiaramente chiunque "
    "coloro comunque così davvero decisamente dunque ebbene ecc eppure facilmente finalmente forse generalmente già "
    "immediatamente infatti infine innanzitutto inoltre insomma intanto invece laddove magari mediante nemmeno neanche "
    "nonché nonostante oltre oppure ormai ossia ovunque ovvero ovviamente particolarmente perciò perché perfino però "
    "persino pertanto piuttosto poiché potrà potrebbe principalmente probabilmente purtroppo può qualcosa qualsiasi "
    "qualunque quindi risulta saranno sarebbe sebbene seguente seguenti semplicemente significa soltanto solamente "
    "soprattutto specialmente successivamente talmente tranne tuttavia utilizzare utilizzato veramente viceversa cioè"
)
"""Words of argument, which no phrase holds."""


def places(rows: torch.Tensor, tokens: int) -> torch.Tensor:
    """Where each of so many tokens stands among the rows, int64 [tokens]; one that doesn't is past the last of all, so
    that whoever looks it up there fails."""
    found = torch.full((tokens,), tokens, device=rows.device)
    found[rows] = torch.arange(len(rows), device=rows.device)
    return found


def italian_rows(tokenizer: Tokenizer, folder: Path = ASSETS) -> torch.Tensor:
    """The token ids that writing Italian takes, sorted, int64 [rows]: 34,000 of Gemma's 262,144, in a second.

    They are the tokens of every word in the `*.tsv` files of `folder` and below, also capitalised and at the start of
    a line; of the grammars' marks; and short tokens, down to single bytes, so that any text whatsoever can be spelt.
    `tokenizer` is a `tokenizers.Tokenizer`: of a transformers tokenizer pass its `backend_tokenizer`. Training on
    these rows must add the tokens of its own texts, as the engine adds those of its prompt.
    """
    words = {word for path in sorted(folder.rglob("*.tsv")) for word in path.read_text(encoding="utf-8").split()}
    text = " ".join(("", *sorted(words), _REASONING, *(grammar.write("", "") for grammar in GRAMMARS.values())))
    rows = set(tokenizer.encode(text, add_special_tokens=False).ids)
    vocabulary = tokenizer.get_vocab()
    # A word may also begin its line, or a sentence.
    for word in [token[1:] for token, row in vocabulary.items() if row in rows and token[0] == "▁"]:
        title = word[:1].upper() + word[1:]
        rows.update(vocabulary[token] for token in (word, title, f"▁{title}") if token in vocabulary)
    rows.update(row for token, row in vocabulary.items() if _ALWAYS.fullmatch(token))
    return torch.tensor(sorted(rows), dtype=torch.int64)
