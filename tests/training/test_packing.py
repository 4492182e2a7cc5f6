"""One row for a prompt and its completions: what each token sees, and that the network computes the same."""

import pytest
import torch

from ghigliottina.models.gemma import FULL, SLIDING
from ghigliottina.training.packing import pack

CASES = {
    "one": ([1, 2, 3], [[4, 5]]),
    "a group": ([1, 2, 3], [[4, 5], [6], [7, 8, 9]]),
    "a prompt longer than the window": (list(range(3, 93)), [list(range(100, 130)), [9, 8]]),
    "completions longer than the window": ([5], [list(range(10, 90)), list(range(200, 300))]),
}


@pytest.mark.parametrize(("prompt", "completions"), CASES.values(), ids=CASES)
def test_the_row_reads_as_the_texts_would(prompt, completions):
    row = pack(prompt, completions, window=64)
    assert row.ids.tolist() == [*prompt, *(token for ids in completions for token in ids)]
    assert row.targets.tolist() == [token for ids in completions for token in ids]
    place = len(prompt)
    for ids in completions:
        own = [*range(len(prompt)), *range(place, place + len(ids))]
        for i in range(len(ids)):
            seen = row.masks[FULL][place + i].nonzero()[:, 0].tolist()
            assert seen == own[: len(prompt) + i + 1]
            assert row.masks[SLIDING][place + i].nonzero()[:, 0].tolist() == seen[-64:]
            assert row.positions[place + i] == len(prompt) + i
        place += len(ids)


@pytest.mark.parametrize(("prompt", "completions"), CASES.values(), ids=CASES)
def test_the_network_computes_the_same(prompt, completions, tiny_merged):
    from transformers import Gemma3ForCausalLM

    model = Gemma3ForCausalLM.from_pretrained(tiny_merged.path).eval()
    row = pack(prompt, completions, model.config.sliding_window)
    masks = {kind: mask[None, None] for kind, mask in row.masks.items()}
    with torch.no_grad():
        packed = model(
            input_ids=row.ids[None],
            position_ids=row.positions[None],
            attention_mask=masks,
            logits_to_keep=row.before,
            use_cache=False,
        ).logits[0]
        alone = [model(torch.tensor([prompt + ids])).logits[0, len(prompt) - 1 : -1] for ids in completions]
    torch.testing.assert_close(packed, torch.cat(alone), rtol=1e-4, atol=1e-5)
