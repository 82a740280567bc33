"""What is said of one utterance."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from crossgate.conversation import Modality


@dataclass(frozen=True)
class Prediction:
    """The expressed emotion of an utterance, with how sure that is and where it comes from.

    Attributes:
        distribution: calibrated probability of every emotion, in the order of the label set; sums to 1.
        emotion: the likeliest, also where the model abstains.
        confidence: its probability.
        abstained: the confidence is below the checkpoint's threshold, or no modality of the utterance is
            there, so that all of it rests on its neighbours.
        shares: how much of the final mixture each modality gives; they sum to 1 unless none is there.
        views: the distribution by each view (`t`, `a`, ..., `tav`) whose modalities are all there.
    """

    distribution: dict[str, float]
    emotion: str
    confidence: float
    abstained: bool
    shares: dict[Modality, float]
    views: dict[str, dict[str, float]]

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return asdict(self)
