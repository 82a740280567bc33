"""Runs of several seeds, trained in one loop; each leaves the folder that a run alone leaves."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from crossgate.corpora.table import CorpusTable
from crossgate.errors import InputError
from crossgate.locking import alone
from crossgate.models.crossgate import CrossGate
from crossgate.training.processes import Processes
from crossgate.training.record import EpochLog, close_run, open_run
from crossgate.training.run import Run, clean_up
from crossgate.training.settings import Experiment
from crossgate.training.together import fit_together


def train_together(
    experiment: Experiment, table: CorpusTable, folders: Sequence[Path], *, resume: bool, command: str
) -> list[dict[str, Any]]:
    """Train seeds 0, 1, ... at once, one into each folder; returns their records.

    Raises InputError where the network or the way of selection cannot be trained so, where data, settings
    and folders do not go together, or where another process trains in one of the folders.
    """
    if experiment.model.kind != "crossgate":
        raise InputError(
            f"--together trains crossgate, not {experiment.model.kind}", fix="leave --together out"
        )
    if experiment.selection.by != "validation":
        raise InputError(
            "--together needs selection.by validation: with folds every seed ends at an epoch of its own",
            fix="leave --together out",
        )
    with ExitStack() as locks:
        for folder in folders:
            locks.enter_context(alone(folder))
        return _train_together(experiment, table, folders, resume, command)


def _train_together(
    experiment: Experiment, table: CorpusTable, folders: Sequence[Path], resume: bool, command: str
) -> list[dict[str, Any]]:
    records = [
        open_run(folder, experiment, table, seed, resume=resume, command=command)
        for seed, folder in enumerate(folders)
    ]
    # An interruption may have come when some were written already.
    left = [seed for seed, record in enumerate(records) if record["status"] != "finished"]
    if not left:
        return records
    runs = {seed: Run(experiment, table, folders[seed], seed, Processes()) for seed in left}
    data = runs[left[0]].splits()
    networks = []
    for run in runs.values():
        network = run.fresh_network(data.train)
        assert isinstance(network, CrossGate)
        networks.append(network)
    with ExitStack() as open_logs:
        logs = [
            open_logs.enter_context(log.open())
            for log in (
                EpochLog(
                    folders[seed],
                    f"{experiment.name}, seed {seed}",
                    experiment.training.epochs,
                    bar=seed == left[0],  # all seeds end an epoch at once
                )
                for seed in left
            )
        ]
        fits = fit_together(
            networks,
            data.train,
            data.validation,
            objective_settings=experiment.objective,
            settings=experiment.training,
            seeds=left,
            state_folders=[folders[seed] / "state" for seed in left],
            on_epoch=logs,
        )
    for seed, fitted in zip(left, fits, strict=True):
        records[seed] = close_run(folders[seed], records[seed], runs[seed].conclude(fitted, data))
        clean_up(folders[seed])
    return records
