"""Networks at work on examples: probabilities of every utterance, of every view."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from crossgate.features.dataset import Example, collate
from crossgate.models.network import Network
from crossgate.models.temperature import Temperature
from crossgate.models.views import Views

Floats = npt.NDArray[np.float32]

UNDIVIDED = Temperature()
"""Leaves logits as they are."""

TURNS_PER_BATCH = 2048
"""Padded turns held at once, so that memory does not grow with the corpus."""


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
    temperature: Temperature = UNDIVIDED,
    device: torch.device | None = None,
    turns_per_batch: int = TURNS_PER_BATCH,
) -> Predictions:
    """Run a network in evaluation mode over examples; the mode it was in is restored.

    `temperature` divides the logits of every view, by what is given of a turn. `turns_per_batch` bounds the
    padded turns held at once.
    """
    parts: dict[int, tuple[Floats, npt.NDArray[np.bool_], Floats]] = {}

    def keep(group: list[int], views: Views) -> None:
        logits = temperature.divide(views.names, views.logits.float(), views.valid)
        probabilities = logits.softmax(dim=-1).cpu().numpy()
        assert views.shares is not None  # the network is not training
        valid, shares = views.valid.cpu().numpy(), views.shares.float().cpu().numpy()
        for row, index in enumerate(group):
            end = len(examples[index])
            parts[index] = (probabilities[:, row, :end], valid[:, row, :end], shares[row, :end])

    _run(network, examples, keep, device, turns_per_batch)
    ordered = [parts[index] for index in range(len(examples))]
    return Predictions(
        network.views,
        np.concatenate([part[0] for part in ordered], axis=1),
        np.concatenate([part[1] for part in ordered], axis=1),
        np.concatenate([part[2] for part in ordered], axis=0),
        torch.cat([example.labels for example in examples]).numpy(),
    )


def represent(
    network: Network,
    examples: Sequence[Example],
    *,
    device: torch.device | None = None,
    turns_per_batch: int = TURNS_PER_BATCH,
) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """What the heads read: features (view, utterance, feature), and where valid, (view, utterance) bool.

    The views are those of `network.views`, the utterances and the mode of the network as in `predict`.
    """
    parts: dict[int, tuple[Floats, npt.NDArray[np.bool_]]] = {}

    def keep(group: list[int], views: Views) -> None:
        features, valid = views.features.float().cpu().numpy(), views.valid.cpu().numpy()
        for row, index in enumerate(group):
            end = len(examples[index])
            parts[index] = (features[:, row, :end], valid[:, row, :end])

    _run(network, examples, keep, device, turns_per_batch)
    ordered = [parts[index] for index in range(len(examples))]
    return (
        np.concatenate([part[0] for part in ordered], axis=1),
        np.concatenate([part[1] for part in ordered], axis=1),
    )


def _run(
    network: Network,
    examples: Sequence[Example],
    keep: Callable[[list[int], Views], None],
    device: torch.device | None,
    turns_per_batch: int,
) -> None:
    """Run a network in evaluation mode; `keep` is given the places of a batch's examples and their views."""
    device = device or torch.device("cpu")
    was_training = network.training
    if was_training:
        network.eval()
    order = sorted(range(len(examples)), key=lambda index: len(examples[index]))
    with torch.inference_mode():
        for group in _groups(order, [len(example) for example in examples], turns_per_batch):
            batch = collate([examples[index] for index in group]).to(device)
            keep(group, network(batch.values, batch.present, batch.speakers, batch.turns))
    if was_training:
        network.train()


def _groups(order: list[int], lengths: list[int], limit: int) -> list[list[int]]:
    """Neighbours in length together, each group at most `limit` padded turns, or a single conversation."""
    groups: list[list[int]] = []
    for index in order:  # lengths rise, so the newest is the longest of its group
        if groups and (len(groups[-1]) + 1) * lengths[index] <= limit:
            groups[-1].append(index)
        else:
            groups.append([index])
    return groups
