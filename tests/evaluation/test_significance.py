from __future__ import annotations

import json

import numpy as np
import numpy.typing as npt
import pytest
from evaluation_data import make_predictions
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from crossgate.emotions import UNLABELLED
from crossgate.errors import InputError
from crossgate.evaluation.metrics import accuracy_of
from crossgate.evaluation.significance import (
    Pair,
    approximate_randomisation,
    holm,
    mcnemar,
    pair_of,
    paired_bootstrap,
    paired_t_test,
    wilcoxon,
)


def two_systems(
    seed: int, right_a: float, right_b: float, utterances: int = 1200
) -> tuple[npt.NDArray[np.int64], ...]:
    """Labels, both systems' answers and conversations; each answer is right with the given chance."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, 6, utterances)
    answers = [
        np.where(random.random(utterances) < right, labels, random.integers(0, 6, utterances))
        for right in (right_a, right_b)
    ]
    return labels, *answers, np.repeat(np.arange(utterances // 12), 12)


def pair(seed: int, right_a: float, right_b: float) -> Pair:
    labels, a, b, conversation = two_systems(seed, right_a, right_b)
    return pair_of(labels, a, b, conversation, 6)


@pytest.mark.parametrize("test", [approximate_randomisation, paired_bootstrap, mcnemar])
def test_a_planted_difference_is_found(test) -> None:
    got = test(pair(0, 0.7, 0.6))
    assert got.difference > 0.03
    assert got.p_value < 0.01
    json.dumps(got.to_json())


@pytest.mark.parametrize("test", [approximate_randomisation, paired_bootstrap, mcnemar])
def test_identical_systems_are_not_told_apart(test) -> None:
    labels, a, _, conversation = two_systems(1, 0.6, 0.6)
    got = test(pair_of(labels, a, a, conversation, 6))
    assert got.difference == 0
    assert got.p_value == 1


@pytest.mark.parametrize("test", [approximate_randomisation, paired_bootstrap, mcnemar])
def test_exchanging_the_systems_changes_only_the_sign(test) -> None:
    labels, a, b, conversation = two_systems(2, 0.66, 0.63)
    one, other = (test(pair_of(labels, *both, conversation, 6)) for both in ((a, b), (b, a)))
    assert one.difference == pytest.approx(-other.difference)
    assert one.p_value == pytest.approx(other.p_value)
    if one.interval and other.interval:
        assert one.interval.low == pytest.approx(-other.interval.high)


@pytest.mark.parametrize("test", [approximate_randomisation, paired_bootstrap, mcnemar])
def test_systems_of_equal_skill_are_rarely_told_apart(test) -> None:
    """100 draws under the null hypothesis: about five p-values below 0.05."""
    options = {} if test is mcnemar else {"metric": accuracy_of}
    if test is approximate_randomisation:
        options["shuffles"] = 300
    if test is paired_bootstrap:
        options["resamples"] = 300
    rejected = sum(test(pair(100 + seed, 0.6, 0.6), **options).p_value < 0.05 for seed in range(100))
    assert rejected <= 12


def test_mcnemar_is_the_binomial_test_by_hand() -> None:
    labels = np.zeros(20, dtype=int)
    a, b = np.zeros(20, dtype=int), np.zeros(20, dtype=int)
    a[:1], b[1:9] = 1, 1  # only B right once, only A right eight times
    got = mcnemar(pair_of(labels, a, b, np.arange(20), 2))
    # Of nine, at most one: 2 * (1 + 9) / 2^9
    assert got.p_value == pytest.approx(20 / 512)
    assert got.difference == pytest.approx(7 / 20)


def test_randomisation_over_few_conversations_warns_that_it_cannot_reach_significance() -> None:
    labels = np.zeros(20, dtype=int)
    right, wrong = np.zeros(20, dtype=int), np.ones(20, dtype=int)
    got = approximate_randomisation(pair_of(labels, right, wrong, np.repeat(range(4), 5), 2), accuracy_of)
    assert got.p_value == pytest.approx(0.125, abs=0.02)
    assert "0.125" in str(got.note)


def test_unlabelled_utterances_are_left_out_of_a_pair() -> None:
    labels, a, b, conversation = two_systems(3, 0.7, 0.6)
    blanked = labels.copy()
    blanked[:600] = UNLABELLED
    part = pair_of(blanked, a, b, conversation, 6)
    alone = pair_of(labels[600:], a[600:], b[600:], conversation[600:], 6)
    assert part.utterances == alone.utterances == 600
    assert np.array_equal(part.a, alone.a)
    assert np.array_equal(part.b, alone.b)


def test_pairs_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InputError, match="same utterances in the same order"):
        pair_of([0, 1], [0, 1], [0], ["a", "a"], 2)
    with pytest.raises(InputError, match="nothing to compare"):
        pair_of([UNLABELLED], [0], [0], ["a"], 2)
    with pytest.raises(InputError, match="predictions of B are not class indices"):
        pair_of([0, 1], [0, 1], [0, 2], ["a", "a"], 2)


def test_t_test_agrees_with_scipy() -> None:
    a, b = [0.66, 0.65, 0.67, 0.66, 0.68], [0.64, 0.65, 0.65, 0.63, 0.66]
    got = paired_t_test(a, b)
    reference = stats.ttest_rel(a, b)
    interval = reference.confidence_interval(0.95)
    assert got.p_value == pytest.approx(reference.pvalue)
    assert got.interval is not None
    assert (got.interval.low, got.interval.high) == pytest.approx((interval.low, interval.high))
    assert got.difference == pytest.approx(0.018)


def test_seeds_that_do_not_vary_are_not_evidence() -> None:
    assert paired_t_test([0.6, 0.7], [0.6, 0.7]).p_value == 1
    assert wilcoxon([0.6, 0.7], [0.6, 0.7]).p_value == 1
    with pytest.raises(InputError, match="no spread to test against"):
        paired_t_test([0.61, 0.61, 0.61], [0.6, 0.6, 0.6])


def test_wilcoxon_of_five_seeds_cannot_pass_and_says_so() -> None:
    five = wilcoxon([0.61, 0.63, 0.65, 0.67, 0.69], [0.60, 0.61, 0.62, 0.63, 0.64])
    assert five.p_value == pytest.approx(0.0625)
    assert "0.0625" in str(five.note)
    six = wilcoxon([0.61, 0.63, 0.65, 0.67, 0.69, 0.71], [0.60, 0.61, 0.62, 0.63, 0.64, 0.65])
    assert six.p_value == pytest.approx(0.03125)
    assert six.note is None


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), n=st.integers(2, 14))
def test_wilcoxon_agrees_with_scipy_without_ties(seed: int, n: int) -> None:
    differences = np.random.default_rng(seed).normal(0.3, 1, n)
    expected = stats.wilcoxon(differences, method="exact").pvalue
    assert wilcoxon(differences, np.zeros(n)).p_value == pytest.approx(expected)


def test_wilcoxon_with_ties_counts_every_pattern_of_signs() -> None:
    # Ranks 1.5, 1.5 and 3, the first negative: the negative sum is 1.5. Of the eight patterns of signs three
    # have a negative sum of 1.5 at most: none, the one, and the other.
    assert wilcoxon([-1.0, 1.0, 2.0], [0.0, 0.0, 0.0]).p_value == pytest.approx(2 * 3 / 8)


def test_seed_scores_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InputError, match="same seeds"):
        paired_t_test([0.6], [0.6])
    with pytest.raises(InputError, match="same seeds"):
        wilcoxon([0.6, 0.7], [0.6])
    with pytest.raises(InputError, match="NaN"):
        wilcoxon([0.6, float("nan")], [0.6, 0.5])


def test_holm_by_hand() -> None:
    # Sorted 0.005, 0.01, 0.03, 0.04 times 4, 3, 2, 1 is 0.02, 0.03, 0.06, 0.04; the last is raised to 0.06.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []
    assert holm([0.7, 0.6]) == pytest.approx([1.0, 1.0])
    with pytest.raises(InputError, match="no p-value"):
        holm([1.2])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_raises_p_values_and_keeps_their_order(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    assert all(1 >= after >= before for before, after in zip(p_values, adjusted, strict=True))
    order = np.argsort(p_values, kind="stable")
    assert np.all(np.diff(np.array(adjusted)[order]) >= 0)


def test_predictions_of_random_skill_can_be_paired() -> None:
    one, other = make_predictions(0), make_predictions(0, skill=0.2)
    both = pair_of(
        one.labels,
        one.probabilities.argmax(axis=1),
        other.probabilities.argmax(axis=1),
        one.conversation,
        7,
    )
    assert approximate_randomisation(both, shuffles=500).p_value < 0.01
