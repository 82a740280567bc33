"""What a network with a single answer says, in the shape of all networks."""

from __future__ import annotations

from torch import Tensor

from crossgate.models.views import Views


def single_view(
    names: tuple[str, ...], features: Tensor, logits: Tensor, present: Tensor, turns: Tensor
) -> Views:
    """The views of a network that answers once an utterance and mixes nothing.

    Args:
        names: of its one view.
        features: (batch, turn, feature), what its head reads.
        logits: (batch, turn, emotion).
        present: (modality, batch, turn) bool.
        turns: (batch, turn) bool.
    """
    valid = (present & turns).any(dim=0, keepdim=True)
    shares = logits.new_zeros(*turns.shape, len(present))
    return Views(names, logits[None], features[None], valid, shares)
