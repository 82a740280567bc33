"""The state of a run at the end of an epoch: safetensors and JSON, whole or absent, nothing pickled."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from crossgate.files import new_folder, write_json

TENSORS_FILE = "state.safetensors"
PROGRESS_FILE = "progress.json"
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
        """Write `folder/epoch-NNNN`, then remove all but the newest states."""
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
            write_json(draft / PROGRESS_FILE, vars(self.progress))
        for old in _states(folder)[:-KEPT]:
            shutil.rmtree(old)

    def restore(self, folder: Path, latest: int | None = None) -> bool:
        """Load the newest state that can be read, at most of epoch `latest`; False where there is none."""
        for candidate in reversed(_states(folder)):
            if latest is not None and int(candidate.name.removeprefix("epoch-")) > latest:
                continue
            try:
                tensors = load_file(candidate / TENSORS_FILE)
                progress = Progress(**json.loads((candidate / PROGRESS_FILE).read_text(encoding="utf-8")))
            except (SafetensorError, OSError, ValueError, TypeError):
                continue
            self.network.load_state_dict(_part(tensors, "network"))
            self.average.load_state_dict(_part(tensors, "average"))
            self.best = _part(tensors, "best")
            _unflatten(self.optimizer, _part(tensors, "optimizer"))
            self.progress = progress
            return True
        return False


def _states(folder: Path) -> list[Path]:
    """State folders, oldest first; drafts begin with a dot and are not among them."""
    return sorted(folder.glob("epoch-*")) if folder.is_dir() else []


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
