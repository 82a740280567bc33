"""The redundancy term: two modalities of a pair should not say the same thing twice."""

from __future__ import annotations

from torch import Tensor


def standardized(x: Tensor, valid: Tensor) -> Tensor:
    """Every feature with mean 0 and deviation 1 over the valid utterances, 0 at the others.

    Args:
        x: (utterance, feature).
        valid: (utterance,) bool.
    """
    weight = valid.to(x.dtype)[:, None]
    count = weight.sum().clamp(min=1)
    centred = (x - (x * weight).sum(dim=0) / count) * weight
    deviation = (centred.square().sum(dim=0) / count + 1e-5).sqrt()
    return centred / deviation


def redundancy(first: Tensor, second: Tensor, valid: Tensor) -> Tensor:
    """Mean squared off-diagonal cross-correlation of two modalities over the valid utterances, a scalar.

    Barlow Twins' second term (Zbontar et al. 2021, equation 1) between two modalities instead of two
    augmented images, and averaged over the pairs of features so that its weight does not depend on the width.
    The diagonal is left to the consistency term. With n utterances in the batch, independent features still
    have a squared correlation of about 1/n: the term has a floor that no training can remove.

    Args:
        first: (utterance, feature).
        second: (utterance, feature).
        valid: (utterance,) bool; with fewer than two of them the term is 0.
    """
    features = first.shape[1]
    if features < 2:
        return (first * 0).sum()
    count = valid.sum().clamp(min=1).to(first.dtype)
    a, b = standardized(first, valid), standardized(second, valid)
    # |A'B|^2 = sum of AA' * BB': a batch has fewer utterances than features, so this is the smaller product.
    whole = (a.T @ b).square().sum() if len(a) > features else ((a @ a.T) * (b @ b.T)).sum()
    diagonal = (a * b).sum(dim=0).square().sum()
    return (whole - diagonal) / count**2 / (features * (features - 1))
