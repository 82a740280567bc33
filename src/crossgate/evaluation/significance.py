"""Is one system better than another? Paired tests over conversations, over utterances and over seeds.

Two questions, two kinds of test. *Would the difference survive other conversations?* is asked of two sets of
predictions for the same utterances (`approximate_randomisation`, `paired_bootstrap`, `mcnemar`). *Would it
survive other random seeds?* is asked of scores, one a seed (`paired_t_test`, `wilcoxon`). A claim needs both.
Many comparisons at once are corrected by `holm`. All tests are two-sided.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from crossgate.emotions import UNLABELLED
from crossgate.errors import InputError
from crossgate.evaluation.bootstrap import LEVEL, Interval, Metric, Sums, conversation_confusions, resampled
from crossgate.evaluation.metrics import weighted_f1_of

SHUFFLES = 10_000
ROUNDING = 1e-12
"""Two differences closer than this are the same: sums taken in another order differ by about 1e-16."""


@dataclass(frozen=True)
class Comparison:
    """What a test says about system A against system B.

    Attributes:
        test: which one.
        difference: score of A minus score of B.
        p_value: chance of a difference at least as large, were the two alike.
        n: number of conversations, utterances or seeds the test counts.
        interval: of the difference, where the test gives one.
        note: what a reader must know before he believes the p-value.
    """

    test: str
    difference: float
    p_value: float
    n: int
    interval: Interval | None = None
    note: str | None = None

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return asdict(self)


@dataclass(frozen=True)
class Pair:
    """Two systems' predictions for the same labelled utterances, as confusion matrices a conversation.

    Attributes:
        a: (conversation, emotion, emotion) of system A; rows are labels.
        b: the same of system B.
        only_a: number of utterances A gets right and B wrong.
        only_b: number of utterances B gets right and A wrong.
        utterances: number of labelled utterances.
    """

    a: Sums
    b: Sums
    only_a: int
    only_b: int
    utterances: int


def pair_of(
    labels: npt.ArrayLike,
    predicted_a: npt.ArrayLike,
    predicted_b: npt.ArrayLike,
    conversation: Sequence[Any] | npt.NDArray[Any],
    emotions: int,
) -> Pair:
    """Pair the predictions of two systems.

    Args:
        labels: (utterance,) class indices; `UNLABELLED` utterances are left out.
        predicted_a: (utterance,) class indices by system A.
        predicted_b: (utterance,) class indices by system B, for the same utterances in the same order.
        conversation: (utterance,) id of every utterance's conversation.
        emotions: number of emotions.

    Raises InputError where lengths or classes do not fit, and where no utterance is labelled.
    """
    truth, a, b = (np.asarray(values) for values in (labels, predicted_a, predicted_b))
    ids = np.asarray(conversation)
    if not (truth.ndim == 1 and truth.shape == a.shape == b.shape == ids.shape):
        raise InputError(
            f"labels, predictions of A and B, and conversations have shapes {truth.shape}, {a.shape}, "
            f"{b.shape}, {ids.shape}; expected (utterance,) four times",
            fix="both systems must predict the same utterances in the same order",
        )
    known = truth != UNLABELLED
    if not known.any():
        raise InputError("none of the utterances is labelled, so there is nothing to compare")
    truth, a, b, ids = truth[known], a[known], b[known], ids[known]
    for name, values in (("labels", truth), ("predictions of A", a), ("predictions of B", b)):
        if not np.issubdtype(values.dtype, np.integer) or values.min() < 0 or values.max() >= emotions:
            raise InputError(f"{name} are not class indices from 0 to {emotions - 1}")
    groups = np.unique(ids, return_inverse=True)[1].reshape(-1)
    return Pair(
        a=conversation_confusions(groups, truth, a, emotions),
        b=conversation_confusions(groups, truth, b, emotions),
        only_a=int(((a == truth) & (b != truth)).sum()),
        only_b=int(((a != truth) & (b == truth)).sum()),
        utterances=len(truth),
    )


def approximate_randomisation(
    pair: Pair, metric: Metric = weighted_f1_of, *, shuffles: int = SHUFFLES, seed: int = 0
) -> Comparison:
    """Swap the two systems' answers conversation by conversation, at random: how often is chance as good?

    After Noreen (1989) and Yeh (COLING 2000), with the conversation as the unit, because utterances of one
    conversation are not independent. p = (1 + shuffles at least as extreme) / (1 + shuffles), hence never 0.

    Args:
        pair: the two systems.
        metric: from summed confusion matrices (shuffle, emotion, emotion) to scores (shuffle,).
        shuffles: number of random swaps.
        seed: the same seed swaps the same conversations.
    """
    conversations = len(pair.a)
    swapped = np.random.default_rng(seed).integers(0, 2, size=(shuffles, conversations)).astype(np.float64)
    moved = (swapped @ (pair.a - pair.b).reshape(conversations, -1)).reshape(-1, *pair.a.shape[1:])
    by_chance = metric(pair.a.sum(axis=0) - moved) - metric(pair.b.sum(axis=0) + moved)
    difference = _difference(pair, metric)
    extreme = int((np.abs(by_chance) >= abs(difference) - ROUNDING).sum())
    return Comparison(
        test=f"approximate randomisation, {shuffles} swaps of conversations",
        difference=difference,
        p_value=(1 + extreme) / (1 + shuffles),
        n=conversations,
        note=_least(2 ** (1 - conversations), f"{conversations} conversations"),
    )


def paired_bootstrap(
    pair: Pair,
    metric: Metric = weighted_f1_of,
    *,
    resamples: int = SHUFFLES,
    level: float = LEVEL,
    seed: int = 0,
) -> Comparison:
    """Resample conversations, the same for both systems: an interval of the difference and its p-value.

    The p-value is twice the smaller share of resamples on either side of 0 (a tie counts for both sides),
    with one resample added to each so that it is never 0. Raises InputError for fewer than two conversations.
    """
    both = resampled(np.stack([pair.a, pair.b], axis=1), resamples, seed)
    drawn = metric(both[:, 0]) - metric(both[:, 1])
    below, above = int((drawn <= ROUNDING).sum()), int((drawn >= -ROUNDING).sum())
    tail = 100 * (1 - level) / 2
    low, high = np.percentile(drawn, [tail, 100 - tail])
    return Comparison(
        test=f"paired bootstrap, {resamples} resamples of conversations",
        difference=_difference(pair, metric),
        p_value=min(1.0, 2 * (1 + min(below, above)) / (1 + resamples)),
        n=len(pair.a),
        interval=Interval(float(low), float(high), level),
    )


def mcnemar(pair: Pair) -> Comparison:
    """McNemar's exact test on accuracy: of the utterances only one system gets right, are half A's?

    McNemar (1947), in the exact binomial form. It counts utterances as independent, which those of one
    conversation are not, so it is more easily convinced than the tests over conversations.
    """
    discordant = pair.only_a + pair.only_b
    p_value = float(stats.binomtest(pair.only_a, discordant).pvalue) if discordant else 1.0
    return Comparison(
        test="McNemar, exact",
        difference=(pair.only_a - pair.only_b) / pair.utterances,
        p_value=p_value,
        n=pair.utterances,
        note="takes utterances as independent; trust the tests over conversations first",
    )


def paired_t_test(scores_a: Sequence[float], scores_b: Sequence[float]) -> Comparison:
    """Paired t-test over seeds: scores (seed,) of A and B under the same seeds.

    Raises InputError where lengths differ, for fewer than two seeds, and where all differences are the same
    but not 0: then nothing varied and the test has no yardstick.
    """
    differences = _seed_differences(scores_a, scores_b)
    n, mean = len(differences), float(differences.mean())
    if np.ptp(differences) <= ROUNDING:
        if abs(mean) > ROUNDING:
            raise InputError(
                f"the difference is {mean:g} under each of the {n} seeds: no spread to test against",
                fix="check that the seeds reach the training; scores that do not vary are one measurement",
            )
        return Comparison("paired t-test over seeds", 0.0, 1.0, n)
    return Comparison(
        test="paired t-test over seeds",
        difference=mean,
        p_value=float(stats.ttest_rel(scores_a, scores_b).pvalue),
        n=n,
        interval=_t_interval(differences),
        note="takes the differences as normally distributed, which few seeds cannot show",
    )


def wilcoxon(scores_a: Sequence[float], scores_b: Sequence[float]) -> Comparison:
    """Wilcoxon's signed-rank test over seeds, exact: scores (seed,) of A and B under the same seeds.

    With n seeds the smallest possible p-value is 2 / 2^n: five seeds give 0.0625 at best and can never be
    significant at 0.05; six can. Seeds without a difference are dropped. Raises InputError where lengths
    differ, and for fewer than two seeds.
    """
    differences = _seed_differences(scores_a, scores_b)
    changed = differences[np.abs(differences) > ROUNDING]
    n = len(differences)
    p_value = _signed_rank_p(changed) if len(changed) else 1.0
    return Comparison(
        test="Wilcoxon signed-rank over seeds",
        difference=float(differences.mean()),
        p_value=p_value,
        n=n,
        note=_least(2.0 ** (1 - len(changed)), f"{len(changed)} seeds that differ") if len(changed) else None,
    )


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values adjusted for being one of many (Holm, 1979), in the order given; compare them with the level.

    The k-th smallest of m is multiplied by m - k + 1, and none may be smaller than the one before it. It
    holds the chance of any false claim at the level without asking the tests to be independent.
    """
    for value in p_values:
        if not 0 <= value <= 1:
            raise InputError(f"{value} is no p-value; expected 0 to 1")
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for rank, position in enumerate(sorted(range(len(p_values)), key=lambda k: p_values[k])):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[position]))
        adjusted[position] = largest
    return adjusted


def _difference(pair: Pair, metric: Metric) -> float:
    """Score of A minus score of B on all conversations."""
    return float(metric(pair.a.sum(axis=0)) - metric(pair.b.sum(axis=0)))


def _seed_differences(scores_a: Sequence[float], scores_b: Sequence[float]) -> npt.NDArray[np.float64]:
    """Score of A minus score of B, one a seed."""
    a, b = np.asarray(scores_a, dtype=np.float64), np.asarray(scores_b, dtype=np.float64)
    if a.shape != b.shape or a.ndim != 1 or len(a) < 2:
        raise InputError(
            f"scores of shape {a.shape} and {b.shape}; expected (seed,) twice, with two seeds at least",
            fix="run both systems under the same seeds",
        )
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise InputError("a score is NaN or infinite", fix="leave failed runs out of both systems")
    differences: npt.NDArray[np.float64] = a - b
    return differences


def _t_interval(differences: npt.NDArray[np.float64], level: float = LEVEL) -> Interval:
    """Student's interval of the mean difference."""
    n = len(differences)
    half = float(stats.t.ppf((1 + level) / 2, n - 1)) * float(differences.std(ddof=1)) / math.sqrt(n)
    mean = float(differences.mean())
    return Interval(mean - half, mean + half, level)


def _signed_rank_p(differences: npt.NDArray[np.float64]) -> float:
    """Exact two-sided p-value of the signed-rank statistic for differences other than 0, ties included.

    Counts sign patterns by rank sum: under the null hypothesis each rank is positive or negative with equal
    chance. Ranks are doubled, since tied ones end on a half.
    """
    ranks = np.rint(2 * stats.rankdata(np.abs(differences).round(12))).astype(int)
    total = int(ranks.sum())
    ways = np.zeros(total + 1)
    ways[0] = 1
    for rank in ranks:
        ways[rank:] = ways[rank:] + ways[:-rank]
    observed = int(ranks[differences > 0].sum())
    smaller = min(observed, total - observed)
    return float(min(1.0, 2 * ways[: smaller + 1].sum() / ways.sum()))


def _least(p_value: float, sample: str) -> str | None:
    """A warning where the smallest p-value there is cannot pass the usual 0.05."""
    if p_value < 0.05:
        return None
    return f"with {sample} the smallest possible two-sided p-value is {p_value:g}: it cannot reach 0.05"
