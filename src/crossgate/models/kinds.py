"""Makes the network that settings name."""

from __future__ import annotations

from collections.abc import Mapping

from crossgate.conversation import Modality
from crossgate.models.baselines.early_fusion import EarlyFusion
from crossgate.models.baselines.text_only import TextOnly
from crossgate.models.crossgate import CrossGate
from crossgate.models.network import Network
from crossgate.models.settings import ModelSettings

NETWORKS: dict[str, type[Network]] = {
    "crossgate": CrossGate,
    "text-only": TextOnly,
    "early-fusion": EarlyFusion,
}
"""Class by kind, as in `settings.KINDS`."""


def make_network(settings: ModelSettings, dimensions: Mapping[Modality, int], emotions: int) -> Network:
    """A freshly initialised network; see `Network` for the arguments."""
    return NETWORKS[settings.kind](settings, dimensions, emotions)
