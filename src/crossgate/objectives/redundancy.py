"""The redundancy term: two modalities of a pair should not say the same thing twice."""

from __future__ import annotations

from torch import Tensor


def standardized(x: Tensor, weight: Tensor, count: Tensor) -> Tensor:
    """Every feature with mean 0 and deviation 1 over the valid utterances; the others mean nothing.

    Means as products with the weights: they need no copy of `x`.

    Args:
        x: (..., utterance, feature).
        weight: (..., 1, utterance), 1 where valid, else 0.
        count: (..., 1, 1), how many are valid.
    """
    centred = x - weight @ x / count
    return centred * (weight @ centred.square() / count + 1e-5).rsqrt()


def redundancy(first: Tensor, second: Tensor, valid: Tensor) -> Tensor:
    """Mean squared off-diagonal cross-correlation of two modalities over the valid utterances.

    Barlow Twins' second term (Zbontar et al. 2021, equation 1) between two modalities instead of two
    augmented images, and averaged over the pairs of features so that its weight does not depend on the width.
    The diagonal is left to the consistency term. With n utterances in the batch, independent features still
    have a squared correlation of about 1/n: the term has a floor that no training can remove.

    Args:
        first: (..., utterance, feature), several pairs of modalities at once where there are leading axes.
        second: (..., utterance, feature).
        valid: (..., utterance) bool; with fewer than two of them the term is 0.

    Returns:
        (...), a scalar for one pair.
    """
    utterances, features = first.shape[-2:]
    if features < 2:
        return (first * 0).sum(dim=(-2, -1))
    weight = valid.to(first.dtype)[..., None, :]
    count = weight.sum(dim=-1, keepdim=True).clamp(min=1)
    a, b = (standardized(x, weight, count) for x in (first, second))
    across = a * b  # before the weights, which are their own squares
    diagonal = (weight @ across).square().sum(dim=(-2, -1))
    if utterances > features:
        whole = ((a * weight.mT).mT @ b).square().sum(dim=(-2, -1))
    else:
        # |A'B|^2 = sum of AA' * BB': a batch has fewer utterances than features, so this is smaller.
        whole = (a @ a.mT * (b @ b.mT) * (weight * weight.mT)).sum(dim=(-2, -1))
    return (whole - diagonal) / count[..., 0, 0] ** 2 / (features * (features - 1))
