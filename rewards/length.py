"""Neither silence nor waffle. Lengths are counted in tokens as any tokenizer would roughly cut them, without one."""

import re
from collections.abc import Sequence

from rewards.completion import Completion
from rewards.rubric import Verdict

THINK_TOKENS = (20, 100)
"""Five lines `- clue: phrase`, from one compound word each to fourteen words each."""
COMPLETION_TOKENS = (120, 240)
"""The longest such reasoning with its marks and its answer; and twice that."""
_TOKEN = re.compile(r"\w{1,12}|[^\w\s]|\s{12}")


def count_tokens(text: str) -> int:
    """Words, signs, and each further dozen letters of an endless word or of blanks: padding can't hide from it.

    >>> count_tokens("- pane: pan di Spagna")
    6
    """
    return len(_TOKEN.findall(text))


def think_length(completion: Completion, clues: Sequence[str], solution: str | None) -> Verdict:
    """The reasoning is as long as five steps are.

    Five lines `- clue: phrase` earn 1; a missing, empty or endless block earns 0, and in between it is linear.
    Gamed elsewhere by padding with blanks or one endless word, which count here; what the words are worth is the
    business of `reasoning_steps`.
    """
    if not (completion.think and completion.closed):
        return Verdict(0.0, "no_think")
    tokens, (least, most) = count_tokens(completion.think), THINK_TOKENS
    if tokens < least:
        return Verdict(tokens / least, "too_short", {"tokens": tokens, "least": least})
    return _not_too_long(tokens, most, 2 * most)


def completion_length(completion: Completion, clues: Sequence[str], solution: str | None) -> Verdict:
    """The whole text keeps to its budget.

    Five lines and an answer earn 1, twice the budget or no text at all 0; linear in between (the soft punishment of
    overlong answers of DAPO, shifted into [0, 1]). Gamed elsewhere by writing next to nothing, so it weighs little.
    """
    if not completion.text.strip():
        return Verdict(0.0, "no_text")
    return _not_too_long(count_tokens(completion.text), *COMPLETION_TOKENS)


def _not_too_long(tokens: int, soft: int, hard: int) -> Verdict:
    if tokens <= soft:
        return Verdict(1.0, "length_good", {"tokens": tokens})
    return Verdict(max(0.0, (hard - tokens) / (hard - soft)), "too_long", {"tokens": tokens, "most": soft})
