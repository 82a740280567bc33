"""The fusion of a conversation as it happens: by ONNX Runtime where that is installed, else by PyTorch."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

import numpy as np

from crossgate.conversation import Modality
from crossgate.errors import CrossgateError
from crossgate.evaluation.predictor import Predictions, predict
from crossgate.features.dataset import Example
from crossgate.features.graphs import Graph, Session
from crossgate.features.runtime import backend, made, missing
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
            odds = np.exp((said["logits"] - said["logits"].max(axis=-1, keepdims=True)) / temperature)
            yield Predictions(
                network.views,
                (odds / odds.sum(axis=-1, keepdims=True))[:, 0],
                said["valid"][:, 0],
                said["shares"][0],
                example.labels.numpy(),
            )


def _quick_past(checkpoint: Checkpoint) -> GraphPast | None:
    """None where PyTorch is asked for, or ONNX Runtime cannot be had and is not asked for.

    Raises InputError or CrossgateError where it is asked for and cannot be had.
    """
    chosen = backend()
    if chosen == "torch" or (chosen == "auto" and missing()):
        return None
    dimensions = tuple((m, len(s.mean)) for m, s in checkpoint.standardizers.items())
    try:
        with _MAKING:
            graph, session = _made(checkpoint.network, dimensions)
    except CrossgateError as error:
        if chosen == "onnx":
            raise
        warnings.warn(f"PyTorch goes on, as ONNX Runtime could not: {error.what}", stacklevel=3)
        return None
    return GraphPast(graph, session)


_MAKING = threading.Lock()


@lru_cache(maxsize=4)
def _made(network: Network, dimensions: tuple[tuple[Modality, int], ...]) -> tuple[Graph, Session]:
    """The graph and the session that all conversations with a network share."""
    graph = live_graph(network, dict(dimensions))
    return graph, made(graph, threads=1)  # for so little a second thread is mostly waited for
