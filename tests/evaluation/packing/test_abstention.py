"""The threshold keeps as many answers as it may, and no more."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossgate.emotions import UNLABELLED
from crossgate.errors import InputError
from crossgate.evaluation.packing.abstention import choose_threshold


def answers(confidence: list[float]) -> np.ndarray:
    """Distributions over two emotions, the first the likelier."""
    return np.array([[value, 1 - value] for value in confidence])


def test_the_smallest_confidence_that_reaches_the_target() -> None:
    # Right, right, wrong, right, wrong: accuracies 1, 1, 2/3, 3/4, 3/5 from the surest down.
    found = choose_threshold([0, 0, 1, 0, 1], answers([0.95, 0.9, 0.8, 0.7, 0.6]), 0.7)
    assert found.threshold == pytest.approx(0.65)
    assert (found.coverage, found.accuracy) == (0.8, 0.75)


def test_where_all_are_right_often_enough_none_is_dropped() -> None:
    found = choose_threshold([0, 0, 1], answers([0.9, 0.8, 0.7]), 0.6)
    assert (found.threshold, found.coverage) == (0.0, 1.0)


def test_equal_confidences_stay_together() -> None:
    # Cut between the two at 0.8, accuracy would be 1; they cannot be told apart.
    found = choose_threshold([0, 0, 1, 1], answers([0.9, 0.8, 0.8, 0.6]), 0.7)
    assert (found.threshold, found.coverage) == (pytest.approx(0.85), 0.25)


def test_unlabelled_utterances_do_not_count() -> None:
    found = choose_threshold([0, UNLABELLED, 0], answers([0.9, 0.99, 0.8]), 1.0)
    assert found.coverage == 1.0


def test_a_target_out_of_reach_is_said() -> None:
    with pytest.raises(InputError, match=r"the surest are 50\.0 %"):
        choose_threshold([1, 0], answers([0.9, 0.8]), 0.7)


@pytest.mark.parametrize("target", [0.0, -1.0, 1.1, float("nan")])
def test_a_target_that_cannot_be_is_refused(target: float) -> None:
    with pytest.raises(InputError, match="target accuracy"):
        choose_threshold([0], answers([0.9]), target)


@given(
    st.lists(st.tuples(st.integers(0, 1), st.sampled_from([0.55, 0.6, 0.7, 0.8, 0.9, 0.99])), min_size=1),
    st.floats(0.05, 1.0),
)
def test_what_is_kept_is_right_often_enough_and_no_lower_threshold_is(
    rows: list[tuple[int, float]], target: float
) -> None:
    labels, confidence = (np.array(column) for column in zip(*rows, strict=True))
    reached = [(labels[confidence >= value] == 0).mean() >= target for value in sorted(set(confidence))]
    if not any(reached):
        with pytest.raises(InputError):
            choose_threshold(labels, answers(confidence.tolist()), target)
        return
    found = choose_threshold(labels, answers(confidence.tolist()), target)
    kept = confidence >= found.threshold
    assert (labels[kept] == 0).mean() == pytest.approx(found.accuracy)
    assert found.accuracy >= target
    assert kept.mean() == pytest.approx(found.coverage)
    assert confidence[kept].min() == sorted(set(confidence))[reached.index(True)]
