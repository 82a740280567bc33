"""Chosen models on the test split: opened once for all that are not scored yet, and recorded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from crossgate.corpora.table import CorpusTable
from crossgate.evaluation.members import predict_split
from crossgate.evaluation.run_folder import CHECKPOINT_FOLDER
from crossgate.evaluation.sealed import RECORD_FILE, open_sealed, record_of
from crossgate.experiments.benchmark.measured import measured_of, write_measured
from crossgate.experiments.benchmark.report.scores import scores_of_seed
from crossgate.models.checkpoint import load_checkpoint

TESTED_FILE = "measured-test.parquet"
"""In a run's folder: what its chosen model said of the test split, with the labels beside it."""


def score_on_test(table: CorpusTable, runs: Sequence[Path], folder: Path, command: str) -> None:
    """Predict the test split with the checkpoint of every run that has not done so, in one opening.

    The opening is recorded in `folder/test_reads.json` and in that of every run it serves, with the scores of
    all as its outcome. Where all are scored the split stays shut.
    """
    left = [run for run in runs if not (run / TESTED_FILE).is_file()]
    if not left:
        return
    labels = table.manifest.labels
    scores = {}
    also = [record_of(run) for run in left]
    with open_sealed(table, "test", folder / RECORD_FILE, command, also) as reading:
        for run in left:
            checkpoint = load_checkpoint(run / CHECKPOINT_FOLDER)
            found = measured_of(reading.split, predict_split(checkpoint, reading.split).probabilities, labels)
            write_measured(run / TESTED_FILE, found, labels)
            scores[str(run.relative_to(folder))] = scores_of_seed(found)
        reading.outcome = scores
