"""What each modality adds to the answer: exact Shapley values over all subsets, and the gates beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import factorial
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from crossgate.conversation import INITIALS, Modality
from crossgate.emotions import UNLABELLED, LabelSet
from crossgate.evaluation.metrics import SMALLEST_PROBABILITY, weighted_f1

Array = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]

NOTHING = ""
"""The empty subset of modalities."""


@dataclass(frozen=True)
class Contributions:
    """Shapley values of the modalities of one network.

    Attributes:
        modalities: the players.
        worth: mean log-probability of the annotated emotion by subset (`""`, `t`, ..., `tav`), nats.
        worth_f1: weighted F1 by subset, shares of 1.
        values: (utterance, modality) Shapley values of the log-probability, nats; NaN where unlabelled.
        overall: their mean over labelled utterances, by modality.
        by_emotion: the same over the utterances of every annotated emotion; None where there is none.
        f1: Shapley values of the split's weighted F1, by modality.
    """

    modalities: tuple[Modality, ...]
    worth: dict[str, float]
    worth_f1: dict[str, float]
    values: Array
    overall: dict[str, float]
    by_emotion: dict[str, dict[str, float | None]]
    f1: dict[str, float]

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values, without those of single utterances."""
        return {
            "log_probability": self.overall,
            "by_emotion": self.by_emotion,
            "weighted_f1": self.f1,
            "worth": {name or "nothing": value for name, value in self.worth.items()},
            "worth_weighted_f1": {name or "nothing": value for name, value in self.worth_f1.items()},
        }


@dataclass(frozen=True)
class GateAgreement:
    """How much of the mixture each modality gives, and whether that goes with what it contributes.

    Attributes:
        shares: mean share by modality over labelled utterances.
        by_emotion: the same by annotated emotion; None where there is none.
        within: Spearman's rank correlation between shares and Shapley values over the modalities of one
            utterance, its mean over utterances with all modalities present; None where there is no such.
        across: by modality, Spearman's correlation between its share and its Shapley value over the
            utterances at which it is present; None where one of the two does not vary.
        utterances: number behind `within`.
    """

    shares: dict[str, float]
    by_emotion: dict[str, dict[str, float | None]]
    within: float | None
    across: dict[str, float | None]
    utterances: int

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values; the number of utterances is left out."""
        return {
            "shares": self.shares,
            "by_emotion": self.by_emotion,
            "rank_correlation_within_utterances": self.within,
            "rank_correlation_across_utterances": self.across,
        }


def shapley(worth: Mapping[str, Any], players: Sequence[str]) -> list[Array]:
    """Exact Shapley values (Shapley, A Value for n-Person Games, 1953), one array a player.

    phi_m = sum over S without m of |S|! (n - |S| - 1)! / n! (v(S + m) - v(S)); they add up to
    v(all) - v(nothing).

    Args:
        worth: v, by subset as the letters of its players in their order; `""` is nothing. Numbers or arrays
            of one shape.
        players: one letter each, n of them.
    """
    n = len(players)
    found = []
    for player in players:
        others = [one for one in players if one != player]
        value = np.zeros_like(np.asarray(worth[NOTHING], dtype=np.float64))
        for size in range(n):
            weight = factorial(size) * factorial(n - size - 1) / factorial(n)
            for subset in combinations(others, size):
                joined = "".join(one for one in players if one in (*subset, player))
                value = value + weight * (np.asarray(worth[joined]) - np.asarray(worth["".join(subset)]))
        found.append(value)
    return found


def contributions_of(
    labels: Labels,
    answers: Mapping[str, npt.NDArray[np.floating]],
    modalities: Sequence[Modality],
    label_set: LabelSet,
) -> Contributions:
    """Shapley values of modalities, from what a network answers given every subset of them.

    Args:
        labels: (utterance,) class indices; `UNLABELLED` utterances are left out.
        answers: probabilities (utterance, emotion) by subset, `""` (nothing) and all modalities among them.
        modalities: of the network, in its order.
        label_set: names the emotions.
    """
    known = labels != UNLABELLED
    truth = labels[known]
    letters = [INITIALS[m] for m in modalities]
    surprise = {
        name: np.log(np.maximum(values[known][np.arange(len(truth)), truth], SMALLEST_PROBABILITY))
        for name, values in answers.items()
    }
    scores = {
        name: weighted_f1(truth, values[known].argmax(axis=1), len(label_set))
        for name, values in answers.items()
    }
    counted = np.stack(shapley(surprise, letters), axis=1)
    values = np.full((len(labels), len(letters)), np.nan)
    values[known] = counted
    return Contributions(
        modalities=tuple(modalities),
        worth={name: float(value.mean()) for name, value in surprise.items()},
        worth_f1=scores,
        values=values,
        overall=_means(counted, modalities),
        by_emotion=_by_emotion(counted, truth, modalities, label_set),
        f1={m: float(v) for m, v in zip(modalities, shapley(scores, letters), strict=True)},
    )


def with_prior(
    probabilities: npt.NDArray[np.floating], answered: npt.NDArray[np.bool_], prior: Array
) -> Array:
    """Probabilities (utterance, emotion) with the prior (emotion,) where nothing was there to answer from.

    No network learns what to say of an utterance without any modality (`models/modality_dropout.py` never
    hides all), so that what it says there is no answer of its own. Another choice would move the values of
    all modalities of an utterance by the same amount.
    """
    filled: Array = np.where(answered[:, None], probabilities, prior)
    return filled


def prior_of(labels: Labels, emotions: int) -> Array:
    """(emotion,) frequencies of the labels, each counted once more than it occurs: none may be 0."""
    counts = np.bincount(labels[labels != UNLABELLED], minlength=emotions) + 1.0
    frequencies: Array = counts / counts.sum()
    return frequencies


def agreement_of(
    contributions: Contributions,
    shares: npt.NDArray[np.floating],
    present: npt.NDArray[np.bool_],
    labels: Labels,
    label_set: LabelSet,
) -> GateAgreement:
    """Compare the gates' shares with Shapley values.

    Args:
        contributions: of the same utterances.
        shares: (utterance, modality), of the network given everything.
        present: (utterance, modality) bool.
        labels: (utterance,) class indices.
        label_set: names the emotions.
    """
    modalities = contributions.modalities
    known = labels != UNLABELLED
    given, values, there = shares[known].astype(np.float64), contributions.values[known], present[known]
    whole = there.all(axis=1)
    ranked = _row_correlations(given[whole], values[whole]) if len(modalities) > 1 else np.empty(0)
    ranked = ranked[np.isfinite(ranked)]
    return GateAgreement(
        shares=_means(given, modalities),
        by_emotion=_by_emotion(given, labels[known], modalities, label_set),
        within=float(ranked.mean()) if len(ranked) else None,
        across={
            m: _finite(_row_correlations(given[there[:, k], k][None], values[there[:, k], k][None])[0])
            if there[:, k].sum() > 1
            else None
            for k, m in enumerate(modalities)
        },
        utterances=len(ranked),
    )


def _row_correlations(first: Array, second: Array) -> Array:
    """(row,) Spearman's rank correlation of the rows of (row, item) and (row, item); NaN where undefined."""
    a, b = (rankdata(np.round(values, 12), axis=1) for values in (first, second))
    a, b = (ranks - ranks.mean(axis=1, keepdims=True) for ranks in (a, b))
    size = np.sqrt(np.square(a).sum(axis=1) * np.square(b).sum(axis=1))
    undefined = np.full(len(a), np.nan)
    correlations: Array = np.divide((a * b).sum(axis=1), size, out=undefined, where=size > 0)
    return correlations


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _means(values: Array, modalities: Sequence[Modality]) -> dict[str, float]:
    return {m: float(mean) for m, mean in zip(modalities, values.mean(axis=0), strict=True)}


def _by_emotion(
    values: Array, truth: Labels, modalities: Sequence[Modality], label_set: LabelSet
) -> dict[str, dict[str, float | None]]:
    """Means of (utterance, modality) over the utterances of each emotion."""
    by_emotion = {emotion: values[truth == index] for index, emotion in enumerate(label_set.labels)}
    return {
        emotion: {m: float(rows[:, k].mean()) if len(rows) else None for k, m in enumerate(modalities)}
        for emotion, rows in by_emotion.items()
    }
