"""The settings of the text encoder that reads whole stretches of a conversation; no torch here."""

from __future__ import annotations

from dataclasses import dataclass

from crossgate.errors import InputError

ENCODER_FOLDER = "text_encoder"
"""Where a table keeps the encoder behind its column `text_turns`, which new texts are read with."""

MOST_RANK, MOST_ALPHA, MOST_LAYERS = 4096, 1_000_000, 100
"""More would be a damaged file."""


@dataclass(frozen=True)
class TurnEncoderSettings:
    """What is adapted and what a turn may see."""

    base: str = "minilm"
    """`minilm` (pinned all-MiniLM-L6-v2), or a folder or hub name of a BERT or RoBERTa, such as
    `FacebookAI/roberta-large`."""
    rank: int = 64
    """Rank of the LoRA matrices (Hu et al. 2022); 0 trains all layers of the base instead."""
    alpha: int = 128
    """Scale of the adapter is alpha / rank."""
    lora_dropout: float = 0.0
    """Dropout before the adapter; costs a quarter of the speed on a CPU."""
    attention_dropout: float = 0.0
    """Dropout of the attention weights while training; above 0 it costs a third of the speed on a CPU."""
    layers: tuple[int, ...] = (-1,)
    """Hidden states whose means stand side by side in a turn's vector; -1 is the last, 0 the embeddings."""
    dropout: float = 0.1
    """Dropout on a turn's vector before the heads."""
    causal: bool = False
    """A turn sees only itself and the turns before, for live use."""
    max_tokens: int = 384
    """Most tokens in a window."""
    turn_tokens: int = 128
    """Most tokens of one turn; what is over is cut."""
    names: bool = True
    """Write the speaker's name before his words."""

    def __post_init__(self) -> None:
        if not isinstance(self.base, str):
            raise InputError(f"encoder.base is {self.base!r:.80}, expected a name")
        for name in ("rank", "alpha", "max_tokens", "turn_tokens"):
            if type(getattr(self, name)) is not int:
                raise InputError(f"encoder.{name} is {getattr(self, name)!r:.80}, expected a whole number")
        if not 0 < self.alpha <= MOST_ALPHA:
            raise InputError(f"encoder.alpha is {self.alpha}, expected 1 to {MOST_ALPHA:,}")
        if not 0 <= self.rank <= MOST_RANK:
            raise InputError(f"encoder.rank is {self.rank}, expected 0 to {MOST_RANK}")
        object.__setattr__(self, "layers", tuple(self.layers))  # lists come from JSON
        if not 0 < len(self.layers) <= MOST_LAYERS or not all(isinstance(one, int) for one in self.layers):
            raise InputError(
                f"encoder.layers is {list(self.layers)!r:.80}, expected numbers such as -1 for the last"
            )
        for name in ("lora_dropout", "attention_dropout", "dropout"):
            if not 0 <= getattr(self, name) < 1:
                raise InputError(f"encoder.{name} is {getattr(self, name)}, expected 0 or more, less than 1")
        if not 16 <= self.turn_tokens <= self.max_tokens <= 510:
            raise InputError("encoder: 16 <= turn_tokens <= max_tokens <= 510 does not hold")
