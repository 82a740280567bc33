"""One fit: what stops it, what it keeps, what it tells."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from toy_runs import experiment, identical

import crossgate.training.loop as loop
from crossgate.conversation import Conversation, Modality, Utterance
from crossgate.emotions import UNLABELLED
from crossgate.errors import CrossgateError, InputError
from crossgate.features.dataset import Example
from crossgate.models.crossgate import CrossGate
from crossgate.training.device import pick_device
from crossgate.training.loop import Fit, fit
from crossgate.training.schedule import learning_rate_factor

SIZES: dict[Modality, int] = {"text": 5, "audio": 3}


def example(name: str, turns: int, labelled: bool = True) -> Example:
    torch.manual_seed(len(name) + 7 * turns + ord(name[0]))
    labels = torch.randint(0, 3, (turns,)) if labelled else torch.full((turns,), UNLABELLED)
    centres = torch.eye(5)[labels.clamp(min=0)]
    return Example(
        Conversation(name, tuple(Utterance(f"{name}{turn}", "A") for turn in range(turns))),
        {"text": 2 * centres + 0.5 * torch.randn(turns, 5), "audio": torch.randn(turns, 3)},
        torch.rand(2, turns) > 0.2,
        torch.zeros(turns, dtype=torch.int64),
        labels,
    )


TRAIN = [example(name, turns) for name, turns in (("a", 3), ("bb", 1), ("c", 6), ("dd", 4), ("e", 2))]
VALIDATION = [example("v", 5), example("w", 2)]


def run(
    folder: Path,
    train: list[Example] = TRAIN,
    validation: list[Example] = VALIDATION,
    model: dict[str, Any] | None = None,
    objective: dict[str, Any] | None = None,
    stop_after: int | None = None,
    on_epoch: Callable[[dict[str, Any]], None] | None = None,
    **training: Any,
) -> Fit:
    recipe = experiment(model=model, objective=objective, training=training)
    torch.manual_seed(0)
    return fit(
        CrossGate(recipe.model, SIZES, 3),
        train,
        validation,
        objective_settings=recipe.objective,
        settings=recipe.training,
        seed=0,
        state_folder=folder,
        stop_after=stop_after,
        on_epoch=on_epoch,
    )


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_loss_that_is_no_number_stops_with_the_conversations(tmp_path: Path, bad: float) -> None:
    broken = example("broken", 3)
    broken.values["audio"][1] = bad
    with pytest.raises(CrossgateError, match=r"no longer a number") as caught:
        run(tmp_path, [*TRAIN, broken], epochs=2)
    assert "broken" in str(caught.value)
    assert "epoch 1" in str(caught.value)
    assert caught.value.exit_code == 1


def test_an_infinite_loss_stops_a_fit_although_its_gradient_is_finite(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = loop.objective

    def overflowing(*arguments: Any) -> Any:
        found = whole(*arguments)
        found.total.data.fill_(float("inf"))  # the gradient does not see it
        return found

    monkeypatch.setattr(loop, "objective", overflowing)
    with pytest.raises(CrossgateError, match="no longer a number at step 0"):
        run(tmp_path)


def test_a_run_that_explodes_keeps_the_state_before(tmp_path: Path) -> None:
    run(tmp_path, epochs=3, stop_after=1)
    state = tmp_path / "epoch-0001" / "state.safetensors"
    before = state.read_bytes()
    with pytest.raises(CrossgateError, match="learning_rate"):
        run(tmp_path, [example("a", 3, labelled=True)] * 4, epochs=3, learning_rate=1e30, clip=1e30)
    assert state.read_bytes() == before


def test_patience_ends_a_fit_that_gets_no_better(tmp_path: Path) -> None:
    # A learning rate that changes nothing: the first epoch stays the best.
    still = run(tmp_path / "still", epochs=20, patience=3, learning_rate=1e-12)
    assert (still.best_epoch, len(still.rows)) == (1, 4)
    whole = run(tmp_path / "whole", epochs=6, learning_rate=1e-12)
    assert (whole.best_epoch, len(whole.rows)) == (1, 6)
    # A fit that was out of patience is so still when it is taken up again.
    again = run(tmp_path / "still", epochs=20, patience=3, learning_rate=1e-12)
    assert len(again.rows) == 4


def test_stopping_after_an_epoch_keeps_the_schedule(tmp_path: Path) -> None:
    whole = run(tmp_path / "whole", epochs=5)
    part = run(tmp_path / "part", epochs=5, stop_after=2)
    assert [row["learning_rate"] for row in part.rows] == [row["learning_rate"] for row in whole.rows[:2]]
    # The rate recorded is that of the epoch's last step: three steps an epoch, the first of them warms up.
    assert part.rows[0]["learning_rate"] == pytest.approx(0.01 * learning_rate_factor(2, 15, 0.1))
    assert len(part.rows) == 2
    assert len(run(tmp_path / "more", epochs=2, stop_after=9).rows) == 2


def test_without_validation_the_last_epoch_is_kept(tmp_path: Path) -> None:
    last = run(tmp_path, validation=[], epochs=3, average=0.0)
    assert last.best_epoch == 3
    assert not any(name.startswith("validation/") for row in last.rows for name in row)
    assert not identical(last.network.state_dict(), run(tmp_path / "b", epochs=1).network.state_dict())


def test_every_epoch_is_told_once_also_to_who_comes_late(tmp_path: Path) -> None:
    told: list[dict[str, Any]] = []
    run(tmp_path, epochs=4, stop_after=2, on_epoch=told.append)
    assert [row["epoch"] for row in told] == [1, 2]
    late: list[dict[str, Any]] = []
    run(tmp_path, epochs=4, on_epoch=late.append)
    assert [row["epoch"] for row in late] == [1, 2, 3, 4]
    assert late[:2] == told


def test_unlabelled_conversations_teach_too(tmp_path: Path) -> None:
    """Distillation needs no labels: with them or without, what is learned differs; and nothing breaks."""
    unlabelled = [example("unlabelled", 4, labelled=False), example("u", 1, labelled=False)]
    without = run(tmp_path / "a", epochs=2)
    with_them = run(tmp_path / "b", TRAIN + unlabelled, epochs=2, batch_size=1)
    assert all(torch.isfinite(p).all() for p in with_them.network.parameters())
    assert not identical(without.network.state_dict(), with_them.network.state_dict())
    with pytest.raises(InputError, match="labelled"):
        run(tmp_path / "c", validation=unlabelled, epochs=1)


def test_nothing_is_learned_where_nothing_is_supervised(tmp_path: Path) -> None:
    terms = (
        "hard_full",
        "hard_pairs",
        "hard_singles",
        "soft_pairs",
        "soft_singles",
        "consistency",
        "redundancy",
    )
    torch.manual_seed(0)
    fresh = CrossGate(experiment().model, SIZES, 3).state_dict()
    for weight, learns in ((0.0, False), (1.0, True)):
        fitted = run(
            tmp_path / str(weight),
            validation=[],
            epochs=1,
            average=0.0,
            weight_decay=0.0,
            objective=dict.fromkeys(terms, 0.0) | {"hard_full": weight},
        )
        assert identical(fitted.network.state_dict(), fresh) is not learns


@pytest.mark.parametrize("model", [{}, {"relations": True, "mix_singles": True, "causal": True}], ids=str)
def test_half_precision_trains(tmp_path: Path, model: dict[str, Any]) -> None:
    fitted = run(tmp_path, model=model, epochs=2, precision="bfloat16", class_weighting=0.5)
    assert all(torch.isfinite(p).all() for p in fitted.network.parameters())
    exact = run(tmp_path / "exact", model=model, epochs=2, precision="float32", class_weighting=0.5)
    assert fitted.rows[0]["train/loss"] == pytest.approx(exact.rows[0]["train/loss"], rel=0.05)
    assert fitted.rows[0]["train/loss"] != exact.rows[0]["train/loss"]


@pytest.mark.parametrize(
    "changed",
    [
        {"class_weighting": 1.0},
        {"average": 0.0},
        {"weight_decay": 0.5},
        {"clip": 0.01},
        {"warmup": 0.5},
        {"hide_modality": 0.0},
        {"hide_turn": 0.5},
        {"batch_size": 3},
        {"learning_rate": 0.02},
    ],
    ids=str,
)
def test_every_setting_has_its_effect(tmp_path: Path, changed: dict[str, Any]) -> None:
    plain = run(tmp_path / "plain", epochs=2, validation=[])
    other = run(tmp_path / "other", epochs=2, validation=[], **changed)
    assert not identical(plain.network.state_dict(), other.network.state_dict())


def test_a_device_that_is_not_there_is_refused() -> None:
    assert pick_device("cpu").type == "cpu"
    assert pick_device("auto").type in ("cpu", "cuda")
    for name in ("abacus", "cuda:99"):
        with pytest.raises(InputError, match=f"training.device '{name}'"):
            pick_device(name)
