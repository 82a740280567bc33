"""The temperatures, the threshold, and the figures of the card, all from the same predictions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from crossgate.conversation import Conversation
from crossgate.emotions import UNLABELLED, LabelSet
from crossgate.evaluation.calibration import at_temperature, fit_temperature, reliability, reliability_of
from crossgate.evaluation.labelled import groups_of, labelled_of
from crossgate.evaluation.metrics import SMALLEST_PROBABILITY, measure
from crossgate.evaluation.packing.abstention import Abstention, choose_threshold
from crossgate.evaluation.report import Report, evaluate_predictions
from crossgate.models.temperature import Temperature


@dataclass(frozen=True)
class Measured:
    """What a card states.

    Attributes:
        report: of the calibrated probabilities, given what is reported on.
        temperature: divides the logits, by what is given of a turn.
        error_before: expected calibration error at temperature 1.
        error_crossed: the same where each half of the conversations was calibrated by the other half; None
            where there is but one conversation.
        abstention: the threshold, chosen on the calibrated probabilities.
        subsets: scores of the network given only some modalities, by subset, the full one last; that alone
            where the run kept no other predictions of its folds.
    """

    report: Report
    temperature: Temperature
    error_before: float
    error_crossed: float | None
    abstention: Abstention
    subsets: dict[str, dict[str, float]]

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "calibration": {
                **self.temperature.to_json(),
                "expected_calibration_error_before": self.error_before,
                "expected_calibration_error": self.report.calibration.expected_calibration_error,
                "expected_calibration_error_crossed": self.error_crossed,
                "abstention": self.abstention.to_json(),
            },
            "report": self.report.to_json(),
            "subsets": self.subsets,
        }


def measure_for_card(
    labels: LabelSet,
    conversations: tuple[Conversation, ...],
    subsets: Mapping[str, npt.NDArray[np.float32]],
    given: str,
    there: npt.NDArray[np.str_],
    *,
    title: str,
    seeds: int,
    target: float,
) -> Measured:
    """Fit and measure.

    Args:
        labels: the label set.
        conversations: with labels; their utterances are the rows, in order.
        subsets: probabilities (utterance, emotion) at temperature 1, by the modalities given; of `given`
            at least.
        given: what report and threshold are for, and the usual temperature.
        there: (utterance,) letters of the modalities an utterance has in the corpus.
        title: of the report.
        seeds: how many networks answer as one.
        target: accuracy of the answers that are kept, see `choose_threshold`.
    """
    truth = np.array([labels.index(u.emotion) for c in conversations for u in c.utterances])
    ids = [c.id for c in conversations for _ in c.utterances]
    probabilities = subsets[given]
    labelled = np.flatnonzero(truth != UNLABELLED)
    temperature = _fitted(truth, subsets, given, there, labelled)
    calibrated = _calibrated(probabilities, temperature, given, there)
    return Measured(
        report=evaluate_predictions(labels, truth, calibrated, ids, title=title, seeds=seeds),
        temperature=temperature,
        error_before=reliability(truth, probabilities).expected_calibration_error,
        error_crossed=_crossed(truth, subsets, given, there, ids),
        abstention=choose_threshold(truth, calibrated, target),
        subsets={
            name: _scores(labels, truth, _calibrated(values, temperature, name, there))
            for name, values in subsets.items()
        },
    )


def _fitted(
    truth: npt.NDArray[np.int64],
    subsets: Mapping[str, npt.NDArray[np.float32]],
    given: str,
    there: npt.NDArray[np.str_],
    rows: npt.NDArray[np.intp],
) -> Temperature:
    """The likeliest temperature of every subset, on those of `rows` that have all of it.

    `given` has the usual one. What is not in `given` may not be the corpus' own (`crossgate pair`): it may
    make answers less sure than usual, and not surer.
    """
    own = {name: rows[_cut(there[rows], name) == name] for name in subsets}
    own = {name: found for name, found in own.items() if found.size}
    usual = own.pop(given, rows)  # all of them, where no utterance has everything
    temperature = fit_temperature(truth[usual], _logits(subsets[given][usual]))
    found = {name: fit_temperature(truth[part], _logits(subsets[name][part])) for name, part in own.items()}
    return Temperature(
        temperature,
        {name: value for name, value in found.items() if value > temperature or set(name) < set(given)},
    )


def _cut(there: npt.NDArray[np.str_], subset: str) -> npt.NDArray[np.str_]:
    """What utterances have of a subset."""
    cut = ["".join(letter for letter in letters if letter in subset) for letters in there]
    return np.array(cut, dtype=np.str_)


def _calibrated(
    probabilities: npt.NDArray[np.float32],
    temperature: Temperature,
    subset: str,
    there: npt.NDArray[np.str_],
) -> npt.NDArray[np.float64]:
    """As the network that ships answers: an utterance that lacks a modality of the subset is given fewer."""
    given = _cut(there, subset)
    return at_temperature(probabilities, np.array([[temperature.of(letters)] for letters in given]))


def _crossed(
    truth: npt.NDArray[np.int64],
    subsets: Mapping[str, npt.NDArray[np.float32]],
    given: str,
    there: npt.NDArray[np.str_],
    ids: list[str],
) -> float | None:
    """Calibration error where no utterance's temperature was fitted on its own conversation."""
    labelled = labelled_of(truth, subsets[given])
    half = groups_of(ids, labelled) % 2
    if not half.any():
        return None
    rows = np.flatnonzero(truth != UNLABELLED)
    calibrated = np.empty_like(labelled.probabilities)
    for own in (half == 0, half == 1):
        temperature = _fitted(truth, subsets, given, there, rows[~own])
        calibrated[own] = _calibrated(subsets[given][rows[own]], temperature, given, there[rows[own]])
    return reliability_of(labelled_of(labelled.labels, calibrated)).expected_calibration_error


def _scores(
    labels: LabelSet, truth: npt.NDArray[np.int64], probabilities: npt.NDArray[np.float64]
) -> dict[str, float]:
    found = measure(truth, probabilities, labels)
    return {
        "weighted_f1": found.weighted_f1,
        "macro_f1": found.macro_f1,
        "accuracy": found.accuracy,
        "expected_calibration_error": reliability(truth, probabilities).expected_calibration_error,
    }


def _logits(probabilities: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Log-probabilities, which differ from the logits by a constant a row."""
    given = np.asarray(probabilities, dtype=np.float64)
    logits: npt.NDArray[np.float64] = np.log(np.maximum(given, SMALLEST_PROBABILITY))
    return logits
