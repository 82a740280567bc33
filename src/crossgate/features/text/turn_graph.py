"""The text encoder as an ONNX graph, its adapter merged into the base."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from crossgate.features.graphs import Graph, Session
from crossgate.features.runtime import backend, made
from crossgate.features.text.turn_embedder import TurnEmbedder, turn_embedder
from crossgate.features.text.turn_encoder import Tokens, Turn, TurnEncoder, pack


class TextGraph(nn.Module):
    """Tensors in place of `Tokens`; vectors, and log-probabilities of one head."""

    def __init__(self, encoder: TurnEncoder, head: str) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = head

    def forward(self, ids: Tensor, turns: Tensor, words: Tensor, numbers: Tensor) -> tuple[Tensor, Tensor]:
        """Read windows.

        Args:
            ids, turns, words: (batch, token), as in `Tokens`.
            numbers: (turn,) int64: 0, 1, ..., one for each turn of the longest window.
        """
        vectors = self.encoder(Tokens(ids, turns, words, numbers.shape[0]))
        return vectors, self.encoder.classify(vectors, self.head).log_softmax(dim=-1)


def reader_of(session: Session) -> Callable[[Tokens], npt.NDArray[np.float32]]:
    """What reads windows for a `TurnEmbedder` by ONNX Runtime."""

    def read(tokens: Tokens) -> npt.NDArray[np.float32]:
        return session(
            {
                "ids": tokens.ids,
                "turns": tokens.turns,
                "words": tokens.words,
                "numbers": np.arange(tokens.count),
            }
        )["vectors"]

    return read


def quick_embedder(folder: Path, head: str) -> TurnEmbedder:
    """A folder's encoder for single turns: read by ONNX Runtime where the environment asks for it.

    `auto` does not: the graph takes seconds to make, which a first turn would have to wait for, and over
    whole conversations PyTorch is as fast (docs/onnx.md). Raises InputError or CrossgateError where `onnx` is
    asked for and cannot be had.
    """
    embedder = turn_embedder(folder)
    if backend() != "onnx":
        return embedder
    return replace(embedder, reader=reader_of(_kept(folder.resolve(), embedder.version, head)))


@lru_cache(maxsize=4)
def _kept(folder: Path, _: str, head: str) -> Session:
    return made(text_graph(turn_embedder(folder), head))


def merged(encoder: TurnEncoder) -> TurnEncoder:
    """A copy in evaluation mode whose adapter is part of the base's weights: the same answers, less work."""
    copy = deepcopy(encoder).eval()
    for module in list(copy.modules()):
        if hasattr(module, "lora_A"):  # peft's layers; see TurnEncoder
            module.merge()  # type: ignore[operator]
    return copy


def text_graph(embedder: TurnEmbedder, head: str) -> Graph:
    """The graph of an encoder with one of its heads.

    Sizes are (windows, turns of each, words of each turn at most).
    """
    settings, tokenizer = embedder.encoder.settings, embedder.tokenizer
    vocabulary = embedder.encoder.base.get_input_embeddings().num_embeddings  # type: ignore[operator]
    most = (settings.max_tokens - 1) // 3

    def draw(size: tuple[int, ...], generator: torch.Generator) -> dict[str, Tensor]:
        windows, turns, words = size

        def turn() -> Turn:
            length = int(torch.randint(1, words + 1, (), generator=generator))
            tokens = torch.randint(vocabulary, (length + 1,), generator=generator).tolist()
            return Turn(tuple(tokens), length)

        drawn = [[turn() for _ in range(max(1, turns - row))] for row in range(windows)]
        packed = pack(drawn, tokenizer.first, tokenizer.padding)
        return {
            "ids": packed.ids,
            "turns": packed.turns,
            "words": packed.words,
            "numbers": torch.arange(packed.count),
        }

    token, turn_axis = ("batch", "token"), ("batch", "turn")
    return Graph(
        "text",
        TextGraph(merged(embedder.encoder), head).eval(),
        {"ids": token, "turns": token, "words": token, "numbers": ("turn",)},
        {"vectors": (*turn_axis, "feature"), "log_probabilities": (*turn_axis, "label")},
        frozenset({"batch", "token", "turn"}),
        draw,
        ((1, 1, 1), (3, 4, 6), (1, 12, 2), (2, most, 2)),
    )
