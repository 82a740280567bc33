"""What the harness knows of a model, ours and its rivals alike."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping

from torch import Tensor, nn

from crossgate.conversation import INITIALS, MODALITIES, Modality
from crossgate.errors import InputError
from crossgate.models.settings import ModelSettings
from crossgate.models.views import Views


class Network(nn.Module):
    """A network that reads the features of whole conversations.

    Args:
        settings: sizes and switches.
        dimensions: length of the feature vector of each modality the corpus has, one to three of them.
        emotions: size of the label set.

    Attributes:
        modalities: those it reads, in the usual order.
        views: names of what it answers, the full view last.

    Raises InputError where there is no modality.
    """

    def __init__(self, settings: ModelSettings, dimensions: Mapping[Modality, int], emotions: int) -> None:
        super().__init__()
        if not dimensions:
            raise InputError("the model needs one modality at least", fix="name one under `features`")
        self.settings = settings
        self.emotions = emotions
        self.modalities = tuple(m for m in MODALITIES if m in dimensions)
        self.views: tuple[str, ...] = ("".join(INITIALS[m] for m in self.modalities),)

    @abstractmethod
    def forward(
        self, values: Mapping[Modality, Tensor], present: Tensor, speakers: Tensor, turns: Tensor
    ) -> Views:
        """Read conversations.

        Args:
            values: per modality (batch, turn, feature), standardised; 0 where not present.
            present: (modality, batch, turn) bool, modalities in the order of `self.modalities`.
            speakers: (batch, turn) int, order of first appearance in the conversation.
            turns: (batch, turn) bool; False is padding.

        Returns:
            the views; what stands at padding means nothing.
        """
