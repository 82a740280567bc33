"""The network that fuses, or an ensemble of them, as an ONNX graph."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from crossgate.conversation import Modality
from crossgate.features.graphs import Graph
from crossgate.models.network import Network
from crossgate.models.temperature import Temperature


class FusionGraph(nn.Module):
    """Positional tensors in, tensors out, the temperature included."""

    def __init__(self, network: Network, temperature: Temperature) -> None:
        super().__init__()
        self.network = network
        self.temperature = temperature

    def forward(self, *given: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """The values of every modality, then present, speakers, turns, as `Network.forward` has them."""
        *values, present, speakers, turns = given
        views = self.network(
            dict(zip(self.network.modalities, values, strict=True)), present, speakers, turns
        )
        assert views.shares is not None  # the network is not training
        logits = self.temperature.divide(views.names, views.logits, views.valid)
        probabilities = logits.softmax(dim=-1)
        return probabilities, views.logits, views.valid, views.shares


def fusion_graph(network: Network, dimensions: Mapping[Modality, int], temperature: Temperature) -> Graph:
    """The graph of a network; sizes are (conversations, turns of the longest)."""

    def draw(size: tuple[int, ...], generator: torch.Generator) -> dict[str, Tensor]:
        batch, length = size
        drawn: dict[str, Tensor] = {
            m: torch.randn(batch, length, dimensions[m], generator=generator) for m in network.modalities
        }
        drawn["present"] = torch.rand(len(network.modalities), batch, length, generator=generator) < 0.8
        drawn["speakers"] = torch.randint(network.settings.speakers + 2, (batch, length), generator=generator)
        ends = length - torch.arange(batch).clamp(max=length - 1)
        drawn["turns"] = torch.arange(length) < ends[:, None]
        return drawn

    where = ("batch", "turn")
    return Graph(
        "fusion",
        FusionGraph(network, temperature).eval(),
        dict.fromkeys(network.modalities, (*where, "feature"))
        | {"present": ("modality", *where), "speakers": where, "turns": where},
        {
            "probabilities": ("view", *where, "emotion"),
            "logits": ("view", *where, "emotion"),
            "valid": ("view", *where),
            "shares": (*where, "modality"),
        },
        frozenset(where),
        draw,
        ((1, 1), (3, 7), (2, 40), (1, 150)),
    )
