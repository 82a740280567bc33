"""The redundancy term: two modalities of a pair should not say the same thing twice."""

from __future__ import annotations

from torch import Tensor


def cross_correlation(first: Tensor, second: Tensor, valid: Tensor) -> Tensor:
    """Correlation of every feature of one modality with every feature of the other, over valid utterances.

    Args:
        first: (utterance, feature).
        second: (utterance, feature).
        valid: (utterance,) bool.

    Returns:
        (feature, feature); all 0 where fewer than two utterances are valid.
    """
    weight = valid.to(first.dtype)[:, None]
    count = weight.sum().clamp(min=1)

    def standardized(x: Tensor) -> Tensor:
        centred = (x - (x * weight).sum(dim=0) / count) * weight
        deviation = (centred.square().sum(dim=0) / count + 1e-5).sqrt()
        return centred / deviation

    return standardized(first).T @ standardized(second) / count


def redundancy(first: Tensor, second: Tensor, valid: Tensor) -> Tensor:
    """Mean squared off-diagonal cross-correlation, a scalar.

    Barlow Twins' second term (Zbontar et al. 2021, equation 1) between two modalities instead of two
    augmented images, and averaged over the pairs of features so that its weight does not depend on the width.
    The diagonal is left to the consistency term. With n utterances in the batch, independent features still
    have a squared correlation of about 1/n: the term has a floor that no training can remove.
    """
    correlation = cross_correlation(first, second, valid)
    features = correlation.shape[0]
    if features < 2:
        return correlation.sum() * 0
    off_diagonal = correlation.square().sum() - correlation.diagonal().square().sum()
    return off_diagonal / (features * (features - 1))
