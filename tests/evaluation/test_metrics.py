from __future__ import annotations

import json
import math

import numpy as np
import pytest
import torch
import torchmetrics.functional.classification as reference
from evaluation_data import make_predictions
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score, log_loss

from crossgate.emotions import MELD, UNLABELLED, LabelSet
from crossgate.errors import InputError
from crossgate.evaluation.labelled import groups_of, labelled_of
from crossgate.evaluation.metrics import accuracy_of, f1_of, macro_f1_of, measure, weighted_f1_of

TWO = LabelSet("two", ("up", "down"))


@pytest.mark.parametrize("seed", range(4))
def test_agrees_with_torchmetrics(seed: int) -> None:
    given = make_predictions(seed, utterances=200 + 100 * seed)
    got = measure(given.labels, given.probabilities, MELD)
    labels, probabilities = torch.tensor(given.labels), torch.tensor(given.probabilities)
    assert got.accuracy == pytest.approx(
        float(reference.multiclass_accuracy(probabilities, labels, 7, average="micro"))
    )
    for average, value in (("weighted", got.weighted_f1), ("macro", got.macro_f1)):
        assert value == pytest.approx(
            float(reference.multiclass_f1_score(probabilities, labels, 7, average=average)), abs=1e-6
        )
    each = {
        "precision": reference.multiclass_precision(probabilities, labels, 7, average=None),
        "recall": reference.multiclass_recall(probabilities, labels, 7, average=None),
        "f1": reference.multiclass_f1_score(probabilities, labels, 7, average=None),
    }
    for name, values in each.items():
        assert [getattr(one, name) for one in got.classes] == pytest.approx(values.tolist(), abs=1e-6)
    confusion = reference.multiclass_confusion_matrix(probabilities, labels, 7)
    assert np.array_equal(got.confusion, confusion.numpy())
    assert got.negative_log_likelihood == pytest.approx(
        log_loss(given.labels, given.probabilities, labels=range(7))
    )


def test_an_emotion_that_never_occurs_is_left_out_of_macro_f1_as_by_the_reference() -> None:
    labels = np.array([0, 0, 1, 1])
    probabilities = np.eye(7)[[0, 1, 1, 1]]
    got = measure(labels, probabilities, MELD)
    assert got.macro_f1 == pytest.approx(f1_score(labels, probabilities.argmax(axis=1), average="macro"))
    torch_value = reference.multiclass_f1_score(
        torch.tensor(probabilities), torch.tensor(labels), 7, average="macro"
    )
    assert got.macro_f1 == pytest.approx(float(torch_value))


def test_perfect_predictions_score_one() -> None:
    labels = np.arange(21) % 7
    got = measure(labels, np.eye(7)[labels], MELD)
    assert got.accuracy == got.weighted_f1 == got.macro_f1 == 1
    assert got.negative_log_likelihood == 0
    assert all(one.precision == one.recall == one.f1 == 1 and one.support == 3 for one in got.classes)


def test_unlabelled_utterances_are_left_out() -> None:
    some = make_predictions(3)
    blanked = some.labels.copy()
    blanked[::5] = UNLABELLED
    kept = blanked != UNLABELLED
    got = measure(blanked, some.probabilities, MELD)
    assert (got.utterances, got.unlabelled) == (400, 100)
    alone = measure(some.labels[kept], some.probabilities[kept], MELD)
    assert got.to_json() == {**alone.to_json(), "unlabelled": 100}


def test_nothing_labelled_is_an_error_with_a_way_out() -> None:
    with pytest.raises(InputError, match=r"none of the 3 utterances is labelled(.|\n)*crossgate predict"):
        measure(np.full(3, UNLABELLED), np.full((3, 7), 1 / 7), MELD)
    with pytest.raises(InputError, match="none of the 0"):
        measure(np.array([], dtype=int), np.zeros((0, 7)), MELD)


@pytest.mark.parametrize(
    ("labels", "probabilities", "complaint"),
    [
        ([0, 2], [[0.5, 0.5], [0.5, 0.5]], r"utterance 1 .*: 2 is no class index"),
        ([0, -1], [[0.5, 0.5], [0.5, 0.5]], r"utterance 1 .*: -1 is no class index"),
        ([0, 1], [[0.5, 0.5], [0.5, 0.6]], r"utterance 1 .*is no distribution"),
        ([0, 1], [[math.nan, 0.5], [0.5, 0.5]], r"utterance 0 .*is no distribution"),
        ([0, 1], [[1.5, -0.5], [0.5, 0.5]], r"utterance 0 .*is no distribution"),
        ([0], [[0.5, 0.5], [0.5, 0.5]], r"shape \(1,\) and probabilities \(2, 2\)"),
        ([0.5, 1], [[0.5, 0.5], [0.5, 0.5]], "expected whole class indices"),
        ([0], [[1.0]], "expected two at least"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(
    labels: list[float], probabilities: list[list[float]], complaint: str
) -> None:
    with pytest.raises(InputError, match=complaint):
        measure(np.array(labels), np.array(probabilities), TWO)


def test_predictions_over_another_label_set_are_refused() -> None:
    with pytest.raises(InputError, match="2 emotions, the label set 'meld7' has 7"):
        measure([0], [[0.5, 0.5]], MELD)


def test_probability_zero_for_the_label_stays_finite() -> None:
    got = measure([0, 1], [[0.0, 1.0], [0.0, 1.0]], TWO)
    assert 40 < got.negative_log_likelihood < 50


def test_to_json_is_plain_json() -> None:
    some = make_predictions(1)
    content = measure(some.labels, some.probabilities, MELD).to_json()
    assert json.loads(json.dumps(content))["classes"][0]["emotion"] == "neutral"


def test_groups_count_only_labelled_conversations() -> None:
    labelled = labelled_of([0, UNLABELLED, 1, 1], np.full((4, 2), 0.5))
    assert groups_of(["a", "b", "c", "a"], labelled).tolist() == [0, 1, 0]
    with pytest.raises(InputError, match=r"expected \(4,\)"):
        groups_of(["a"], labelled)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), utterances=st.integers(1, 80), emotions=st.integers(2, 8))
def test_bounds_and_order_do_not_matter(seed: int, utterances: int, emotions: int) -> None:
    some = make_predictions(seed, utterances, emotions)
    label_set = LabelSet("letters", tuple("abcdefgh"[:emotions]))
    got = measure(some.labels, some.probabilities, label_set)
    for value in (got.accuracy, got.weighted_f1, got.macro_f1):
        assert 0 <= value <= 1
    assert got.negative_log_likelihood >= 0
    assert sum(one.support for one in got.classes) == utterances == np.sum(got.confusion)
    order = np.random.default_rng(seed).permutation(utterances)
    again = measure(some.labels[order], some.probabilities[order], label_set)
    assert again.confusion == got.confusion
    assert again.weighted_f1 == got.weighted_f1
    assert again.negative_log_likelihood == pytest.approx(got.negative_log_likelihood)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), emotions=st.integers(2, 7))
def test_scores_of_many_confusion_matrices_are_those_of_each(seed: int, emotions: int) -> None:
    several = [make_predictions(seed + k, 30, emotions, skill=0.5) for k in range(3)]
    predicted = [some.probabilities.argmax(axis=1) for some in several]
    confusions = np.stack(
        [
            np.bincount(some.labels * emotions + guess, minlength=emotions**2).reshape(emotions, emotions)
            for some, guess in zip(several, predicted, strict=True)
        ]
    )
    for k, (some, guess) in enumerate(zip(several, predicted, strict=True)):
        for function, average in ((weighted_f1_of, "weighted"), (macro_f1_of, "macro")):
            expected = f1_score(some.labels, guess, average=average, zero_division=0.0)
            assert function(confusions)[k] == pytest.approx(expected)
        assert accuracy_of(confusions)[k] == pytest.approx((some.labels == guess).mean())
        each = f1_score(some.labels, guess, average=None, labels=range(emotions), zero_division=0.0)
        assert f1_of(confusions)[k] == pytest.approx(each)
