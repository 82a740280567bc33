"""Early fusion: the features of all modalities side by side, and a transformer over the conversation.

The plainest way to use several modalities; Baltrusaitis, Ahuja, Morency, "Multimodal machine learning: a
survey and taxonomy", IEEE TPAMI 41 (2019), section 6.1. The encoder is that of Vaswani et al., "Attention is
all you need" (2017), with the norm before each block. Speakers are an embedding added to the input, as in SDT
and CrossGate.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from crossgate.conversation import Modality
from crossgate.models.attention import sinusoids
from crossgate.models.baselines.answer import single_view
from crossgate.models.network import Network
from crossgate.models.settings import ModelSettings
from crossgate.models.views import Views


class EarlyFusion(Network):
    """Concatenation, then context, then a head; see `Network` for the arguments."""

    def __init__(self, settings: ModelSettings, dimensions: Mapping[Modality, int], emotions: int) -> None:
        super().__init__(settings, dimensions, emotions)
        hidden = settings.hidden
        self.project = nn.Linear(sum(dimensions[m] for m in self.modalities), hidden)
        self.speaker = nn.Embedding(settings.speakers, hidden)
        nn.init.normal_(self.speaker.weight, std=0.02)
        layer = nn.TransformerEncoderLayer(
            hidden,
            settings.heads,
            max(1, round(settings.feedforward * hidden)),
            settings.dropout,
            activation="gelu",
            batch_first=True,
            norm_first=True,
        )
        self.context = nn.TransformerEncoder(layer, settings.layers, enable_nested_tensor=False)
        self.dropout = nn.Dropout(settings.dropout)
        self.head = nn.Linear(hidden, emotions)

    def forward(
        self, values: Mapping[Modality, Tensor], present: Tensor, speakers: Tensor, turns: Tensor
    ) -> Views:
        """See `Network.forward`."""
        joined = torch.cat([values[m] * present[k, ..., None] for k, m in enumerate(self.modalities)], dim=-1)
        x = self.project(joined)
        who = self.speaker(speakers.clamp(max=self.settings.speakers - 1))
        x = x + who + sinusoids(x.shape[1], x.shape[2], x.device).to(x.dtype)
        features = self.context(self.dropout(x), src_key_padding_mask=~turns)
        return single_view(self.views, features, self.head(self.dropout(features)), present, turns)
