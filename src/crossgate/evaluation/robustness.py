"""How a score falls as one modality fails at more and more turns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import torch

from crossgate.conversation import Modality
from crossgate.emotions import UNLABELLED
from crossgate.evaluation.metrics import weighted_f1
from crossgate.evaluation.predictor import UNDIVIDED, predict
from crossgate.features.dataset import Example
from crossgate.features.standardize import LIMIT
from crossgate.models.network import Network
from crossgate.models.temperature import Temperature

MISSING, SHUFFLED, NOISE = "missing", "shuffled", "noise"
FAILURES = (MISSING, SHUFFLED, NOISE)
"""The modality is not there; it is that of another utterance of the split; it drowns in noise."""

SHARES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
"""Of the turns at which the modality is present, those at which it fails."""

NOISE_DEVIATION = 3.0
"""Standard deviation of the noise, in standard deviations of the feature in the train split."""

AT_ONCE = 512
"""Padded turns in a batch: a quarter less time on a CPU than with 2048, and passes are many."""

Array = npt.NDArray[np.float32]


def robustness_of(
    network: Network,
    examples: Sequence[Example],
    *,
    seed: int,
    temperature: Temperature = UNDIVIDED,
    done: Callable[[float], None] = lambda share: None,
) -> dict[str, dict[str, list[float]]]:
    """Weighted F1 by failure, modality, and share of turns, in the order of `SHARES`.

    The turns that fail at one share fail at every larger one, and they are the same for all failures: curves
    differ by what they show, not by what was drawn. `done` is told the share of the work that is done.
    """

    def score(changed: Sequence[Example]) -> float:
        found = predict(network, changed, temperature=temperature, turns_per_batch=AT_ONCE)
        known = found.labels != UNLABELLED
        answer = found.probabilities[known].argmax(axis=1)
        return weighted_f1(found.labels[known], answer, found.probabilities.shape[1])

    whole = score(examples)
    curves: dict[str, dict[str, list[float]]] = {failure: {} for failure in FAILURES}
    steps = len(FAILURES) * len(network.modalities)
    for step, (modality, failure) in enumerate((m, f) for m in network.modalities for f in FAILURES):
        curves[failure][modality] = [
            score(failing(examples, modality, failure, share, seed)) if share else whole for share in SHARES
        ]
        done((step + 1) / steps)
    return curves


def failing(
    examples: Sequence[Example], modality: Modality, failure: str, share: float, seed: int
) -> list[Example]:
    """The examples with one modality failing at a share of the turns at which it is present.

    `shuffled` gives a turn the values of another one of the split, never its own; at a share of 1 all values
    are still there, in another order. `noise` is added to the standardised features, which are then cut at
    `LIMIT` as always; a feature that does not vary has no noise either.

    Args:
        examples: of a split.
        modality: that fails.
        failure: one of `FAILURES`.
        share: from 0 to 1.
        seed: draws turns, donors and noise.
    """
    place = list(examples[0].values).index(modality)
    values = np.concatenate([example.values[modality].numpy() for example in examples])
    present = np.concatenate([example.present[place].numpy() for example in examples])
    random = np.random.default_rng([seed, place])
    order = random.permutation(np.flatnonzero(present))
    hit = order[: round(share * len(order))]
    if failure == MISSING:
        present[hit] = False
        values[hit] = 0.0
    elif failure == SHUFFLED:
        # One circle through all turns in random order: everybody's donor is somebody else, if there is one.
        circle = random.permutation(order)
        donor = np.empty(len(values), dtype=np.int64)
        donor[circle] = np.roll(circle, 1)
        values[hit] = values[donor[hit]]
    elif failure == NOISE:
        varies = values[order].std(axis=0) > 0 if len(order) else np.zeros(values.shape[1], dtype=bool)
        noise = NOISE_DEVIATION * random.standard_normal(values.shape, dtype=np.float32) * varies
        values[hit] = np.clip(values[hit] + noise[hit], -LIMIT, LIMIT)
    else:
        raise ValueError(f"{failure!r} is none of {', '.join(FAILURES)}")
    return _cut(examples, modality, place, values, present)


def mean_loss(curve: Sequence[float]) -> float:
    """Weighted F1 lost, the mean over the shares above 0."""
    return float(curve[0] - np.mean(curve[1:]))


def _cut(
    examples: Sequence[Example],
    modality: Modality,
    place: int,
    values: Array,
    present: npt.NDArray[np.bool_],
) -> list[Example]:
    """Cut the rows of a split into its conversations again."""
    changed, start = [], 0
    for example in examples:
        rows = slice(start, start + len(example))
        start += len(example)
        there = example.present.clone()
        there[place] = torch.from_numpy(present[rows])
        given = example.values | {modality: torch.from_numpy(values[rows])}
        changed.append(replace(example, values=given, present=there))
    return changed
