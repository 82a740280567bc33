"""The record of a run: settings, versions, hashes, figures. The same command gives the same numbers."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from crossgate import __version__
from crossgate.corpora.table import CorpusTable
from crossgate.errors import InputError
from crossgate.evaluation.run_folder import RUN_FILE
from crossgate.files import new_file, write_json
from crossgate.locking import LOCK_FILE
from crossgate.training.configuration import experiment_json, with_later_settings
from crossgate.training.curves import curves
from crossgate.training.settings import Experiment

METRICS_FILE = "metrics.jsonl"
WATCHED = ("torch", "numpy", "pyarrow", "pillow", "safetensors", "scikit-learn", "transformers", "peft")
"""Packages whose versions can change a number."""


def open_run(
    folder: Path, experiment: Experiment, table: CorpusTable, seed: int, *, resume: bool, command: str
) -> dict[str, Any]:
    """Begin or take up a run and return its record.

    Raises InputError where the folder holds another run, or one that is not to be continued.
    """
    recipe = {
        "experiment": experiment_json(experiment),
        "seed": seed,
        # The test split is no part of training: its file may come and go.
        "data": {
            "name": table.manifest.name,
            "labels": list(table.manifest.labels.labels),
            "sha256": {name: s.sha256 for name, s in table.manifest.splits.items() if name != "test"},
        },
    }
    about = {"manifest": table.manifest.to_json() | {"derived": table.manifest.derived}}
    return take_up(folder, recipe, resume=resume, command=command, about=about)


def take_up(
    folder: Path,
    recipe: dict[str, Any],
    *,
    resume: bool,
    command: str,
    about: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Begin a run in a folder, or take up the one that is there, and return its record.

    Args:
        folder: of the run.
        recipe: what the numbers follow from (settings, seed, hashes of the data), as plain JSON values.
        resume: go on with what is there.
        command: as it was given.
        about: what else the record of a new run holds.

    Raises InputError where the folder holds another run, or one that is not to be continued.
    """
    path = folder / RUN_FILE
    if path.exists():
        record = read_run(folder)
        if not resume:
            raise InputError(
                "a run is there already", where=str(folder), fix="go on with --resume, or name another folder"
            )
        for part, value in recipe.items():
            if record.get(part) != value:
                raise InputError(
                    f"the run there has another {part}: {_difference(record.get(part), value)}",
                    where=str(folder),
                    fix="resume with what it was started with, or name another folder",
                )
        return record
    if folder.exists() and not (folder.is_dir() and not_begun(folder)):
        raise InputError("exists already and is not a run", where=str(folder), fix="name another folder")
    record = recipe | {"status": "running", "command": command} | versions_and_machine() | (about or {})
    folder.mkdir(parents=True, exist_ok=True)
    write_json(path, record)
    return record


def not_begun(folder: Path) -> bool:
    """Whether a folder holds nothing but the lock and the drafts of a run that had no record yet."""
    return all(path.name == LOCK_FILE or path.match(f".{RUN_FILE}.*.tmp") for path in folder.iterdir())


def versions_and_machine() -> dict[str, Any]:
    """What a number may depend on besides data and settings, and when the work began."""
    return {
        "crossgate": __version__,
        "versions": watched_versions(),
        "machine": {
            "python": platform.python_version(),
            "system": platform.platform(),
            "processor": platform.machine(),
            "cores": os.cpu_count(),
            "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        },
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def watched_versions() -> dict[str, str | None]:
    """Versions of the packages that can change a number; None for one that is not installed."""
    return {name: _version(name) for name in WATCHED}


def read_finished(folder: Path) -> dict[str, Any]:
    """The record of a finished training. Raises InputError where there is none, or it is not finished."""
    record = read_run(folder)
    if record.get("status") != "finished":
        raise InputError("this training is not finished", where=str(folder), fix="go on with --resume")
    return record


def close_run(folder: Path, record: dict[str, Any], outcome: dict[str, Any]) -> dict[str, Any]:
    """Write what came of the run."""
    finished = record | {
        "status": "finished",
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "outcome": outcome,
    }
    write_json(folder / RUN_FILE, finished)
    return finished


def read_run(folder: Path) -> dict[str, Any]:
    """The record of a finished or running run; settings that came after it stand at their defaults.

    Raises InputError where there is none, or it is damaged.
    """
    path = folder / RUN_FILE
    if not path.is_file():
        raise InputError("no run here", where=str(folder), fix=f"name a folder that holds {RUN_FILE}")
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"not JSON: {error}", where=str(path)) from error
    if not isinstance(record, dict):
        raise InputError(f"expected an object, got {type(record).__name__}", where=str(path))
    return with_later_settings(record)


class EpochLog:
    """`metrics.jsonl`, TensorBoard and the progress bar of one fit; use it in a `with` block."""

    def __init__(self, folder: Path, title: str, epochs: int, *, bar: bool = True) -> None:
        self._shows_bar = bar
        self._folder = folder
        self._rows: list[dict[str, Any]] = []
        self._title = title
        self._epochs = epochs

    @contextmanager
    def open(self) -> Iterator[EpochLog]:
        """Show the bar on stderr; without a terminal, a line at the end."""
        console = Console(stderr=True)
        with (
            curves(self._folder / "tensorboard") as self._draw,
            Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
                TextColumn("{task.fields[figures]}"),
                console=console,
                disable=not (console.is_terminal and self._shows_bar),
            ) as self._bar,
        ):
            self._task = self._bar.add_task(self._title, total=self._epochs, figures="")
            yield self
        if not console.is_terminal and self._rows:
            print(f"{self._title}: {len(self._rows)} epochs, {self._figures()}", file=sys.stderr)

    def __call__(self, row: dict[str, Any]) -> None:
        """Take the figures of an epoch."""
        self._rows.append(row)
        with new_file(self._folder / METRICS_FILE) as draft:
            draft.write_text("".join(json.dumps(r) + "\n" for r in self._rows), encoding="utf-8")
        self._draw(row)
        self._bar.update(self._task, advance=1, figures=self._figures())

    def _figures(self) -> str:
        last = self._rows[-1]
        text = f"loss {last['train/loss']:.3f}"
        scores = [row["validation/weighted_f1"] for row in self._rows if "validation/weighted_f1" in row]
        if scores:
            text += f"  weighted F1 {100 * scores[-1]:.2f}  best {100 * max(scores):.2f}"
        return text


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _difference(old: Any, new: Any, path: str = "") -> str:
    """The first place where two records differ."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in (*new, *old):
            if old.get(key) != new.get(key):
                return _difference(old.get(key), new.get(key), f"{path}.{key}" if path else str(key))
    return f"{path or 'value'} is {old!r} there, {new!r} now"
