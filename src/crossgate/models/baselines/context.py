"""The context encoder of the rivals whose own one is no part of what they are compared for.

The transformer encoder of Vaswani et al., "Attention is all you need" (2017), over a conversation, with the
norm before each block. Speakers are an embedding added to the input, as in SDT and CrossGate.
"""

from __future__ import annotations

from torch import Tensor, nn

from crossgate.models.attention import sinusoids
from crossgate.models.settings import ModelSettings


class Context(nn.Module):
    """Projects features to `settings.hidden` and reads them in the light of the conversation.

    Args:
        settings: hidden, heads, layers, feedforward, dropout and speakers are read.
        features: length of the feature vector that comes in.
    """

    def __init__(self, settings: ModelSettings, features: int) -> None:
        super().__init__()
        hidden = settings.hidden
        self.speakers = settings.speakers
        self.project = nn.Linear(features, hidden)
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
        self.encoder = nn.TransformerEncoder(layer, settings.layers, enable_nested_tensor=False)
        self.dropout = nn.Dropout(settings.dropout)

    def forward(self, values: Tensor, speakers: Tensor, turns: Tensor) -> Tensor:
        """Encode.

        Args:
            values: (batch, turn, feature).
            speakers: (batch, turn) int.
            turns: (batch, turn) bool; False is padding.

        Returns:
            (batch, turn, hidden); what stands at padding means nothing.
        """
        x = self.project(values) + self.speaker(speakers.clamp(max=self.speakers - 1))
        x = x + sinusoids(x.shape[1], x.shape[2], x.device).to(x.dtype)
        encoded: Tensor = self.encoder(self.dropout(x), src_key_padding_mask=~turns)
        return encoded
