"""Random conversations and a small network whose every weight has a part in the output."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from crossgate.conversation import MODALITIES, Modality
from crossgate.models.crossgate import CrossGate
from crossgate.models.network import Network
from crossgate.models.settings import ModelSettings
from crossgate.models.views import Views

DIMENSIONS: dict[Modality, int] = {"text": 6, "audio": 5, "visual": 4}
EMOTIONS = 7

torch.set_num_threads(1)  # products this small only lose by a second one


@dataclass(frozen=True)
class Inputs:
    """What `CrossGate.forward` takes."""

    values: dict[Modality, Tensor]
    present: Tensor
    speakers: Tensor
    turns: Tensor

    def through(self, network: Network) -> Views:
        """The network's answer."""
        views: Views = network(self.values, self.present, self.speakers, self.turns)
        return views

    def map(self, change: Any) -> Inputs:
        """`change` applied to every tensor, handed over with the axes batch and turn first."""
        return Inputs(
            {m: change(values) for m, values in self.values.items()},
            change(self.present.permute(1, 2, 0)).permute(2, 0, 1),
            change(self.speakers),
            change(self.turns),
        )

    def with_present(self, present: Tensor) -> Inputs:
        """The same with other modalities present."""
        return replace(self, present=present)

    def with_values(self, **values: Tensor) -> Inputs:
        """The same with other values of the modalities named."""
        return replace(self, values=self.values | values)  # type: ignore[operator]


def draw(
    batch: int = 2,
    turns: int = 5,
    modalities: tuple[Modality, ...] = MODALITIES,
    seed: int = 0,
    missing: float = 0.0,
    speakers: int = 3,
) -> Inputs:
    """Conversations of equal length; a share `missing` of the vectors is not present."""
    random = torch.Generator().manual_seed(seed)
    return Inputs(
        {m: torch.randn(batch, turns, DIMENSIONS[m], generator=random) for m in modalities},
        torch.rand(len(modalities), batch, turns, generator=random) >= missing,
        torch.randint(0, speakers, (batch, turns), generator=random),
        torch.ones(batch, turns, dtype=torch.bool),
    )


def small(modalities: tuple[Modality, ...] = MODALITIES, seed: int = 0, **settings: Any) -> CrossGate:
    """A network of width 16 in evaluation mode; what starts at zero is moved away from it."""
    settings = {"hidden": 16, "heads": 2, "gate_rank": 4, "dropout": 0.0} | settings
    torch.manual_seed(seed)
    network = CrossGate(ModelSettings(**settings), {m: DIMENSIONS[m] for m in modalities}, EMOTIONS)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return network.eval()


def same(first: Views, second: Views, atol: float = 1e-5) -> bool:
    """Whether two answers agree, where a view is valid, in everything that is said."""
    if not torch.equal(first.valid, second.valid):
        return False
    pairs = (
        (first.logits[first.valid], second.logits[second.valid]),
        (first.features[first.valid], second.features[second.valid]),
        (first.shares, second.shares),  # None in training
    )
    return all(torch.allclose(a, b, atol=atol) for a, b in pairs if a is not None and b is not None)
