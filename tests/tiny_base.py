"""A BERT and a RoBERTa of a few thousand weights, for tests that need no download."""

from __future__ import annotations

from pathlib import Path

import torch

WORDS = (
    *("good", "bad", "fine", "awful", "well", "ill", "happy", "sad", "yes", "no", "i", "you", "am", "are"),
    *("very", "not", "so", ".", ",", "!", "?", ":", "a", "b", "c", "ann", "ben"),
)

SIZES = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48}


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
        **SIZES,
        max_position_embeddings=512,
    )
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder)
    return str(folder)


def tiny_roberta(folder: Path) -> str:
    """Save a random RoBERTa, whose tokens are bytes and whose positions begin after the padding's number."""
    from tokenizers import ByteLevelBPETokenizer
    from transformers import RobertaConfig, RobertaModel, RobertaTokenizerFast

    folder.mkdir(parents=True, exist_ok=True)
    trained = ByteLevelBPETokenizer()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    trained.train_from_iterator(
        [" ".join(WORDS)], vocab_size=300, special_tokens=special, show_progress=False
    )
    trained.save_model(str(folder))
    tokenizer = RobertaTokenizerFast(str(folder / "vocab.json"), str(folder / "merges.txt"))
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    config = RobertaConfig(
        vocab_size=len(tokenizer),
        **SIZES,
        max_position_embeddings=514,
        pad_token_id=tokenizer.pad_token_id,
    )
    RobertaModel(config, add_pooling_layer=False).save_pretrained(folder)
    return str(folder)
