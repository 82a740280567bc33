"""One training of a benchmark: an ordinary run, and its predictions on what is measured."""

from __future__ import annotations

import io
import shutil
import warnings
from contextlib import redirect_stderr
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from crossgate.corpora.table import Split, open_table
from crossgate.emotions import LabelSet
from crossgate.errors import CrossgateError, InputError, WriteError
from crossgate.evaluation.members import predict_split
from crossgate.evaluation.metrics import measure
from crossgate.evaluation.probabilities import read_probabilities
from crossgate.evaluation.run_folder import CHECKPOINT_FOLDER, FOLD_PREDICTIONS, FOLDS, RUN_FILE
from crossgate.evaluation.sealed import read_any, record_of
from crossgate.experiments.benchmark.measured import MEASURED_FILE, measured_of, write_measured
from crossgate.files import new_folder
from crossgate.models.checkpoint import load_checkpoint
from crossgate.training.record import not_begun, read_run
from crossgate.training.run import train
from crossgate.training.settings import Experiment


@dataclass(frozen=True)
class Job:
    """A training to be done, as a worker process is told of it.

    Attributes:
        title: for the reader.
        experiment: what is trained.
        data: folder of the table it is trained on.
        folder: of the run.
        seed: of the run.
        command: for records.
        measured_in: folder of the table whose `split` is predicted at the end; None where nothing is.
        split: of it, or `folds`.
        same_as: a run of the same experiment, data and seed; where it is finished it is copied.
    """

    title: str
    experiment: Experiment
    data: Path
    folder: Path
    seed: int
    command: str
    measured_in: Path | None = None
    split: str = "validation"
    same_as: Path | None = None


@dataclass(frozen=True)
class Outcome:
    """What came of a job.

    Attributes:
        job: the job.
        score: weighted F1 at the chosen epoch, on what chose it; None where the training failed.
        failure: why it failed.
        notes: warnings on the way.
    """

    job: Job
    score: float | None
    failure: str | None = None
    notes: tuple[str, ...] = ()


def work(job: Job) -> Outcome:
    """Train, or go on, or find it finished; then predict. A training that fails is an outcome.

    Raises InputError where data, settings and folder do not go together.
    """
    # Several trainings at once would write over each other's lines; the benchmark tells of each end itself.
    with warnings.catch_warnings(record=True) as caught, redirect_stderr(io.StringIO()):
        try:
            score = _train(job)
            if job.measured_in is not None and not (job.folder / MEASURED_FILE).is_file():
                _measure(job, job.measured_in)
        except (InputError, WriteError):  # a full disk is no trait of the training
            raise
        except CrossgateError as error:
            return Outcome(job, None, str(error))
    return Outcome(job, score, notes=tuple(dict.fromkeys(str(one.message) for one in caught)))


def _train(job: Job) -> float:
    """The run, and the score it was selected by."""
    folder = job.folder
    if folder.is_dir() and not_begun(folder):  # killed before the record: nothing is lost with it
        shutil.rmtree(folder)
    if job.same_as is not None and not folder.exists() and _finished(job.same_as):
        with new_folder(folder) as draft:
            shutil.copytree(job.same_as, draft, dirs_exist_ok=True)
    table = open_table(job.data)
    record = train(job.experiment, table, folder, seed=job.seed, resume=True, command=job.command)
    return float(record["outcome"]["weighted_f1"])


def _finished(folder: Path) -> bool:
    return (folder / RUN_FILE).is_file() and read_run(folder).get("status") == "finished"


def _measure(job: Job, data: Path) -> None:
    """Predict the split and write the predictions into the run; a test split is opened through its seal."""
    table = open_table(data)
    labels = table.manifest.labels
    target = job.folder / MEASURED_FILE
    if job.split == FOLDS:
        split = table.split("train")
        ids, probabilities = read_probabilities(job.folder / FOLD_PREDICTIONS, labels)
        if ids != [utterance.id for c in split.conversations for utterance in c.utterances]:
            raise InputError(
                "these are predictions of other utterances than the table's", where=str(job.folder)
            )
        write_measured(target, measured_of(split, probabilities, labels), labels)
        return
    checkpoint = load_checkpoint(job.folder / CHECKPOINT_FOLDER)
    with read_any(table, job.split, record_of(job.folder), job.command) as reading:
        values = predict_split(checkpoint, reading.split).probabilities
        write_measured(target, measured_of(reading.split, values, labels), labels)
        reading.outcome = _scores(reading.split, values, labels)


def _scores(split: Split, values: npt.NDArray[np.float32], labels: LabelSet) -> dict[str, float]:
    """What the record of an opened test split says."""
    found = measured_of(split, values, labels)
    scores = measure(found.labels, found.probabilities, labels)
    return {name: getattr(scores, name) for name in ("weighted_f1", "macro_f1", "accuracy")}
