"""The names of what a run's folder holds, for those who write it and those who read it."""

from __future__ import annotations

from pathlib import Path

RUN_FILE = "run.json"
"""Settings, seed, versions, hashes of the data, outcome."""

CHECKPOINT_FOLDER = "checkpoint"
"""The network that was kept."""

FOLDS_FOLDER = "folds"
"""A folder for every group that was left out, where a run is selected by folds."""

FOLD_PREDICTIONS = Path(FOLDS_FOLDER) / "predictions.parquet"
"""Every training utterance as predicted by the fit that had not seen it."""

FOLD_SUBSET = "predictions-{}.parquet"
"""Beside it: the same given only some modalities, such as `t`."""

FOLDS = "folds"
"""The name under which out-of-fold predictions are measured, in the place of a split's."""
