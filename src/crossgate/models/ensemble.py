"""Several networks that answer as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from crossgate.conversation import Modality
from crossgate.models.network import Network
from crossgate.models.views import Views


class Ensemble(Network):
    """Networks of one kind that differ in their weights; their probabilities are averaged, view by view.

    Trained from several seeds alone, such a mean is more accurate and better calibrated than its members
    (deep ensembles, Lakshminarayanan et al., NeurIPS 2017).

    Args:
        members: one network at least, all with the same settings and dimensions.
    """

    def __init__(self, members: Sequence[Network]) -> None:
        first = members[0]
        dimensions = dict.fromkeys(first.modalities, 0)  # the members have the layers, not this
        super().__init__(first.settings, dimensions, first.emotions)
        self.views = first.views
        self.members = nn.ModuleList(members)

    def forward(
        self, values: Mapping[Modality, Tensor], present: Tensor, speakers: Tensor, turns: Tensor
    ) -> Views:
        """Read conversations, as `Network.forward`.

        Returns:
            the views: logarithms of mean probabilities as logits, the members' features side by side, mean
            shares.
        """
        said: list[Views] = [member(values, present, speakers, turns) for member in self.members]
        logarithms = torch.stack([views.logits.log_softmax(dim=-1) for views in said])
        logits = logarithms.logsumexp(dim=0)  # the divisor is gone after the softmax
        shares = [views.shares for views in said if views.shares is not None]
        return Views(
            said[0].names,
            logits,
            torch.cat([views.features for views in said], dim=-1),
            said[0].valid,
            torch.stack(shares).mean(dim=0) if shares else None,
        )
