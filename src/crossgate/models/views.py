"""What every network says of conversations."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

from torch import Tensor

from crossgate.conversation import INITIALS, Modality


@dataclass(frozen=True)
class Views:
    """What a network says of every utterance.

    Attributes:
        names: the views, singles first, the full view last: `t a v ta tv av tav`, or some of them.
        logits: (view, batch, turn, emotion).
        features: (view, batch, turn, feature), what the heads read.
        valid: (view, batch, turn) bool: every modality of the view is present; for the full view, any is.
        shares: (batch, turn, modality), how much of the final mixture each modality gives; sums to 1
            where any modality is present, 0 throughout where the network does not mix. None in training,
            where nothing learns from it.
    """

    names: tuple[str, ...]
    logits: Tensor
    features: Tensor
    valid: Tensor
    shares: Tensor | None

    @property
    def full(self) -> Tensor:
        """Logits of the full view, (batch, turn, emotion)."""
        return self.logits[-1]


def view_names(modalities: tuple[Modality, ...]) -> tuple[str, ...]:
    """All non-empty subsets, singles first: `t a v ta tv av tav` for three modalities, `t a ta` for two."""
    letters = [INITIALS[m] for m in modalities]
    return tuple(
        "".join(subset) for size in range(1, len(letters) + 1) for subset in combinations(letters, size)
    )
