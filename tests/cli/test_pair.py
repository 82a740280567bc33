"""`crossgate pair` reads faces with votes, embeds them and writes a corpus that says what it is."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image

from crossgate.cli.main import main
from crossgate.corpora.paired_table import FACE_COLUMN, PAIRING_FILE
from crossgate.corpora.pairing import WORDS
from crossgate.corpora.table import CorpusTable, open_table
from crossgate.experiments.paired import usable_faces
from crossgate.features.visual.face_network import FaceNetwork, save_face_network
from crossgate.features.visual.face_settings import EXPRESSIONS, FaceSettings
from crossgate.features.visual.faces import FaceEncoder
from crossgate.training.faces.data import VOTES, read_voted_faces

EACH = 3
VOTERS = 10


@pytest.fixture
def network(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    folder = tmp_path / "network"
    save_face_network(FaceNetwork(FaceSettings(stem=4, widths=(4,), blocks=(1,), embedding=6)), folder)
    return folder


def png(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def write_faces(path: Path, seed: int, more: list[np.ndarray] | None = None) -> None:
    """Noise for faces: every expression `EACH` times, four nobody agrees on, and `more` neutral ones."""
    random = np.random.default_rng(seed)
    votes = np.repeat(VOTERS * np.eye(len(VOTES), dtype=int)[: len(EXPRESSIONS)], EACH, axis=0)
    undecided = np.zeros((4, len(VOTES)), dtype=int)
    undecided[:, [0, 4]] = VOTERS // 2
    unusable = VOTERS * np.eye(len(VOTES), dtype=int)[-1:]
    votes = np.concatenate(
        [undecided, votes, unusable, VOTERS * np.eye(len(VOTES), dtype=int)[[0] * len(more or [])]]
    )
    images = [random.integers(0, 256, (48, 48), dtype=np.uint8) for _ in range(len(votes) - len(more or []))]
    columns = {"png": [png(image) for image in [*images, *(more or [])]]}
    columns |= {name: votes[:, place].tolist() for place, name in enumerate(VOTES)}
    path.parent.mkdir(exist_ok=True)
    pq.write_table(pa.table(columns), path)


@pytest.fixture
def faces(tmp_path: Path) -> Path:
    folder = tmp_path / "faces"
    write_faces(folder / "train.parquet", seed=1)
    again = read_voted_faces(folder / "train.parquet").faces[5]  # one of FER2013's copies
    write_faces(folder / "validation.parquet", seed=2, more=[again])
    return folder


def test_it_pairs_and_says_so(
    make_table: Callable[..., CorpusTable],
    network: Path,
    faces: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    data, out = make_table(tmp_path, conversations=20).folder, tmp_path / "out"
    command = ["pair", str(data), "--faces", str(faces), "--out", str(out), "--network", str(network)]
    assert main([*command, "--reliability", "1", "--missing", "0.2", "--seed", "4"]) == 0
    printed = capsys.readouterr().out
    assert f"{WORDS}: reliability 1.0, missing 0.2, seed 4" in printed
    assert "validation: of" in printed
    table = open_table(out)
    encoder = FaceEncoder.load(network)
    assert table.manifest.features[-1].matches(encoder.spec)
    assert table.manifest.source.startswith(WORDS)
    report = json.loads((out / PAIRING_FILE).read_text(encoding="utf-8"))
    assert report["splits"]["train"]["faces"] == dict.fromkeys(table.manifest.labels.labels, EACH)
    for name in ("train", "validation"):
        split, voted = table.split(name), read_voted_faces(faces / f"{name}.parquet")
        column = split.columns[encoder.spec.column]
        rows = pq.read_table(out / f"{name}.parquet").column(FACE_COLUMN).to_pylist()
        emotions = [u.emotion for c in split.conversations for u in c.utterances]
        embedding = encoder.encode(voted.faces).embedding
        assert 0 < column.present.sum() < split.rows
        for row, values, emotion in zip(rows, column.values, emotions, strict=True):
            if row is not None:
                np.testing.assert_allclose(values, embedding[row], atol=1e-5)
                assert EXPRESSIONS.labels[voted.majority[row]] in (emotion, {"joy": "happiness"}.get(emotion))


def test_faces_that_stand_in_two_parts_go_to_the_first(faces: Path) -> None:
    train, validation = (read_voted_faces(faces / f"{name}.parquet") for name in ("train", "validation"))
    decided = list(range(4, 4 + EACH * len(EXPRESSIONS)))
    assert usable_faces(train).tolist() == decided
    assert usable_faces(validation).tolist() == [*decided, len(validation) - 1]
    assert usable_faces(validation, [train]).tolist() == decided


def test_one_file_for_both_splits_is_refused_before_the_work(
    make_table: Callable[..., CorpusTable],
    network: Path,
    faces: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(FaceEncoder, "encode", lambda *_: pytest.fail("embedded all the same"))
    shutil.copy(faces / "train.parquet", faces / "validation.parquet")
    data, out = make_table(tmp_path).folder, tmp_path / "out"
    command = ["pair", str(data), "--faces", str(faces), "--out", str(out), "--network", str(network)]
    assert main(command) == 2
    assert "validation are the file that is used for train" in capsys.readouterr().err
    assert not out.exists()
    assert main([*command, "--reliability", "2"]) == 2
    assert main(["pair", str(out), *command[2:]]) == 2
    assert "no such folder" in capsys.readouterr().err
    out.mkdir()
    (out / "mine").write_text("kept")
    assert main(command) == 2
    assert "exists already" in capsys.readouterr().err


def test_files_that_are_not_there_end_in_words(
    make_table: Callable[..., CorpusTable],
    network: Path,
    faces: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (faces / "validation.parquet").unlink()
    data = make_table(tmp_path).folder
    command = ["pair", str(data), "--faces", str(faces), "--out", str(tmp_path / "out"), "--network"]
    assert main([*command, str(network)]) == 2
    assert "validation.parquet: no such file" in capsys.readouterr().err
    assert main([*command, str(tmp_path / "none")]) == 2
    assert "no such file" in capsys.readouterr().err


@pytest.mark.real
def test_parts_of_the_real_faces_are_kept_apart(shared_data: Path) -> None:
    folder = shared_data / "faces"
    train, validation = (read_voted_faces(folder / f"{name}.parquet") for name in ("train", "validation"))
    alone, apart = usable_faces(validation), usable_faces(validation, [train])
    assert 0 < len(alone) - len(apart) < 0.1 * len(alone)
    assert set(validation.majority[apart]) == set(range(len(EXPRESSIONS)))
