"""Early fusion: the features of all modalities side by side, and a transformer over the conversation.

The plainest way to use several modalities; Baltrusaitis, Ahuja, Morency, "Multimodal machine learning: a
survey and taxonomy", IEEE TPAMI 41 (2019), section 6.1. The transformer is `Context`.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from crossgate.conversation import Modality
from crossgate.models.baselines.answer import single_view
from crossgate.models.baselines.context import Context
from crossgate.models.network import Network
from crossgate.models.settings import ModelSettings
from crossgate.models.views import Views


class EarlyFusion(Network):
    """Concatenation, then context, then a head; see `Network` for the arguments."""

    def __init__(self, settings: ModelSettings, dimensions: Mapping[Modality, int], emotions: int) -> None:
        super().__init__(settings, dimensions, emotions)
        self.context = Context(settings, sum(dimensions[m] for m in self.modalities))
        self.dropout = nn.Dropout(settings.dropout)
        self.head = nn.Linear(settings.hidden, emotions)

    def forward(
        self, values: Mapping[Modality, Tensor], present: Tensor, speakers: Tensor, turns: Tensor
    ) -> Views:
        """See `Network.forward`."""
        joined = torch.cat([values[m] * present[k, ..., None] for k, m in enumerate(self.modalities)], dim=-1)
        features = self.context(joined, speakers, turns)
        return single_view(self.views, features, self.head(self.dropout(features)), present, turns)
