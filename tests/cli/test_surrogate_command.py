"""`crossgate surrogate` writes a corpus, prints its ceilings and refuses what it cannot do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from crossgate.cli.main import main
from crossgate.corpora.table import open_table

QUICK = ["--train", "3", "--validation", "2", "--test", "2", "--ceiling_conversations", "10"]


def test_it_writes_a_corpus_and_prints_its_ceilings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "corpus"
    assert main(["surrogate", "--out", str(out), "--seed", "3", *QUICK]) == 0
    assert set(open_table(out).manifest.splits) == {"train", "validation", "test"}
    views = json.loads((out / "ceilings.json").read_text())["views"]
    assert list(views) == ["t", "a", "v", "ta", "tv", "av", "tav"]
    printed = capsys.readouterr().out
    assert "generated and not data" in " ".join(printed.split())
    for view, found in views.items():
        line = next(row for row in printed.splitlines() if f" {view.upper()} " in row)
        assert f"{found['conversation']['accuracy']:.1f}" in line
        assert f"{found['target']:.1f}" in line


def test_the_profile_is_a_flag(tmp_path: Path) -> None:
    out = tmp_path / "corpus"
    assert main(["surrogate", "--out", str(out), "--profile", "meld", *QUICK]) == 0
    assert open_table(out).manifest.labels.name == "meld7"


def test_a_folder_that_exists_ends_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "kept").write_text("mine")
    assert main(["surrogate", "--out", str(tmp_path), *QUICK]) == 2
    assert "exists already" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_a_senseless_setting_ends_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["surrogate", "--out", str(tmp_path / "corpus"), "--train", "0"]) == 2
    assert "--train" in capsys.readouterr().err
