"""Missing modalities, practised: a modality is hidden at random while training."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class ModalityDropout(nn.Module):
    """Hides modalities in training, never all that an utterance has.

    Args:
        whole: of each modality, the probability that it is hidden for a whole conversation.
        turns: probability that each is hidden for a single turn.
    """

    whole: Tensor

    def __init__(self, whole: Sequence[float], turns: float) -> None:
        super().__init__()
        self.hides = any(whole) or turns > 0
        self.register_buffer("whole", torch.tensor(whole)[:, None, None])
        self.turns = turns

    def forward(self, present: Tensor) -> Tensor:
        """(modality, batch, turn) bool -> the same with fewer True; unchanged in evaluation."""
        if not self.training or not self.hides or present.shape[0] < 2:
            return present
        hidden = torch.rand(*present.shape[:2], 1, device=present.device) < self.whole
        hidden = hidden | (torch.rand(present.shape, device=present.device) < self.turns)
        kept = present & ~hidden
        # Where nothing would be left, everything stays: an utterance without any modality teaches nothing.
        return torch.where(kept.any(dim=0), kept, present)
