"""Do two modalities say the same thing twice? The likeness of their representations over a split.

*Linear CKA* (Kornblith et al., Similarity of Neural Network Representations Revisited, ICML 2019) asks
whether two representations put the same utterances close together; a rotation of features changes nothing.
*Cross-correlation* is the term the objective minimises (`objectives/redundancy.py`), here over a whole split.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
import torch

from crossgate.conversation import INITIALS
from crossgate.evaluation.predictor import represent
from crossgate.features.dataset import Example
from crossgate.models.network import Network
from crossgate.objectives.redundancy import redundancy

FEWEST = 4
"""Utterances the unbiased estimator of HSIC needs at least: it divides by n (n - 3)."""

Array = npt.NDArray[np.floating]


@dataclass(frozen=True)
class PairRedundancy:
    """The likeness of two modalities over the utterances at which both are present.

    Attributes:
        cka: debiased linear CKA of the two representations; None where it is not defined.
        cross_correlation: mean squared off-diagonal cross-correlation of the two.
        inputs_cka: debiased linear CKA of what the network was given for them, its standardised features.
        utterances: number of utterances counted.
    """

    cka: float | None
    cross_correlation: float
    inputs_cka: float | None
    utterances: int


def redundancy_of(network: Network, examples: list[Example]) -> dict[str, PairRedundancy]:
    """Every pair of the network's single-modality representations, by the pair's letters (`ta`, `tv`, `av`).

    The representation of a modality is what the head of its single view reads; in CrossGate u_m, the modality
    after the others have strengthened it. Empty where the network has fewer than two single views. A pair
    that is never present together has no entry.
    """
    singles = [INITIALS[m] for m in network.modalities if INITIALS[m] in network.views]
    if len(singles) < 2:
        return {}
    features, valid = represent(network, examples)
    inputs = {
        INITIALS[m]: np.concatenate([example.values[m].numpy() for example in examples])
        for m in network.modalities
    }
    own = {letter: network.views.index(letter) for letter in singles}
    found = {}
    for first, second in combinations(singles, 2):
        both = valid[own[first]] & valid[own[second]]
        if not both.any():
            continue
        a, b = (features[own[letter]][both] for letter in (first, second))
        found[first + second] = PairRedundancy(
            cka=linear_cka(a, b),
            cross_correlation=cross_correlation(a, b),
            inputs_cka=linear_cka(inputs[first][both], inputs[second][both]),
            utterances=int(both.sum()),
        )
    return found


def cross_correlation(first: Array, second: Array) -> float:
    """Mean squared off-diagonal cross-correlation of (utterance, feature) and (utterance, feature).

    Of independent features it is about 1 / utterances, not 0.
    """
    a, b = (torch.from_numpy(np.asarray(x, dtype=np.float64)) for x in (first, second))
    return float(redundancy(a, b, torch.ones(len(a), dtype=torch.bool)))


def linear_cka(first: Array, second: Array) -> float | None:
    """Debiased linear CKA of two representations of the same utterances, 1 for the same up to a rotation.

    CKA = HSIC(K, L) / sqrt(HSIC(K, K) HSIC(L, L)) with K = XX', L = YY' (Kornblith et al. 2019), and the
    unbiased estimator of HSIC of Song et al. (Feature Selection via Dependence Maximization, JMLR 13, 2012),
    as Nguyen, Raghu and Kornblith (Do Wide and Deep Networks Learn the Same Things?, ICLR 2021, equation 3)
    use it. With the usual, biased estimator CKA of independent representations rises towards 1 as features
    outnumber utterances; here it stays about 0, and may be a little below. The ratio of unbiased estimates
    is itself not quite unbiased.

    Args:
        first: (utterance, feature).
        second: (utterance, other feature).

    Returns:
        None for fewer than four utterances, and where a representation does not vary.
    """
    x, y = (np.asarray(values, dtype=np.float64) for values in (first, second))
    if len(x) < FEWEST:
        return None
    if _constant(x) or _constant(y):
        return None
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)  # changes nothing but rounding
    own = (_hsic(x, x), _hsic(y, y))
    return float(_hsic(x, y) / np.sqrt(own[0] * own[1])) if min(own) > 0 else None


def _constant(x: Array) -> bool:
    """Whether (utterance, feature) varies by no more than rounding."""
    return bool(x.var(axis=0).sum() <= 1e-12 * np.square(x).mean(axis=0).sum())


def _hsic(x: Array, y: Array) -> float:
    """Song et al.'s unbiased HSIC of linear kernels, without the kernels: n x n numbers would be too many.

    With K~ = XX' and L~ = YY', their diagonals 0:
    HSIC = [tr K~L~ + 1'K~1 1'L~1 / ((n - 1)(n - 2)) - 2 / (n - 2) 1'K~L~1] / (n (n - 3)).
    """
    n = len(x)
    own_x, own_y = np.square(x).sum(axis=1), np.square(y).sum(axis=1)
    rows_x, rows_y = x @ x.sum(axis=0) - own_x, y @ y.sum(axis=0) - own_y  # K~1 and L~1
    trace = np.square(x.T @ y).sum() - own_x @ own_y
    means = rows_x.sum() * rows_y.sum() / ((n - 1) * (n - 2))
    return float((trace + means - 2 * (rows_x @ rows_y) / (n - 2)) / (n * (n - 3)))
