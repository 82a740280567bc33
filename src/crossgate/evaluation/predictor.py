"""Networks at work on examples: probabilities of every utterance, of every view."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from crossgate.features.dataset import Example, collate
from crossgate.models.network import Network

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Predictions:
    """What a network says of the utterances of examples, in their order.

    Attributes:
        names: the views, the full view last.
        views: (view, utterance, emotion) probabilities.
        valid: (view, utterance) bool: the modalities of the view are present.
        shares: (utterance, modality), how much of the mixture each modality gives.
        labels: (utterance,) class indices, `UNLABELLED` where there is none.
    """

    names: tuple[str, ...]
    views: Floats
    valid: npt.NDArray[np.bool_]
    shares: Floats
    labels: npt.NDArray[np.int64]

    @property
    def probabilities(self) -> Floats:
        """Of the full view, (utterance, emotion)."""
        full: Floats = self.views[-1]
        return full


def predict(
    network: Network,
    examples: Sequence[Example],
    *,
    temperature: float = 1.0,
    device: torch.device | None = None,
    turns_per_batch: int = 2048,
) -> Predictions:
    """Run a network in evaluation mode over examples; the mode it was in is restored.

    `temperature` divides the logits of every view. `turns_per_batch` bounds the padded turns held at once, so
    that memory does not grow with the corpus.
    """
    device = device or torch.device("cpu")
    was_training = network.training
    network.eval()
    order = sorted(range(len(examples)), key=lambda index: len(examples[index]))
    parts: dict[int, tuple[Floats, npt.NDArray[np.bool_], Floats]] = {}
    with torch.inference_mode():
        for group in _groups(order, [len(example) for example in examples], turns_per_batch):
            batch = collate([examples[index] for index in group]).to(device)
            views = network(batch.values, batch.present, batch.speakers, batch.turns)
            probabilities = (views.logits.float() / temperature).softmax(dim=-1).cpu().numpy()
            assert views.shares is not None  # the network is not training
            valid, shares = views.valid.cpu().numpy(), views.shares.float().cpu().numpy()
            for row, index in enumerate(group):
                end = len(examples[index])
                parts[index] = (probabilities[:, row, :end], valid[:, row, :end], shares[row, :end])
    network.train(was_training)
    ordered = [parts[index] for index in range(len(examples))]
    return Predictions(
        network.views,
        np.concatenate([part[0] for part in ordered], axis=1),
        np.concatenate([part[1] for part in ordered], axis=1),
        np.concatenate([part[2] for part in ordered], axis=0),
        torch.cat([example.labels for example in examples]).numpy(),
    )


def _groups(order: list[int], lengths: list[int], limit: int) -> list[list[int]]:
    """Neighbours in length together, each group at most `limit` padded turns, or a single conversation."""
    groups: list[list[int]] = []
    for index in order:  # lengths rise, so the newest is the longest of its group
        if groups and (len(groups[-1]) + 1) * lengths[index] <= limit:
            groups[-1].append(index)
        else:
            groups.append([index])
    return groups
