"""What goes wrong at the edges of a run: it is refused, said, and leaves nothing in the way."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from toy_commands import YAML, changed, config, emotions, trained

from crossgate.cli.main import main


def said(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """What a refused command says."""
    assert main([str(argument) for argument in arguments]) == 2
    error = capsys.readouterr().err
    assert "Traceback" not in error
    return error


def test_a_failed_start_does_not_lock_the_folder(
    tmp_path: Path, make_table: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    data = make_table(tmp_path).folder
    wrong = config(tmp_path, YAML.replace("audio: [toy]", "audio: [praat8]"))
    assert "audio_praat8" in said(capsys, "train", wrong, "--data", data, "--out", tmp_path / "run")
    assert not (tmp_path / "run").exists()
    assert main(["train", config(tmp_path), "--data", str(data), "--out", str(tmp_path / "run")]) == 0


@pytest.mark.parametrize("split", ["train", "validation"])
def test_nothing_is_learned_or_chosen_without_labels(
    tmp_path: Path, make_table: Any, capsys: pytest.CaptureFixture[str], split: str
) -> None:
    data = make_table(tmp_path).folder
    bare = changed(data, tmp_path / "bare", split, "emotion", [None] * len(emotions(data, split)))
    error = said(capsys, "train", config(tmp_path), "--data", bare, "--out", tmp_path / "run")
    assert "no utterance of this split has a label" in error
    assert split in error


def test_some_seeds_do_not_pass_for_all(
    tmp_path: Path, make_table: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    data = make_table(tmp_path, conversations=3).folder
    run = trained(tmp_path, data, "--seeds", "2", "--set", "selection.by=folds")
    shutil.rmtree(run / "seed-1" / "checkpoint")
    for split in ("validation", "folds"):
        assert "seed-1 of 2 seeds is not finished" in said(
            capsys, "evaluate", run, "--data", data, "--split", split
        )


def test_scores_on_what_was_seen_say_so(
    tmp_path: Path, make_table: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    data = make_table(tmp_path).folder
    run = trained(tmp_path, data)
    for split, caveat in (
        ("train", "the network was fitted on these"),
        ("validation", "the epoch was chosen on these"),
    ):
        assert main(["evaluate", str(run), "--data", str(data), "--split", split]) == 0
        assert caveat in " ".join(capsys.readouterr().out.split())
    assert main(["evaluate", str(run), "--data", str(data), "--split", "test"]) == 0
    assert "chosen on these" not in capsys.readouterr().out


@pytest.mark.parametrize("flags", [("--seed", "-1"), ("--seeds", "0"), ("--set", 'name="a')])
def test_flags_that_make_no_sense(
    tmp_path: Path, make_table: Any, capsys: pytest.CaptureFixture[str], flags: tuple[str, str]
) -> None:
    data = make_table(tmp_path).folder
    assert flags[0] in said(
        capsys, "train", config(tmp_path), "--data", data, "--out", tmp_path / "run", *flags
    )


def test_a_folder_that_cannot_be_made_is_named(
    tmp_path: Path, make_table: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    data = make_table(tmp_path).folder
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    assert "file" in said(
        capsys, "train", config(tmp_path), "--data", data, "--out", tmp_path / "file" / "run"
    )
    assert (tmp_path / "file").read_text(encoding="utf-8") == "in the way"
