"""Several seeds in one: every number of an examination as its mean and spread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crossgate.evaluation.summary import summarise


def over_seeds(measured: Sequence[Any]) -> Any:
    """The same layout with every number as `n, mean, standard_deviation, min, max` over the seeds.

    Args:
        measured: one a seed, JSON values of one layout: objects, lists, numbers and null. A number that is
            null for some seeds is summarised over the others; one that is null for all stays null.
    """
    there = [one for one in measured if one is not None]
    if not there:
        return None
    if isinstance(there[0], dict):
        keys = dict.fromkeys(key for one in there for key in one)
        return {key: over_seeds([one.get(key) for one in there]) for key in keys}
    if isinstance(there[0], list):
        return [over_seeds(each) for each in zip(*there, strict=True)]
    return summarise(there).to_json()
