"""A small experiment, and what a run of it left behind."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from crossgate.features.settings import FeatureSettings
from crossgate.models.settings import ModelSettings
from crossgate.objectives.settings import ObjectiveSettings
from crossgate.training.settings import Experiment, SelectionSettings, TrainingSettings

torch.set_num_threads(1)  # as a run does; products this small only lose by a second one

FOLDS = r"_c(\d)"
"""Every conversation of `make_table` is a fold of its own."""


def experiment(
    *,
    model: Mapping[str, Any] | None = None,
    objective: Mapping[str, Any] | None = None,
    training: Mapping[str, Any] | None = None,
    folds: bool = False,
) -> Experiment:
    """Width 16, three epochs, all that is random switched on; `folds` selects by folds."""
    return Experiment(
        "toy",
        FeatureSettings(text=("toy",), audio=("toy",), visual=("toy",)),
        ModelSettings(**{"hidden": 16, "heads": 2, "gate_rank": 4, "dropout": 0.3} | dict(model or {})),
        ObjectiveSettings(**objective or {}),
        TrainingSettings(
            **{
                "epochs": 3,
                "batch_size": 2,
                "hide_modality": 0.2,
                "hide_turn": 0.1,
                "device": "cpu",
                "learning_rate": 0.01,
                "average": 0.9,
            }
            | dict(training or {})
        ),
        SelectionSettings("folds" if folds else "validation", FOLDS),
    )


YAML = """
name: toy
features: {text: [toy], audio: [toy], visual: [toy]}
model: {hidden: 16, heads: 2, gate_rank: 4, dropout: 0.3}
training:
  {epochs: 3, batch_size: 2, learning_rate: 0.01, average: 0.9, device: cpu,
   hide_modality: 0.2, hide_turn: 0.1}
selection: {group: '_c(\\d)'}
"""
"""The same as a file."""


def weights(run: Path) -> dict[str, Tensor]:
    """Every tensor of the run's checkpoint."""
    tensors: dict[str, Tensor] = load_file(run / "checkpoint" / "model.safetensors")
    return tensors


def rows(run: Path) -> list[dict[str, Any]]:
    """The run's figures, epoch by epoch, without the time they took."""
    lines = (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    return [{name: x for name, x in json.loads(line).items() if name != "seconds"} for line in lines]


def record(run: Path) -> dict[str, Any]:
    """`run.json`."""
    content: dict[str, Any] = json.loads((run / "run.json").read_text(encoding="utf-8"))
    return content


def identical(first: Mapping[str, Tensor], second: Mapping[str, Tensor]) -> bool:
    """Whether two sets of tensors agree to the last bit."""
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


class Interrupted(Exception):
    """What stops a run half way."""


def failing_at(count: int, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, which raises on its call number `count` instead of working."""
    calls = 0

    def wrapped(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == count:
            raise Interrupted
        return function(*arguments, **named)

    return wrapped
