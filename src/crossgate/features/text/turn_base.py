"""The pretrained network under the text encoder: pinned MiniLM, or a folder or hub name."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from crossgate.errors import InputError
from crossgate.features.text.turn_settings import TurnEncoderSettings
from crossgate.features.text.weights import minilm_folder

MINILM = "minilm"


def base_and_tokenizer(name: str, attention_dropout: float = 0.0) -> tuple[nn.Module, Any, int]:
    """A transformers encoder without pooler, its tokenizer, and the width of its hidden states.

    `attention_dropout` is that of the attention weights while it is trained.

    Raises InputError where the weights or `transformers` and `peft` are not to be had.
    """
    try:
        import peft  # noqa: F401  (said here, before an hour of work ends in an ImportError)
        from transformers import AutoModel, AutoTokenizer
        from transformers.utils import logging
    except ImportError as error:
        raise InputError(
            f"the text encoder needs the library {error.name}", fix="pip install 'crossgate[offline]'"
        ) from error
    pinned = name == MINILM
    where = str(minilm_folder()) if pinned else name
    bar, verbosity = logging.is_progress_bar_enabled(), logging.get_verbosity()
    logging.disable_progress_bar()
    logging.set_verbosity_error()  # it reports the pooler we leave away as a surprise
    try:
        tokenizer = AutoTokenizer.from_pretrained(where, local_files_only=pinned, trust_remote_code=False)
        base: Any = AutoModel.from_pretrained(
            where,
            local_files_only=pinned,
            use_safetensors=True,
            trust_remote_code=False,  # without a word about it, the library asks at the terminal
            dtype=torch.float32,
            add_pooling_layer=False,
            attention_probs_dropout_prob=attention_dropout,
        )
    except (OSError, ValueError, TypeError) as error:
        raise InputError(
            f"the base of the text encoder cannot be loaded: {str(error).splitlines()[0]}",
            where=where,
            fix="name `minilm`, or a folder or hub name of a BERT or RoBERTa in safetensors",
        ) from error
    finally:
        logging.set_verbosity(verbosity)
        if bar:
            logging.enable_progress_bar()
    return base, tokenizer, int(base.config.hidden_size)


def check_layers(base: Any, settings: TurnEncoderSettings) -> None:
    """Raises InputError where the settings name layers that a base of `base_and_tokenizer` has not."""
    top = base.config.num_hidden_layers
    if not all(-top - 1 <= layer <= top for layer in settings.layers):
        raise InputError(
            f"encoder.layers is {list(settings.layers)}, and {settings.base} has layers 0 to {top}"
        )
