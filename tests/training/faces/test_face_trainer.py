"""Training the face network: it learns, it can be interrupted, it leaves everything that is wanted."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from safetensors.torch import load_file

from crossgate.errors import InputError
from crossgate.evaluation.run_folder import CHECKPOINT_FOLDER, RUN_FILE
from crossgate.features.visual.face_network import FaceNetwork, load_face_network
from crossgate.training.faces import trainer
from crossgate.training.faces.configuration import face_training, face_training_json
from crossgate.training.faces.data import read_voted_faces, vote_distributions
from crossgate.training.faces.settings import FaceTraining
from crossgate.training.faces.trainer import drawing_weights, epoch_batches, evaluate_faces, train_faces
from toy_faces import QUICK, TINY, content, write_faces

ROUGH = replace(QUICK, smoothing=0.05, mixup=0.2, balance=0.3)
"""With everything on that draws random numbers."""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_faces(tmp_path / "data")


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / CHECKPOINT_FOLDER / "model.safetensors")


def test_a_run_leaves_network_curves_and_record(data: Path, tmp_path: Path) -> None:
    record = train_faces(QUICK, data, tmp_path / "run", seed=3, command="crossgate encoder train-face")
    assert json.loads((tmp_path / "run" / RUN_FILE).read_text(encoding="utf-8")) == record
    assert record["status"] == "finished"
    assert record["seed"] == 3
    assert record["settings"]["network"]["widths"] == [4, 8]
    assert set(record["data"]["sha256"]) == {"train.parquet", "validation.parquet"}
    assert record["outcome"]["faces"] == {"train": 63, "train_dropped": 7}
    assert len((tmp_path / "run" / "metrics.jsonl").read_text(encoding="utf-8").splitlines()) == 3
    assert not (tmp_path / "run" / "state").exists()


def test_the_record_s_accuracy_is_that_of_the_network_in_the_file(data: Path, tmp_path: Path) -> None:
    record = train_faces(QUICK, data, tmp_path / "run")
    network = load_face_network(tmp_path / "run" / CHECKPOINT_FOLDER)
    validation = read_voted_faces(data / "validation.parquet")
    assert evaluate_faces(network, validation).accuracy == record["outcome"]["validation"]["accuracy"]
    best = max(
        (json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()),
        key=lambda row: row["validation/accuracy"],
    )
    assert record["outcome"]["epoch"] == best["epoch"]


def test_bars_are_told_apart_after_a_few_epochs(tmp_path: Path) -> None:
    data = write_faces(tmp_path / "data", train=240, validation=40)
    plain = replace(QUICK, epochs=6, augmentation=replace(QUICK.augmentation, turn=0, shift=0.01, zoom=0))
    record = train_faces(plain, data, tmp_path / "run")
    assert record["outcome"]["validation"]["accuracy"] > 0.5


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_run_that_was_killed_ends_with_the_same_weights(
    precision, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = replace(ROUGH, precision=precision)
    train_faces(settings, data, tmp_path / "whole", seed=1)
    real, calls = trainer.augment, Counter[str]()

    def killed(*given, **named):
        calls["augment"] += 1
        if calls["augment"] == 6:  # in the middle of the second epoch
            raise KeyboardInterrupt
        return real(*given, **named)

    monkeypatch.setattr(trainer, "augment", killed)
    with pytest.raises(KeyboardInterrupt):
        train_faces(settings, data, tmp_path / "killed", seed=1)
    torch.manual_seed(99)
    train_faces(settings, data, tmp_path / "killed", seed=1, resume=True)
    whole, resumed = weights(tmp_path / "whole"), weights(tmp_path / "killed")
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)
    rows = [
        [json.loads(line) | {"seconds": 0} for line in (tmp_path / run / "metrics.jsonl").open()]
        for run in ("whole", "killed")
    ]
    assert rows[0] == rows[1]


def test_another_seed_ends_elsewhere(data: Path, tmp_path: Path) -> None:
    for seed in (0, 1):
        train_faces(QUICK, data, tmp_path / str(seed), seed=seed)
    first, second = weights(tmp_path / "0"), weights(tmp_path / "1")
    assert not torch.equal(first["stem.weight"], second["stem.weight"])


def test_a_finished_run_is_not_trained_again(data: Path, tmp_path: Path) -> None:
    record = train_faces(QUICK, data, tmp_path / "run")
    assert train_faces(QUICK, data, tmp_path / "run", resume=True) == record
    with pytest.raises(InputError, match="a run is there already"):
        train_faces(QUICK, data, tmp_path / "run")


@pytest.mark.parametrize(
    ("change", "named"),
    [({"seed": 5}, "another seed"), ({"settings": replace(QUICK, epochs=4)}, "another settings")],
)
def test_only_the_same_run_is_resumed(change, named: str, data: Path, tmp_path: Path) -> None:
    train_faces(QUICK, data, tmp_path / "run", seed=0)
    given = {"settings": QUICK, "seed": 0} | change
    with pytest.raises(InputError, match=named):
        train_faces(given["settings"], data, tmp_path / "run", seed=given["seed"], resume=True)


def test_other_data_are_not_resumed_on(data: Path, tmp_path: Path) -> None:
    train_faces(QUICK, data, tmp_path / "run")
    pq.write_table(content(70, 9), data / "train.parquet")
    with pytest.raises(InputError, match="another data"):
        train_faces(QUICK, data, tmp_path / "run", resume=True)


def test_a_folder_with_something_else_is_left_alone(data: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not a run"):
        train_faces(QUICK, data, data)


def test_faces_nobody_agrees_on_are_no_data(tmp_path: Path) -> None:
    data = write_faces(tmp_path / "data")
    for part, said in (("validation", "to choose by"), ("train", "annotators agree")):
        table = content(9, 0).slice(8, 1)
        pq.write_table(table, data / f"{part}.parquet")
        with pytest.raises(InputError, match=said):
            train_faces(QUICK, data, tmp_path / "run")
        assert not (tmp_path / "run").exists()


def test_nothing_but_the_two_parts_is_read(data: Path, tmp_path: Path) -> None:
    (data / "test.parquet").write_bytes(b"closed")
    assert train_faces(QUICK, data, tmp_path / "run")["status"] == "finished"


def test_every_face_comes_once_an_epoch_and_in_another_order_the_next() -> None:
    epochs = [torch.cat(list(epoch_batches(np.ones(50), 10, 5, 0, epoch))).tolist() for epoch in (0, 1)]
    assert sorted(epochs[0]) == sorted(epochs[1]) == list(range(50))
    assert epochs[0] != epochs[1]


def test_balance_draws_rare_expressions_more_often() -> None:
    targets = np.eye(8, dtype=np.float32)[[0] * 90 + [5] * 10]
    weights = drawing_weights(targets, 0.5)
    assert weights.mean() == pytest.approx(1)
    assert weights[-1] / weights[0] == pytest.approx(3)
    drawn = torch.cat(list(epoch_batches(weights, 20, 5, 0, 0)))
    rare = Counter((drawn >= 90).tolist())[True]
    assert abs(rare - weights[90:].sum()) <= 10
    assert np.allclose(drawing_weights(targets, 0.0), 1)


def test_targets_of_the_toy_are_distributions(data: Path) -> None:
    targets, usable = vote_distributions(read_voted_faces(data / "train.parquet").votes)
    assert np.allclose(targets.sum(axis=1), usable)


def test_settings_are_replaced_by_name() -> None:
    changed = face_training(
        ["epochs=4", "network.widths=[8, 16]", "network.blocks=[1, 1]", "augmentation.flip=0"]
    )
    assert changed.epochs == 4
    assert changed.network.widths == (8, 16)
    assert changed.augmentation.flip == 0
    assert face_training() == FaceTraining()
    json.dumps(face_training_json(changed))


@pytest.mark.parametrize(
    ("override", "named"),
    [
        ("epochs", "key=value"),
        ("epochs=many", "epochs"),
        ("epoch=3", "epoch"),
        ("epochs=0", "epochs is 0"),
        ("network.widths=[8]", "network.widths"),
        ("network.dropout=1", "network.dropout"),
        ("momentum=1", "momentum"),
        ("batch_size=1", "batch_size"),
        ("precision=float8", "precision"),
    ],
)
def test_settings_that_do_not_exist_or_make_no_sense_are_refused(override: str, named: str) -> None:
    with pytest.raises(InputError, match=named):
        face_training([override])


def test_the_tiny_network_is_tiny() -> None:
    assert sum(parameter.numel() for parameter in FaceNetwork(TINY).parameters()) < 5000
