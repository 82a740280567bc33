"""Are women and men served alike? Accuracy and calibration of each, and their difference.

Gender is what a corpus gives of its speakers: IEMOCAP's names end in F or M; of MELD's the six main ones are
characters whose gender the series shows, mapped here by name, and nobody else's is guessed. It is that of a
role, or of an actor; a voice or a face is never asked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from crossgate.conversation import Conversation
from crossgate.errors import InputError
from crossgate.evaluation.bootstrap import RESAMPLES, conversation_sums, resampled
from crossgate.evaluation.calibration import reliability_of
from crossgate.evaluation.labelled import Labelled, groups_of, labelled_of
from crossgate.evaluation.metrics import weighted_f1_of

WOMEN, MEN = "women", "men"

MELD = dict.fromkeys(("Monica", "Phoebe", "Rachel"), WOMEN) | dict.fromkeys(("Chandler", "Joey", "Ross"), MEN)
"""MELD's six main speakers."""

_IEMOCAP = re.compile(r"^Ses\d\d_([FM])$")


@dataclass(frozen=True)
class Estimate:
    """A figure with the 95 % interval of a bootstrap over conversations."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Group:
    """How the utterances of one gender, or the difference of both, come out.

    Attributes:
        name: `women`, `men`, or `women less men`.
        utterances: labelled ones; 0 for the difference.
        accuracy: share answered right.
        weighted_f1: it depends on how often a group shows each emotion.
        overconfidence: mean confidence less accuracy; above 0 too sure.
        calibration_error: expected, 15 bins; None for the difference. It has no interval (`Intervals`).
    """

    name: str
    utterances: int
    accuracy: Estimate
    weighted_f1: Estimate
    overconfidence: Estimate
    calibration_error: float | None

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return asdict(self)


def gender_of(speaker: str) -> str | None:
    """`women` or `men` where MELD or IEMOCAP tells it of a speaker's name; else None."""
    found = _IEMOCAP.match(speaker)
    if found:
        return WOMEN if found.group(1) == "F" else MEN
    return MELD.get(speaker)


def by_gender(
    conversations: Sequence[Conversation], labels: npt.ArrayLike, probabilities: npt.ArrayLike
) -> tuple[Group, ...]:
    """Women, men, and women less men, drawn together: both from the same samples of conversations.

    Args:
        conversations: their utterances are the rows, in order.
        labels: (utterance,) class indices, `UNLABELLED` where there is none.
        probabilities: (utterance, emotion).

    Raises InputError where the corpus tells the gender of none, or of one alone.
    """
    labelled = labelled_of(labels, probabilities)
    genders = np.array([gender_of(u.speaker) or "" for c in conversations for u in c.utterances])[
        labelled.rows
    ]
    missing = [name for name in (WOMEN, MEN) if not (genders == name).any()]
    if missing:
        raise InputError(
            f"no speaker is known to be among the {' or the '.join(missing)}",
            fix="names are known of MELD's six main speakers and of IEMOCAP's; see evaluation/by_gender.py",
        )
    ids = [c.id for c in conversations for _ in c.utterances]
    rows = groups_of(ids, labelled)
    sums = np.stack(
        [conversation_sums(rows, _statistics(labelled, genders == g)) for g in (WOMEN, MEN)], axis=1
    )
    whole, drawn = _scores(sums.sum(axis=0)[None]), _scores(resampled(sums, RESAMPLES, seed=0))
    groups = []
    for place, name in enumerate((WOMEN, MEN)):
        own = genders == name
        error = reliability_of(_only(labelled, own)).expected_calibration_error
        estimates = _estimates(whole[0, place], drawn[:, place])
        groups.append(Group(name, int(own.sum()), *estimates, error))
    apart = _estimates(whole[0, 0] - whole[0, 1], drawn[:, 0] - drawn[:, 1])
    return (*groups, Group(f"{WOMEN} less {MEN}", 0, *apart, None))


def _statistics(labelled: Labelled, own: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """What each utterance adds, (utterance, emotion² + 1): its cell of the confusions, its confidence."""
    emotions = labelled.emotions
    rows = np.zeros((len(labelled), emotions**2 + 1))
    rows[np.arange(len(labelled)), labelled.labels * emotions + labelled.predicted] = 1
    rows[:, -1] = labelled.confidence
    rows[~own] = 0
    return rows


def _scores(sums: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """(resample, gender, ...) sums to (resample, gender, score): accuracy, weighted F1, overconfidence."""
    emotions = round((sums.shape[-1] - 1) ** 0.5)
    confusion = sums[..., :-1].reshape(*sums.shape[:-1], emotions, emotions)
    count = np.maximum(confusion.sum(axis=(-2, -1)), 1)
    accuracy = np.trace(confusion, axis1=-2, axis2=-1) / count
    return np.stack([accuracy, weighted_f1_of(confusion), sums[..., -1] / count - accuracy], axis=-1)


def _estimates(
    values: npt.NDArray[np.float64], drawn: npt.NDArray[np.float64]
) -> tuple[Estimate, Estimate, Estimate]:
    low, high = np.percentile(drawn, [2.5, 97.5], axis=0)
    one, two, three = (Estimate(*map(float, row)) for row in zip(values, low, high, strict=True))
    return one, two, three


def _only(labelled: Labelled, own: npt.NDArray[np.bool_]) -> Labelled:
    return Labelled(labelled.labels[own], labelled.probabilities[own], labelled.rows[own], 0)
