"""When to say nothing: the confidence from which on the answers are right often enough."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from crossgate.errors import InputError
from crossgate.evaluation.labelled import labelled_of

TARGET = 0.7
"""Share of the kept answers that shall be right."""


@dataclass(frozen=True)
class Abstention:
    """A threshold and what it does to the utterances it was chosen on.

    Attributes:
        threshold: a prediction of less confidence abstains; 0 where none need to.
        target: the accuracy that was asked for.
        coverage: the share of utterances that are answered.
        accuracy: of those.
    """

    threshold: float
    target: float
    coverage: float
    accuracy: float

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return asdict(self)


def choose_threshold(
    labels: npt.ArrayLike, probabilities: npt.ArrayLike, target: float = TARGET
) -> Abstention:
    """The smallest confidence at which the answers of that confidence or more are right often enough.

    It is put half way between the least confident answer kept and the next one, so that rounding moves none.

    Args:
        labels: (utterance,) class indices; `UNLABELLED` utterances are left out.
        probabilities: (utterance, emotion), calibrated, rows sum to 1.
        target: accuracy of the kept answers, more than 0 and at most 1.

    Raises InputError where no confidence reaches the target, and as `metrics.measure` does.
    """
    if not 0 < target <= 1:
        raise InputError(f"the target accuracy is {target}, expected more than 0 and at most 1")
    labelled = labelled_of(labels, probabilities)
    order = np.argsort(-labelled.confidence, kind="stable")
    confidence = labelled.confidence[order]
    accuracy = labelled.correct[order].cumsum() / np.arange(1, len(order) + 1)
    separable = np.append(confidence[:-1] > confidence[1:], True)  # equal confidences stay together
    reached = np.flatnonzero(separable & (accuracy >= target))
    if not reached.size:
        raise InputError(
            f"no confidence makes {100 * target:g} % of the answers right; the surest are "
            f"{100 * accuracy[np.flatnonzero(separable)].max():.1f} %",
            fix="ask for a lower target",
        )
    last = int(reached[-1])
    all_kept = last == len(order) - 1
    return Abstention(
        threshold=0.0 if all_kept else float((confidence[last] + confidence[last + 1]) / 2),
        target=target,
        coverage=(last + 1) / len(order),
        accuracy=float(accuracy[last]),
    )
