"""The network that fuses as an ONNX graph of one turn; what is kept of those before comes in and goes out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from crossgate.conversation import Modality
from crossgate.features.graphs import Arrays, Graph, Session
from crossgate.models.network import Network
from crossgate.models.past import ROOM, GivenPast, Past

KEPT = "kept"


class LiveGraph(nn.Module):
    """Positional tensors in, tensors out."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, *given: Tensor) -> tuple[Tensor, ...]:
        """The values of every modality, present, speakers, how many turns were read, then what was kept."""
        count = len(self.network.modalities)
        values = dict(zip(self.network.modalities, given[:count], strict=True))
        present, speakers, turns = given[count : count + 3]
        past = GivenPast(turns, given[count + 3 :])
        with past.next_turn():
            views = self.network(values, present, speakers, torch.ones_like(speakers, dtype=torch.bool))
        assert views.shares is not None  # the network is not training
        return views.logits, views.valid, views.shares, *past.new


def live_graph(network: Network, dimensions: Mapping[Modality, int]) -> Graph:
    """The graph of one turn of one conversation; sizes are (turns read, room for them)."""
    kept = _kept_by(network, dimensions)

    def draw(size: tuple[int, ...], generator: torch.Generator) -> dict[str, Tensor]:
        read, room = size
        drawn: dict[str, Tensor] = {
            m: torch.randn(1, 1, dimensions[m], generator=generator) for m in network.modalities
        }
        drawn["present"] = torch.rand(len(network.modalities), 1, 1, generator=generator) < 0.8
        drawn["speakers"] = torch.randint(network.settings.speakers + 2, (1, 1), generator=generator)
        drawn["read"] = torch.tensor(read)
        for name, (shape, dtype) in kept.items():
            rows = torch.zeros(*shape[:-2], room, shape[-1], dtype=dtype)
            some = torch.randn(*shape[:-2], read, shape[-1], generator=generator)
            rows[..., :read, :] = some > 0 if dtype == torch.bool else some.to(dtype)
            drawn[name] = rows
        return drawn

    one = ("one turn", "feature")
    axes = {
        name: (*(f"axis {place}" for place in range(len(shape) - 2)), "room", "feature")
        for name, (shape, _) in kept.items()
    }
    return Graph(
        "live",
        LiveGraph(network).eval(),
        dict.fromkeys(network.modalities, ("one", *one))
        | {"present": ("modality", "one", "one turn"), "speakers": ("one", "one turn"), "read": ()}
        | axes,
        {
            "logits": ("view", "one", "one turn", "emotion"),
            "valid": ("view", "one", "one turn"),
            "shares": ("one", "one turn", "modality"),
        }
        | {f"new {name}": (*found[:-2], "one turn", "feature") for name, found in axes.items()},
        frozenset({"room"}),
        draw,
        ((0, ROOM), (5, ROOM), (100, 2 * ROOM)),
    )


def _kept_by(
    network: Network, dimensions: Mapping[Modality, int]
) -> dict[str, tuple[tuple[int, ...], torch.dtype]]:
    """Shape and type of each row that the network keeps of a turn, by name, in the order of asking."""
    past = Past()
    values: dict[Modality, Tensor] = {m: torch.zeros(1, 1, dimensions[m]) for m in network.modalities}
    there = torch.ones(1, 1, dtype=torch.bool)
    with past.next_turn(), torch.inference_mode():
        network(values, there.expand(len(values), 1, 1), torch.zeros(1, 1, dtype=torch.int64), there)
    return {f"{KEPT} {number}": (tuple(rows.shape), rows.dtype) for number, rows in enumerate(past.kept)}


class GraphPast:
    """What `Past` is to a network, to a session of its live graph: one conversation, turn by turn.

    Args:
        graph: of `live_graph`.
        session: of the same; conversations can share it.

    Attributes:
        turns: how many have been read.
    """

    def __init__(self, graph: Graph, session: Session) -> None:
        self.turns = 0
        self._session = session
        self._kept = {
            name: rows.numpy() for name, rows in graph.drawn((0, ROOM)).items() if name.startswith(KEPT)
        }

    @contextmanager
    def next_turn(
        self, values: Mapping[Modality, Tensor], present: Tensor, speakers: Tensor
    ) -> Iterator[Arrays]:
        """Logits, validity and shares of one more turn; it is kept when the block has ended well.

        Args:
            values: per modality (1, 1, feature), as `Network.forward`; so are the others.
            present: (modality, 1, 1) bool.
            speakers: (1, 1) int64.
        """
        told: dict[str, Any] = {str(modality): found for modality, found in values.items()}
        told |= {"present": present, "speakers": speakers, "read": torch.tensor(self.turns)}
        said = self._session(told | self._kept)
        yield said
        for name, rows in self._kept.items():
            if self.turns == rows.shape[-2]:
                rows = np.concatenate((rows, np.zeros_like(rows)), axis=-2)
                self._kept[name] = rows
            rows[..., self.turns, :] = said[f"new {name}"][..., 0, :]
        self.turns += 1
