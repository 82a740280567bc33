"""The state of a run at the end of an epoch: safetensors and JSON, whole or absent, nothing pickled."""

from __future__ import annotations

import hashlib
import json
import shutil
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from crossgate.corpora.manifest import sha256_of
from crossgate.errors import reason_of
from crossgate.files import new_folder, write_json

TENSORS_FILE = "state.safetensors"
PROGRESS_FILE = "progress.json"
SUMS = "sha256"
KEPT = 2
"""States kept: should the newest turn out damaged, resuming takes the one before."""


@dataclass
class Progress:
    """How far a run is.

    Attributes:
        epoch: epochs finished.
        step: optimiser steps taken.
        best_epoch: the epoch, counted from 1, whose weights are kept; 0 before there is one.
        best_score: its validation weighted F1.
        rows: the rows of `metrics.jsonl` so far.
    """

    epoch: int = 0
    step: int = 0
    best_epoch: int = 0
    best_score: float = -1.0
    rows: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class TrainingState:
    """Everything the next step depends on; the random numbers are a function of seed and position."""

    network: torch.nn.Module
    average: torch.nn.Module
    optimizer: torch.optim.Optimizer
    best: dict[str, Tensor]
    progress: Progress

    def save(self, folder: Path) -> None:
        """Write `folder/epoch-NNNN`, then remove all but the newest states.

        Later ones than this were damaged and passed over on resuming; they go as well.
        """
        tensors: dict[str, Tensor] = {}
        for prefix, values in (
            ("network", self.network.state_dict()),
            ("average", self.average.state_dict()),
            ("best", self.best),
            ("optimizer", _flatten(self.optimizer)),
        ):
            tensors |= {f"{prefix}.{name}": value.detach().contiguous() for name, value in values.items()}
        target = folder / f"epoch-{self.progress.epoch:04d}"
        if target.exists():  # a damaged one that was passed over on resuming
            shutil.rmtree(target)
        with new_folder(target) as draft:
            # Clones: safetensors refuses tensors that share memory, as `best` may with `average`.
            save_file({name: value.clone() for name, value in tensors.items()}, draft / TENSORS_FILE)
            sums = {"tensors": sha256_of(draft / TENSORS_FILE), "progress": _sum(self.progress)}
            write_json(draft / PROGRESS_FILE, vars(self.progress) | {SUMS: sums})
        kept = [state for state in _states(folder) if state.name <= target.name][-KEPT:]
        for old in _states(folder):
            if old not in kept:
                shutil.rmtree(old)

    def restore(self, folder: Path, latest: int | None = None) -> bool:
        """Load the newest state that can be read, at most of epoch `latest`; False where there is none.

        Warns of those that are damaged, and of what is done about it.
        """
        damaged = []
        for candidate in reversed(_states(folder)):
            if latest is not None and int(candidate.name.removeprefix("epoch-")) > latest:
                continue
            try:
                tensors, progress = _read(candidate)
            except (SafetensorError, OSError, ValueError, TypeError) as error:
                why = "a file is missing" if isinstance(error, FileNotFoundError) else reason_of(error)
                damaged.append(f"{candidate} is damaged ({why})")
                continue
            if damaged:
                _warn(f"{'; '.join(damaged)}; going on from {candidate.name}")
            self.network.load_state_dict(_part(tensors, "network"))
            self.average.load_state_dict(_part(tensors, "average"))
            self.best = _part(tensors, "best")
            _unflatten(self.optimizer, _part(tensors, "optimizer"))
            self.progress = progress
            return True
        if damaged:
            _warn(f"{'; '.join(damaged)}; there is no other state, so this fit begins anew, to the same end")
        return False


def _states(folder: Path) -> list[Path]:
    """State folders, oldest first; drafts begin with a dot and are not among them."""
    return sorted(folder.glob("epoch-*")) if folder.is_dir() else []


def _read(folder: Path) -> tuple[dict[str, Tensor], Progress]:
    """What a state holds. Raises ValueError and what the readers raise where it is damaged."""
    content = json.loads((folder / PROGRESS_FILE).read_text(encoding="utf-8"))
    # A state of an older version has none, and is believed; a damaged name of theirs makes it no Progress.
    sums = content.pop(SUMS, None)
    progress = Progress(**content)
    # Neither format has a checksum of its own: a flipped bit would pass as a number.
    if sums is not None and sums != {"tensors": sha256_of(folder / TENSORS_FILE), "progress": _sum(progress)}:
        raise ValueError("not what was written")
    tensors: dict[str, Tensor] = load_file(folder / TENSORS_FILE)
    return tensors, progress


def _sum(progress: Progress) -> str:
    return hashlib.sha256(json.dumps(vars(progress)).encode()).hexdigest()


def _warn(words: str) -> None:
    warnings.warn(words, RuntimeWarning, stacklevel=4)


def _part(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {
        name.removeprefix(f"{prefix}."): value
        for name, value in tensors.items()
        if name.startswith(f"{prefix}.")
    }


def _flatten(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """An optimiser's state as `<parameter>.<name>` tensors; learning rates are a function of the step."""
    return {
        f"{index}.{name}": torch.as_tensor(value)
        for index, state in optimizer.state_dict()["state"].items()
        for name, value in state.items()
    }


def _unflatten(optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        index, name = key.split(".", 1)
        state.setdefault(int(index), {})[name] = value
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
