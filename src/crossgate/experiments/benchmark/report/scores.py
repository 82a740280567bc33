"""Measures of several seeds of a model, and the tests between two models, from the runs' predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from crossgate.emotions import UNLABELLED
from crossgate.errors import InputError
from crossgate.evaluation.bootstrap import Metric, Sums, bootstrap, conversation_confusions
from crossgate.evaluation.metrics import accuracy_of, macro_f1_of, weighted_f1_of
from crossgate.evaluation.significance import approximate_randomisation, pair_of, paired_t_test
from crossgate.evaluation.summary import summarise
from crossgate.experiments.benchmark.measured import Measured

MEASURES: dict[str, Metric] = {
    "weighted_f1": weighted_f1_of,
    "macro_f1": macro_f1_of,
    "accuracy": accuracy_of,
}
"""By name, the first the one that is compared."""
COMPARED = next(iter(MEASURES))

Runs = Mapping[int, Measured]
"""The runs of one model on one corpus, by seed."""


def scores_of_seed(measured: Measured) -> dict[str, float]:
    """Every measure of one run."""
    total = _confusions(measured).sum(axis=0)
    return {name: float(metric(total)) for name, metric in MEASURES.items()}


def scores_over_seeds(runs: Runs) -> dict[str, dict[str, Any]]:
    """Mean, standard deviation, extremes and interval over seeds, by measure.

    The interval is of the mean over these seeds, were other conversations drawn: in every resample the
    conversations are the same for all seeds. None where there is but one conversation.
    """
    sums = np.stack([_confusions(run) for run in runs.values()], axis=1)  # conversation, seed, label, answer
    found = {}
    for name, metric in MEASURES.items():
        summary = summarise([float(score) for score in metric(sums.sum(axis=0))])
        interval = bootstrap(sums, _mean_over_seeds(metric)) if len(sums) > 1 else []
        found[name] = summary.to_json() | {"interval": interval[0].to_json() if interval else None}
    return found


def together(runs: Runs) -> Measured:
    """The mean of the runs' probabilities."""
    first = next(iter(runs.values()))
    mean = np.mean([run.probabilities for run in runs.values()], axis=0)
    return Measured(first.utterances, first.conversations, first.labels, mean)


def compare(model: Runs, reference: Runs) -> dict[str, Any]:
    """Weighted F1 of a model less that of the reference, under the seeds both have, and two tests of it.

    `t_test` asks whether the difference would survive other seeds; `randomisation`, between the means of
    the seeds' probabilities, whether it would survive other conversations. See `evaluation.significance`. A
    `p_value` is None where the test cannot be done, and `note` says why.
    """
    seeds = sorted(model.keys() & reference.keys())
    if not seeds:
        return {"seeds": [], "difference": None, "t_test": None, "randomisation": None}
    a, b = ([scores_of_seed(runs[seed])[COMPARED] for seed in seeds] for runs in (model, reference))
    first, second = (together({seed: runs[seed] for seed in seeds}) for runs in (model, reference))
    pair = pair_of(
        first.labels,
        first.probabilities.argmax(axis=1),
        second.probabilities.argmax(axis=1),
        first.conversations,
        first.probabilities.shape[1],
    )
    return {
        "seeds": seeds,
        "difference": float(np.mean(a) - np.mean(b)),
        "t_test": t_test(a, b),
        "randomisation": approximate_randomisation(pair).to_json(),
    }


def habit(honest: Runs, legacy: Runs) -> dict[str, dict[str, Any]]:
    """What choosing the epoch on the very conversations that are measured adds: by measure, over seeds.

    No test stands here: the difference in weighted F1 cannot be negative, so that it is not 0 proves nothing.
    """
    seeds = sorted(honest.keys() & legacy.keys())
    found = {}
    for name in MEASURES:
        differences = [scores_of_seed(legacy[s])[name] - scores_of_seed(honest[s])[name] for s in seeds]
        found[name] = summarise(differences).to_json() if differences else None
    return {name: value for name, value in found.items() if value is not None}


def refuse_others(runs: Sequence[tuple[str, Measured]]) -> None:
    """Raise InputError where runs were measured on other utterances or labels than the first."""
    for place, run in runs[1:]:
        first_place, first = runs[0]
        if run.utterances != first.utterances or not np.array_equal(run.labels, first.labels):
            raise InputError(
                f"measured on other utterances, or with other labels, than {first_place}",
                where=place,
                fix="remove one of the two and give the command again",
            )


def _mean_over_seeds(metric: Metric) -> Metric:
    return lambda sums: metric(sums).mean(axis=-1)


def t_test(a: Sequence[float], b: Sequence[float]) -> dict[str, Any]:
    """`paired_t_test` as JSON; `p_value` is None where it cannot be done, and `note` says why."""
    try:
        return paired_t_test(a, b).to_json()
    except InputError as error:  # one seed, or seeds that differ by the same amount: no yardstick
        return {"p_value": None, "note": error.what}


def _confusions(measured: Measured) -> Sums:
    """(conversation, emotion, emotion) of the labelled utterances; rows are labels."""
    known = measured.labels != UNLABELLED
    ids: npt.NDArray[Any] = np.asarray(measured.conversations)[known]
    groups = np.unique(ids, return_inverse=True)[1].reshape(-1).astype(np.int64)
    answers = measured.probabilities[known].argmax(axis=1).astype(np.int64)
    return conversation_confusions(groups, measured.labels[known], answers, measured.probabilities.shape[1])
