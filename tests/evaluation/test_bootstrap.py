from __future__ import annotations

import json

import numpy as np
import pytest
from evaluation_data import make_predictions
from sklearn.metrics import f1_score

from crossgate.emotions import MELD, UNLABELLED
from crossgate.errors import InputError
from crossgate.evaluation.bootstrap import (
    bootstrap,
    conversation_confusions,
    conversation_sums,
    intervals_of,
    resampled,
)
from crossgate.evaluation.labelled import labelled_of
from crossgate.evaluation.metrics import accuracy_of, measure, weighted_f1_of


def test_confusions_add_up_over_conversations() -> None:
    some = make_predictions(0)
    predicted = some.probabilities.argmax(axis=1)
    groups = np.unique(some.conversation, return_inverse=True)[1]
    confusions = conversation_confusions(groups, some.labels, predicted, 7)
    assert np.array_equal(confusions.sum(axis=0), measure(some.labels, some.probabilities, MELD).confusion)
    pairs = np.eye(49)[some.labels * 7 + predicted].reshape(-1, 7, 7)
    assert np.array_equal(confusions, conversation_sums(groups, pairs))


def test_a_resample_scores_as_its_utterances_do() -> None:
    """The shortcut through summed confusion matrices against drawing the utterances themselves."""
    some = make_predictions(1, utterances=120, conversations=9)
    predicted = some.probabilities.argmax(axis=1)
    groups = np.unique(some.conversation, return_inverse=True)[1]
    conversations = int(groups.max()) + 1
    confusions = conversation_confusions(groups, some.labels, predicted, 7)
    times = np.random.default_rng(4).multinomial(
        conversations, np.full(conversations, 1 / conversations), size=20
    )
    scores = weighted_f1_of(resampled(confusions, 20, seed=4))
    for row, score in zip(times, scores, strict=True):
        drawn = np.concatenate([np.flatnonzero(groups == c) for c in np.repeat(range(conversations), row)])
        expected = f1_score(some.labels[drawn], predicted[drawn], average="weighted", zero_division=0.0)
        assert score == pytest.approx(expected)


def test_the_seed_decides_and_the_score_lies_inside() -> None:
    some = make_predictions(2)
    labelled = labelled_of(some.labels, some.probabilities)
    first, again, other = (
        intervals_of(labelled, some.conversation, resamples=400, seed=seed) for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other
    measured = measure(some.labels, some.probabilities, MELD)
    for name, interval in first.scores.items():
        assert interval.low < getattr(measured, name) < interval.high
    assert len(first.class_f1) == 7
    assert json.loads(json.dumps(first.to_json()))["conversations"] == 40


def test_unlabelled_utterances_and_conversations_do_not_count() -> None:
    some = make_predictions(3)
    labels = some.labels.copy()
    labels[some.conversation < 10] = UNLABELLED
    kept = labels != UNLABELLED
    blanked = intervals_of(labelled_of(labels, some.probabilities), some.conversation, resamples=100)
    alone = intervals_of(
        labelled_of(labels[kept], some.probabilities[kept]), some.conversation[kept], resamples=100
    )
    assert blanked == alone


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    """200 samples of 40 conversations that differ in difficulty, against the accuracy they were made with."""
    random = np.random.default_rng(0)
    covered = 0
    for trial in range(200):
        right = random.binomial(10, random.beta(6, 4, size=40))  # of ten utterances each; the truth is 0.6
        sums = np.zeros((40, 2, 2))
        sums[:, 0, 0], sums[:, 0, 1] = right, 10 - right
        (interval,) = bootstrap(sums, accuracy_of, resamples=400, seed=trial)
        covered += interval.low <= 0.6 <= interval.high
    assert 0.88 <= covered / 200 <= 0.99


def test_drawing_utterances_instead_of_conversations_would_be_too_sure() -> None:
    """Why conversations are drawn: where they are all right or all wrong, single utterances mislead."""
    random = np.random.default_rng(1)
    conversation = np.repeat(np.arange(30), 20)
    labels = np.zeros(600, dtype=int)
    probabilities = np.eye(2)[np.repeat(random.integers(0, 2, 30), 20)]
    labelled = labelled_of(labels, probabilities)
    by_conversation = intervals_of(labelled, conversation).scores["accuracy"]
    by_utterance = intervals_of(labelled, np.arange(600)).scores["accuracy"]
    widths = [one.high - one.low for one in (by_conversation, by_utterance)]
    assert widths[0] > 3 * widths[1]


def test_too_little_to_resample_is_refused() -> None:
    labelled = labelled_of([0, 1], [[0.5, 0.5], [0.5, 0.5]])
    with pytest.raises(InputError, match="1 conversation with labels"):
        intervals_of(labelled, ["same", "same"])
    with pytest.raises(InputError, match="0 resamples"):
        intervals_of(labelled, ["one", "two"], resamples=0)
