"""The same experiment from several seeds: a single number of a single seed is an anecdote."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from crossgate.corpora.table import CorpusTable
from crossgate.errors import InputError
from crossgate.evaluation.run_folder import RUN_FILE
from crossgate.evaluation.summary import summarise
from crossgate.files import write_json
from crossgate.training.record import not_begun
from crossgate.training.run import train
from crossgate.training.run_together import train_together
from crossgate.training.settings import Experiment

SUMMARY_FILE = "seeds.json"


def train_seeds(
    experiment: Experiment,
    table: CorpusTable,
    folder: Path,
    *,
    seeds: int,
    resume: bool = False,
    command: str = "crossgate train",
    together: bool = False,
) -> dict[str, Any]:
    """Train seeds 0, 1, ... into `folder/seed-N`; write and return mean and spread of their scores.

    With `together` all are trained in one loop (see `together.py`) instead of one after the other. Raises
    InputError as `train` does, and where the folder holds a single run, more seeds, or something else.
    """
    _check_folder(folder, seeds)
    folders = [folder / f"seed-{seed}" for seed in range(seeds)]
    if together:
        records = train_together(experiment, table, folders, resume=resume, command=command)
    else:
        records = [
            train(experiment, table, target, seed=seed, resume=resume, command=command)
            for seed, target in enumerate(folders)
        ]
    outcomes = {seed: record["outcome"] for seed, record in enumerate(records)}
    figures = [
        name
        for name, value in outcomes[0].items()
        if isinstance(value, float)
        and name != "weighted_f1_sd"
        and all(name in outcome for outcome in outcomes.values())
    ]
    summary = {
        "seeds": list(outcomes),
        "selected_by": outcomes[0]["selected_by"],
        "epochs": [outcome["epoch"] for outcome in outcomes.values()],
        "scores": {
            name: summarise([outcome[name] for outcome in outcomes.values()]).to_json() for name in figures
        },
    }
    write_json(folder / SUMMARY_FILE, summary)
    return summary


def _check_folder(folder: Path, seeds: int) -> None:
    """Refuse a folder whose readers would take something else for these seeds."""
    if not folder.exists():
        return
    if (folder / RUN_FILE).exists():
        raise InputError("a single run is there", where=str(folder), fix="name another folder for its seeds")
    began = {path.name for path in folder.glob("seed-*")}
    if not began and not not_begun(folder):
        raise InputError("exists already and is not a run", where=str(folder), fix="name another folder")
    if more := sorted(began - {f"seed-{seed}" for seed in range(seeds)}):
        raise InputError(
            f"{len(began)} seeds are there, {seeds} are asked for: {more[0]} would be read with them",
            where=str(folder),
            fix="ask for as many seeds as there are or more, or name another folder",
        )
