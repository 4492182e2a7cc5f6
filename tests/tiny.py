"""Tiny random Gemma-3 checkpoints in the layout of the real ones, for tests of the code that loads and runs them."""

from pathlib import Path

from ghigliottina.models.checkpoint import Checkpoint, seal
from ghigliottina.models.embedded import TEMPLATE

BASE = "tiny"


def merged(folder: Path, *, seed: int = 0, template: str | None = TEMPLATE, **record: object) -> Checkpoint:
    """A model of 2 layers, width 32 and 400 tokens. It writes noise, the same noise at each call."""
    import torch
    from transformers import Gemma3ForCausalLM

    tokenizer = _tokenizer(template)
    torch.manual_seed(seed)
    model = Gemma3ForCausalLM(_config(len(tokenizer)))
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return seal(folder, BASE, "merged", **record)


def adapter(folder: Path, base: Checkpoint, *, seed: int = 1, rank: int = 4, **record: object) -> Checkpoint:
    """A LoRA over `base` that changes what it writes."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import Gemma3ForCausalLM

    torch.manual_seed(seed)
    config = LoraConfig(r=rank, lora_alpha=8 * rank, target_modules="all-linear", task_type="CAUSAL_LM")
    model = get_peft_model(Gemma3ForCausalLM.from_pretrained(base.path), config)
    for name, weight in model.named_parameters():
        if "lora_B" in name:  # zero at birth: an adapter that changes nothing
            torch.nn.init.normal_(weight, std=0.1)
    model.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)
    return seal(folder, folder.name, "adapter", base=base.name, **record)


def _config(tokens: int):
    from transformers import Gemma3TextConfig

    return Gemma3TextConfig(
        vocab_size=tokens,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=16,
        query_pre_attn_scalar=16,
        sliding_window=64,
        layer_types=["sliding_attention", "full_attention"],
        max_position_embeddings=2048,
        bos_token_id=2,
        eos_token_id=1,
        pad_token_id=0,
        tie_word_embeddings=True,
    )


def _tokenizer(template: str | None):
    """Gemma's kind of tokenizer: bytes for whatever the letters don't cover, and a few merges."""
    from transformers import GemmaTokenizer

    letters = "▁\n" + "".join(map(chr, range(33, 127))) + "àèéìòùÀÈÉÌÒÙ’“”"
    words = ["▁di", "▁la", "▁il", "think", "soluzione", "pane", "luna", "miele", "▁pane", "▁luna", "▁miele"]
    pieces = [word[:end] for word in words for end in range(2, len(word) + 1)]
    merges = [(piece[:-1], piece[-1]) for piece in dict.fromkeys(pieces)]
    tokens = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", "<start_of_turn>", "<end_of_turn>"]
    tokens += [f"<0x{byte:02X}>" for byte in range(256)] + list(letters) + pieces
    vocabulary = {token: place for place, token in enumerate(dict.fromkeys(tokens))}
    tokenizer = GemmaTokenizer(vocab=vocabulary, merges=merges)
    tokenizer.add_special_tokens({"additional_special_tokens": ["<start_of_turn>", "<end_of_turn>"]})
    tokenizer.chat_template = template
    return tokenizer
