"""What the face-expression network is called on: eight expressions, 48 x 48 grey pixels; no torch here."""

from __future__ import annotations

from dataclasses import dataclass

from crossgate.emotions import LabelSet
from crossgate.errors import InputError

EXPRESSIONS = LabelSet(
    "ferplus8", ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt")
)
"""The eight expressions of FER+ (Barsoum et al., ICMI 2016) in the order of its table of votes."""

SIDE = 48
"""Height and width of a face in pixels: what FER2013, and hence FER+, has."""

MOST_CHANNELS, MOST_BLOCKS = 8192, 100
"""More would be a damaged file."""


@dataclass(frozen=True)
class FaceSettings:
    """The size of the network."""

    stem: int = 32
    """Channels of the first convolution, which halves the image to 24 x 24."""
    widths: tuple[int, ...] = (64, 128, 256)
    """Channels of the stages; each but the first halves height and width."""
    blocks: tuple[int, ...] = (1, 2, 1)
    """Residual blocks of each stage."""
    embedding: int = 128
    """Numbers in the embedding of a face."""
    dropout: float = 0.2
    """Dropout between the embedding and the expressions."""

    def __post_init__(self) -> None:
        if not self.widths or len(self.widths) != len(self.blocks) or len(self.widths) > 4:
            raise InputError(
                f"network.widths is {list(self.widths)} and network.blocks {list(self.blocks)}, "
                "expected one number a stage in both, four stages at most"
            )
        if any(type(size) is not int for size in (self.stem, self.embedding, *self.widths, *self.blocks)):
            raise InputError("network: channels, blocks and embedding are whole numbers")
        if min(self.stem, self.embedding, *self.widths, *self.blocks) < 1:
            raise InputError("network: channels, blocks and embedding are 1 or more")
        if max(self.stem, self.embedding, *self.widths) > MOST_CHANNELS or max(self.blocks) > MOST_BLOCKS:
            raise InputError(f"network: {MOST_CHANNELS} channels and {MOST_BLOCKS} blocks a stage at most")
        if not 0 <= self.dropout < 1:
            raise InputError(f"network.dropout is {self.dropout}, expected 0 or more, less than 1")
