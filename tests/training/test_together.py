"""Seeds trained at once end where each ends alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from toy_runs import Interrupted, experiment, failing_at, record, rows, weights

from crossgate.corpora.table import CorpusTable
from crossgate.errors import InputError
from crossgate.training import together
from crossgate.training.seeds import train_seeds

Table = Callable[..., CorpusTable]


def alike(first: Path, second: Path, *, exact: bool = False) -> None:
    """Two runs of several seeds agree in weights and figures, but for rounding."""
    for seed in range(3):
        one, other = (folder / f"seed-{seed}" for folder in (first, second))
        assert weights(one).keys() == weights(other).keys()
        for name, tensor in weights(one).items():
            # A bias of all keys moves no attention: its gradient is rounding, which Adam makes large.
            if not (name.endswith("bias") and "key" in name):
                far = (tensor - weights(other)[name]).abs()
                # Rounding decides where a gradient is next to nothing, and Adam makes that large.
                assert far.max() <= (0.0 if exact else 2e-3), name
                assert exact or (far > 1e-5).float().mean() < 0.02, name
        assert len(rows(one)) == len(rows(other))
        for mine, theirs in zip(rows(one), rows(other), strict=True):
            assert mine.keys() == theirs.keys()
            for name, value in mine.items():
                assert value == pytest.approx(theirs[name], rel=1e-3, abs=1e-3), name
        assert record(one)["outcome"]["epoch"] == record(other)["outcome"]["epoch"]
        assert not (other / "state").exists()


@pytest.mark.parametrize(
    ("model", "training"),
    [
        ({}, {}),  # dropout and hidden modalities are on: every seed draws its own
        ({"relations": True, "mix_singles": True}, {"class_weighting": 0.5, "batch_size": 3}),
        ({"drop_inside": True, "normalize_inputs": ("text",), "normalize_steps": False}, {"batch_size": 3}),
        ({"dropout": 0.0}, {"patience": 1, "epochs": 5, "hide_modality": 0.0}),
    ],
    ids=["plain", "switches", "inside", "patience"],
)
def test_seeds_at_once_end_where_each_ends_alone(
    make_table: Table, tmp_path: Path, model: dict[str, Any], training: dict[str, Any]
) -> None:
    table = make_table(tmp_path, conversations=7)
    recipe = experiment(model=model, training=training)
    alone, at_once = (
        train_seeds(recipe, table, tmp_path / name, seeds=3, together=name == "at-once")
        for name in ("alone", "at-once")
    )
    alike(tmp_path / "alone", tmp_path / "at-once")
    assert alone["epochs"] == at_once["epochs"]
    assert alone["scores"].keys() == at_once["scores"].keys()
    first, second = (weights(tmp_path / "at-once" / f"seed-{seed}") for seed in range(2))
    assert any(not torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("stopped_at", ["a step", "the second seed's state"])
def test_an_interrupted_training_goes_on(
    make_table: Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stopped_at: str
) -> None:
    table = make_table(tmp_path, conversations=4)
    train_seeds(experiment(), table, tmp_path / "whole", seeds=3, together=True)
    with monkeypatch.context() as patch:
        if stopped_at == "a step":
            patch.setattr(together, "update_average", failing_at(5, together.update_average))
        else:
            patch.setattr(together.StackedSeeds, "save", failing_at(5, together.StackedSeeds.save))
        with pytest.raises(Interrupted):
            train_seeds(experiment(), table, tmp_path / "broken", seeds=3, together=True)
    with pytest.raises(InputError, match="resume"):
        train_seeds(experiment(), table, tmp_path / "broken", seeds=3, together=True)
    train_seeds(experiment(), table, tmp_path / "broken", seeds=3, together=True, resume=True)
    alike(tmp_path / "whole", tmp_path / "broken", exact=True)


def test_what_was_begun_together_can_be_finished_alone(
    make_table: Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = make_table(tmp_path, conversations=4)
    train_seeds(experiment(), table, tmp_path / "whole", seeds=3)
    with monkeypatch.context() as patch:
        patch.setattr(together, "update_average", failing_at(5, together.update_average))
        with pytest.raises(Interrupted):
            train_seeds(experiment(), table, tmp_path / "broken", seeds=3, together=True)
    train_seeds(experiment(), table, tmp_path / "broken", seeds=3, resume=True)
    alike(tmp_path / "whole", tmp_path / "broken")


@pytest.mark.parametrize("wrong", [{"model": {"kind": "text-only"}}, {"folds": True}], ids=str)
def test_what_cannot_be_trained_together_is_refused(
    make_table: Table, tmp_path: Path, wrong: dict[str, Any]
) -> None:
    table = make_table(tmp_path, conversations=4)
    with pytest.raises(InputError, match="--together"):
        train_seeds(experiment(**wrong), table, tmp_path / "run", seeds=2, together=True)
    assert not (tmp_path / "run").exists()


def test_half_precision_trains(make_table: Table, tmp_path: Path) -> None:
    recipe = experiment(training={"precision": "bfloat16", "epochs": 2})
    table = make_table(tmp_path, conversations=4)
    train_seeds(recipe, table, tmp_path / "run", seeds=2, together=True)
    found = weights(tmp_path / "run" / "seed-1").values()
    assert all(torch.isfinite(value).all() for value in found)
