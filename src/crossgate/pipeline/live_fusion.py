"""The fusion of a conversation as it happens: by ONNX Runtime where that is installed, else by PyTorch."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

import torch

from crossgate.conversation import Modality
from crossgate.evaluation.predictor import Predictions, predict
from crossgate.features.dataset import Example
from crossgate.features.graphs import Graph
from crossgate.features.runtime import Lazily
from crossgate.models.checkpoint import Checkpoint
from crossgate.models.live_graph import GraphPast, live_graph
from crossgate.models.network import Network
from crossgate.models.past import Past


class LiveFusion:
    """What the network of a checkpoint says of one turn after the other.

    Most of such a turn's time in PyTorch is the calling of some hundred small operations. A graph is called
    once; making it takes a second, which the first conversation of a process waits for.
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._checkpoint = checkpoint
        self._past = _quick_past(checkpoint) or Past()

    @contextmanager
    def next_turn(self, example: Example) -> Iterator[Predictions]:
        """What it says of an example of one utterance, which is kept when the block has ended well."""
        network, temperature = self._checkpoint.network, self._checkpoint.temperature
        if isinstance(self._past, Past):
            with self._past.next_turn():
                yield predict(network, [example], temperature=temperature)
            return
        values = {modality: found[None] for modality, found in example.values.items()}
        with self._past.next_turn(values, example.present[:, None], example.speakers[None]) as said:
            logits, valid = map(torch.from_numpy, (said["logits"], said["valid"]))
            yield Predictions(
                network.views,
                temperature.divide(network.views, logits, valid).softmax(dim=-1)[:, 0].numpy(),
                said["valid"][:, 0],
                said["shares"][0],
                example.labels.numpy(),
            )


def _quick_past(checkpoint: Checkpoint) -> GraphPast | None:
    """None where PyTorch is to do it. Raises as `Lazily.session`."""
    dimensions = tuple((m, len(s.mean)) for m, s in checkpoint.standardizers.items())
    with _MAKING:
        graph, lazily = _shared(checkpoint.network, dimensions)
        session = lazily.session(1)
    return None if session is None else GraphPast(graph, session)


_MAKING = threading.Lock()


@lru_cache(maxsize=4)
def _shared(network: Network, dimensions: tuple[tuple[Modality, int], ...]) -> tuple[Graph, Lazily]:
    """What all conversations with a network share."""
    graph = live_graph(network, dict(dimensions))
    # Worth it from the first turn; for so little a second thread would mostly be waited for.
    return graph, Lazily(lambda: graph, worth=0, threads=1)
