"""Makes the network that settings name."""

from __future__ import annotations

from collections.abc import Mapping

from crossgate.conversation import Modality
from crossgate.models.baselines.bc_lstm import BcLstm
from crossgate.models.baselines.dialogue_rnn import DialogueRnn
from crossgate.models.baselines.early_fusion import EarlyFusion
from crossgate.models.baselines.mmgcn import Mmgcn
from crossgate.models.baselines.multiemo import MultiEMO
from crossgate.models.baselines.sdt import SDT
from crossgate.models.baselines.telme import TelME
from crossgate.models.baselines.text_only import TextOnly
from crossgate.models.crossgate import CrossGate
from crossgate.models.network import Network
from crossgate.models.settings import ModelSettings

NETWORKS: dict[str, type[Network]] = {
    "crossgate": CrossGate,
    "text-only": TextOnly,
    "early-fusion": EarlyFusion,
    "bc-lstm": BcLstm,
    "dialoguernn": DialogueRnn,
    "mmgcn": Mmgcn,
    "sdt": SDT,
    "telme": TelME,
    "multiemo": MultiEMO,
}
"""Class by kind, as in `settings.KINDS`."""


def make_network(settings: ModelSettings, dimensions: Mapping[Modality, int], emotions: int) -> Network:
    """A freshly initialised network; see `Network` for the arguments."""
    return NETWORKS[settings.kind](settings, dimensions, emotions)
