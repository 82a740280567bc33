"""The face network as an ONNX graph."""

from __future__ import annotations

import torch
from torch import Tensor

from crossgate.features.graphs import Graph
from crossgate.features.visual.face_network import FaceNetwork
from crossgate.features.visual.face_settings import SIDE


def face_graph(network: FaceNetwork) -> Graph:
    """Grey faces to embeddings and logits; sizes are (faces,)."""

    def draw(size: tuple[int, ...], generator: torch.Generator) -> dict[str, Tensor]:
        return {"faces": torch.rand(size[0], 1, SIDE, SIDE, generator=generator)}

    return Graph(
        "face",
        network,
        {"faces": ("face", "channel", "height", "width")},
        {"embedding": ("face", "feature"), "logits": ("face", "expression")},
        frozenset({"face"}),
        draw,
        ((1,), (2,), (17,)),
    )
