"""What is said of one utterance."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from crossgate.conversation import Modality


@dataclass(frozen=True)
class Prediction:
    """The expressed emotion of an utterance, with how sure that is and where it comes from.

    Attributes:
        distribution: calibrated probability of every emotion, in the order of the label set; sums to 1.
        emotion: the likeliest, also where the model abstains.
        confidence: its probability.
        abstained: the confidence is below the checkpoint's threshold, no modality of the utterance is
            there, so that all of it rests on its neighbours, or its text is none that was learned.
        shares: how much of the final mixture each modality gives; they sum to 1 unless none is there.
        views: the distribution by each view (`t`, `a`, ..., `tav`) whose modalities are all there.
        notes: by modality, what is wrong with what was given: a text that is not English, a voice or face
            whose features cannot have been measured and were taken for missing.
    """

    distribution: dict[str, float]
    emotion: str
    confidence: float
    abstained: bool
    shares: dict[Modality, float]
    views: dict[str, dict[str, float]]
    notes: dict[Modality, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return asdict(self)
