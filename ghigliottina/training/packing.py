"""A puzzle's completions as one row of tokens that reads their prompt once.

Stock trainers repeat the prompt before each completion. Here the completions stand one after the other behind one
prompt; each sees the prompt and itself, and counts its positions on from the prompt's end. What the network computes
for each token is the same, and eight completions of 65 tokens behind a prompt of 160 are 680 tokens instead of 1,800.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from ghigliottina.models.gemma import FULL, SLIDING


@dataclass(frozen=True, slots=True)
class Pack:
    """One row; its length is n, and m tokens of it are the completions'."""

    ids: torch.Tensor
    """[n]"""
    positions: torch.Tensor
    """[n]"""
    masks: dict[str, torch.Tensor]
    """kind of layer → [n, n]: whether the token of that row sees the one of that column."""
    before: torch.Tensor
    """[m]: for each completion token, in order, the place whose state tells it."""
    targets: torch.Tensor
    """[m]: those tokens."""


def pack(prompt: Sequence[int], completions: Sequence[Sequence[int]], window: int) -> Pack:
    """One prompt and its completions, none of them empty; `window` is how far sliding layers look back, in tokens."""
    start = len(prompt)
    owners = [0] * start + [i for i, ids in enumerate(completions, start=1) for _ in ids]
    positions = torch.tensor([*range(start), *(start + place for ids in completions for place in range(len(ids)))])
    owner = torch.tensor(owners)
    own = (owner[:, None] == owner) | (owner == 0)
    distance = positions[:, None] - positions
    causal = own & (distance >= 0)
    before, place = [], start
    for ids in completions:
        before += [start - 1, *range(place, place + len(ids) - 1)]
        place += len(ids)
    targets = [token for ids in completions for token in ids]
    return Pack(
        ids=torch.tensor([*prompt, *targets]),
        positions=positions,
        masks={FULL: causal, SLIDING: causal & (distance < window)},
        before=torch.tensor(before),
        targets=torch.tensor(targets),
    )
