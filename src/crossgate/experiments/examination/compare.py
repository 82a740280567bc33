"""Two runs side by side: paired differences over the seeds both have, and whether chance would do as well."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from crossgate.emotions import UNLABELLED
from crossgate.errors import InputError
from crossgate.evaluation.shifts import SAME, SHIFT
from crossgate.evaluation.significance import approximate_randomisation, pair_of
from crossgate.evaluation.summary import summarise
from crossgate.experiments.benchmark.report.results import correct
from crossgate.experiments.benchmark.report.scores import t_test
from crossgate.experiments.examination.headlines import headlines
from crossgate.experiments.examination.measure import Measures, Truth

ON_TURNS = {"weighted_f1": None, f"turns.{SHIFT}": SHIFT, f"turns.{SAME}": SAME}
"""The headlines that are a score of the answers from all modalities, and the kind of turn each is measured
on; None is every turn."""
ALONE = "alone."
"""How the headlines begin that are a score of the answers from one modality, whose initial follows."""


def compare(first: Sequence[Measures], second: Sequence[Measures], truth: Truth) -> dict[str, Any]:
    """Every headline of the first run less that of the second.

    `t_test` asks whether the difference would survive other seeds; `randomisation`, of scores of the mean
    probabilities, whether it would survive other conversations (`evaluation.significance`). Both have a
    `p_holm`, corrected for all headlines by the same test. A headline that only one run has is left out, and
    without a common seed there are no tests at all.
    """
    a, b = ({one.seed: one for one in run} for run in (first, second))
    seeds = sorted(a.keys() & b.keys())
    of_a, of_b = ([headlines(run[seed]) for seed in seeds] for run in (a, b))
    keys = [key for key in (of_a[0] if seeds else {}) if all(key in one for one in (*of_a, *of_b))]
    tests: list[dict[str, Any]] = []
    for key in keys:
        values = ([one[key] for one in of_a], [one[key] for one in of_b])
        differences = [x - y for x, y in zip(*values, strict=True)]
        tests.append(
            {
                "measure": key,
                "difference": summarise(differences).to_json(),
                "t_test": t_test(*values),
                "randomisation": _randomisation([a[s] for s in seeds], [b[s] for s in seeds], truth, key),
            }
        )
    correct(tests)
    return {"seeds": seeds, "tests": tests}


def _randomisation(
    first: Sequence[Measures], second: Sequence[Measures], truth: Truth, key: str
) -> dict[str, Any] | None:
    """Approximate randomisation over conversations; None for what is not a score of answers."""
    if key.startswith(ALONE):
        kind, letter = None, key.removeprefix(ALONE)
        answers = [[one.alone[letter] for one in run] for run in (first, second)]
    elif key in ON_TURNS:
        kind = ON_TURNS[key]
        answers = [[one.probabilities for one in run] for run in (first, second)]
    else:
        return None
    labels = truth.labels if kind is None else np.where(truth.kinds == kind, truth.labels, UNLABELLED)
    a, b = (np.mean(run, axis=0).argmax(axis=1) for run in answers)
    conversation = [c.id for c in truth.split.conversations for _ in c.utterances]
    try:
        pair = pair_of(labels, a, b, conversation, len(truth.label_set))
    except InputError as error:
        return {"p_value": None, "note": error.what}
    return approximate_randomisation(pair).to_json()
