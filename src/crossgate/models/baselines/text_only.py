"""Text only: what a conversation's words are worth to a transformer without any other modality.

Most of what the published multimodal systems reach, their text reaches alone (the ablations of SDT and
TelME): no gain of fusion is one before it is measured against this. The network is `EarlyFusion` on a single
modality.
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from crossgate.conversation import Modality
from crossgate.errors import InputError
from crossgate.models.baselines.early_fusion import EarlyFusion
from crossgate.models.settings import ModelSettings
from crossgate.models.views import Views


class TextOnly(EarlyFusion):
    """Reads the text and passes the rest over; see `Network` for the arguments.

    Raises InputError where there is no text.
    """

    def __init__(self, settings: ModelSettings, dimensions: Mapping[Modality, int], emotions: int) -> None:
        if "text" not in dimensions:
            raise InputError("text-only needs text", fix="name a text feature under features.text")
        super().__init__(settings, {"text": dimensions["text"]}, emotions)

    def forward(
        self, values: Mapping[Modality, Tensor], present: Tensor, speakers: Tensor, turns: Tensor
    ) -> Views:
        """See `Network.forward`; modalities behind the text, the first, are passed over."""
        return super().forward({"text": values["text"]}, present[:1], speakers, turns)
