"""Measures of expressions: the majority protocol and the mean recall."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from sklearn.metrics import accuracy_score, confusion_matrix, recall_score

from crossgate.emotions import UNLABELLED
from crossgate.errors import InputError
from crossgate.evaluation.expressions import (
    among_present,
    balanced_accuracy_of,
    majority_labels,
    measure_expressions,
)
from crossgate.features.visual.face_settings import EXPRESSIONS

CASES = [
    ([10, 0, 0, 0, 0, 0, 0, 0, 0, 0], 0),
    ([0, 6, 4, 0, 0, 0, 0, 0, 0, 0], 1),
    ([0, 5, 5, 0, 0, 0, 0, 0, 0, 0], UNLABELLED),
    ([0, 5, 3, 2, 0, 0, 0, 0, 0, 0], UNLABELLED),  # exactly half is no majority
    ([0, 5, 3, 1, 1, 0, 0, 0, 0, 0], 1),  # single votes are slips: 5 of 8
    ([0, 0, 0, 4, 0, 0, 0, 0, 4, 2], UNLABELLED),
    ([0, 0, 0, 0, 0, 0, 0, 0, 8, 2], UNLABELLED),  # the majority names no expression
    ([0, 0, 0, 0, 0, 0, 0, 0, 0, 10], UNLABELLED),
    ([0, 0, 0, 0, 0, 2, 1, 1, 1, 1], 5),
    ([1, 1, 1, 1, 1, 1, 1, 1, 1, 1], UNLABELLED),
    ([0, 0, 0, 0, 0, 0, 0, 0, 0, 0], UNLABELLED),
    ([0, 0, 0, 0, 0, 0, 0, 9, 0, 0], 7),
]


@pytest.mark.parametrize(("votes", "label"), CASES, ids=str)
def test_the_majority(votes: list[int], label: int) -> None:
    assert majority_labels([votes]).tolist() == [label]


def test_votes_of_another_shape_are_refused() -> None:
    for wrong in ([1, 2, 3], [[1, 2, 3]]):
        with pytest.raises(InputError, match="votes have shape"):
            majority_labels(wrong)


@settings(max_examples=25)
@given(
    arrays.arrays(np.int64, st.integers(1, 60), elements=st.integers(0, 7)),
    st.integers(0, 2**31),
)
def test_the_measures_are_scikit_learn_s(labels: np.ndarray, seed: int) -> None:
    random = np.random.default_rng(seed)
    posterior = random.dirichlet(np.ones(8), size=len(labels))
    predicted = posterior.argmax(axis=1)
    measured = measure_expressions(labels, posterior)
    assert measured.accuracy == pytest.approx(accuracy_score(labels, predicted))
    counts = confusion_matrix(labels, predicted, labels=range(8))
    assert np.array_equal(measured.detail.confusion, counts)
    recall = recall_score(labels, predicted, labels=np.unique(labels), average="macro", zero_division=0)
    assert measured.balanced_accuracy == pytest.approx(recall)
    assert (measured.accuracy_interval is None) == (len(labels) == 1)


def test_the_interval_holds_the_score_and_is_the_same_each_time() -> None:
    random = np.random.default_rng(0)
    labels = random.integers(8, size=400)
    posterior = 0.6 * np.eye(8)[labels] + 0.4 * random.dirichlet(np.full(8, 0.3), size=400)
    posterior[:100] = posterior[100:200]
    first, second = (measure_expressions(labels, posterior, seed=1) for _ in range(2))
    assert first == second
    assert first.accuracy_interval is not None
    assert first.accuracy_interval.low < first.accuracy < first.accuracy_interval.high
    assert first.balanced_accuracy_interval is not None
    assert (
        first.balanced_accuracy_interval.low < first.balanced_accuracy < first.balanced_accuracy_interval.high
    )


def test_images_without_a_label_are_left_out() -> None:
    posterior = np.eye(8)[[0, 1, 2]]
    measured = measure_expressions([0, UNLABELLED, 3], posterior)
    assert (measured.images, measured.measured, measured.accuracy) == (3, 2, 0.5)
    with pytest.raises(InputError):
        measure_expressions([UNLABELLED], np.eye(8)[:1])


def test_mean_recall_takes_many_matrices_and_leaves_out_what_does_not_occur() -> None:
    confusion = np.zeros((2, 8, 8))
    confusion[0, 0, 0], confusion[0, 1, 0] = 90, 10
    confusion[1, 2, 2] = 1
    assert balanced_accuracy_of(confusion).tolist() == [0.5, 1.0]
    assert balanced_accuracy_of(np.zeros((8, 8))) == 0


def test_among_present_never_chooses_what_does_not_occur() -> None:
    random = np.random.default_rng(0)
    posterior = random.dirichlet(np.ones(8), size=50)
    posterior[0] = np.eye(8)[7]
    shares = among_present([0, 1, UNLABELLED, 3], posterior)
    assert set(np.flatnonzero(shares.any(axis=0))) == {0, 1, 3}
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    np.testing.assert_allclose(shares[1, 0] / shares[1, 3], posterior[1, 0] / posterior[1, 3])
    with pytest.raises(InputError, match="no image has a label"):
        among_present([UNLABELLED], posterior[:1])


def test_as_json_it_is_plain() -> None:
    content = measure_expressions([0, 1], np.eye(8)[:2]).to_json()
    assert content["detail"]["confusion"][0] == [1, 0, 0, 0, 0, 0, 0, 0]
    assert [one["emotion"] for one in content["detail"]["classes"]] == list(EXPRESSIONS.labels)
