"""The seeds of a run, made one checkpoint whose networks answer as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from crossgate.errors import InputError
from crossgate.evaluation.members import checkpoint_folders
from crossgate.evaluation.packing.record import read_finished_run
from crossgate.models.checkpoint import Checkpoint
from crossgate.models.ensemble import Ensemble


def all_seeds(run: Path) -> list[Path]:
    """The folders of all seeds of a run. Raises InputError where it is of one seed alone."""
    found = [path.parent for path in checkpoint_folders(run)]
    if len(found) < 2:
        raise InputError(
            "there is one seed alone, and --together wants several",
            where=str(run),
            fix="name the folder that `crossgate train --seeds` wrote to",
        )
    return found


def joined(checkpoints: Sequence[Checkpoint]) -> Checkpoint:
    """One checkpoint of several that differ in their weights alone; the only one is returned as it is.

    Raises InputError where they read or answer something different.
    """
    first, *others = checkpoints
    for other in others:
        alike = (
            other.settings == first.settings
            and other.features == first.features
            and other.specs == first.specs
            and other.labels == first.labels
            and all(
                np.array_equal(other.standardizers[m].mean, one.mean)
                and np.array_equal(other.standardizers[m].scale, one.scale)
                for m, one in first.standardizers.items()
            )
        )
        if not alike:
            raise InputError("the seeds differ in more than their weights", fix="train them by one command")
    if not others:
        return first
    return replace(first, network=Ensemble([one.network for one in checkpoints]).eval())


def together_of(seeds: Sequence[Path]) -> list[dict[str, Any]]:
    """Seed and epoch of each, for the record."""
    records = [read_finished_run(folder) for folder in seeds]
    return [{"seed": one["seed"], "epoch": one["outcome"].get("epoch")} for one in records]
