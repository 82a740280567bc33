"""Zero mean and unit variance by the train split; nothing infinite, missing or constant gets past here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from crossgate.errors import InputError

LIMIT = 8.0
"""Standard deviations at which a value is cut: an outlier of a measurement must not rule a network."""

Array = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Standardizer:
    """Statistics of one modality, learned on the train split only and kept in the checkpoint.

    Attributes:
        mean: (feature,) float32.
        scale: (feature,) float32, 1 / standard deviation; 0 for a constant column, which thus says nothing.
    """

    mean: Array
    scale: Array

    @classmethod
    def fit(cls, values: Array, present: npt.NDArray[np.bool_]) -> Standardizer:
        """Learn from `values (utterance, feature)` where present, leaving out what is not finite."""
        rows = values[present].astype(np.float64)
        rows[~np.isfinite(rows)] = np.nan
        counts = (~np.isnan(rows)).sum(axis=0)
        filled = np.nan_to_num(rows)
        mean = filled.sum(axis=0) / np.maximum(counts, 1)
        spread = np.where(np.isnan(rows), 0.0, (rows - mean) ** 2).sum(axis=0)
        deviation = np.sqrt(spread / np.maximum(counts, 1))
        # Rounding gives a constant column a deviation of about 1e-16 of its size.
        constant = deviation <= 1e-6 * np.maximum(1.0, np.abs(mean))
        scale = np.where(constant, 0.0, 1.0 / np.where(constant, 1.0, deviation))
        return cls(mean.astype(np.float32), scale.astype(np.float32))

    def __call__(self, values: Array) -> Array:
        """Standardise (utterance, feature); what was not measured becomes the mean, 0."""
        if values.shape[-1] != self.mean.shape[0]:
            raise InputError(
                f"the features have {values.shape[-1]} dimensions, expected {self.mean.shape[0]}"
            )
        with np.errstate(invalid="ignore", over="ignore"):
            scaled = (values - self.mean) * self.scale
        scaled[~np.isfinite(values)] = 0.0
        cut: Array = np.clip(np.nan_to_num(scaled), -LIMIT, LIMIT).astype(np.float32, copy=False)
        return cut
