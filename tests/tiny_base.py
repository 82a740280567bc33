"""A BERT of a few thousand weights and a vocabulary of letters, for tests that need no download."""

from __future__ import annotations

from pathlib import Path

import torch

WORDS = (
    *("good", "bad", "fine", "awful", "well", "ill", "happy", "sad", "yes", "no", "i", "you", "am", "are"),
    *("very", "not", "so", ".", ",", "!", "?", ":", "a", "b", "c", "ann", "ben"),
)


def tiny_base(folder: Path) -> str:
    """Save a random BERT with a WordPiece vocabulary; returns the folder's name."""
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder.mkdir(parents=True, exist_ok=True)
    letters = "abcdefghijklmnopqrstuvwxyz"
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *dict.fromkeys([*WORDS, *letters])]
    vocabulary += [f"##{letter}" for letter in letters]
    (folder / "vocab.txt").write_text("\n".join(vocabulary), encoding="utf-8")
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=48,
        max_position_embeddings=512,
    )
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder)
    return str(folder)
