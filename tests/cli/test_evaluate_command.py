"""`crossgate evaluate` as it is called."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from toy_commands import changed, emotions, trained

from crossgate.cli.main import main
from crossgate.emotions import IEMOCAP


def measured(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "evaluation.json").read_text(encoding="utf-8"))
    return content


def test_validation_is_measured_as_training_measured_it(
    tmp_path: Path, make_table: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    data = make_table(tmp_path).folder
    run = trained(tmp_path, data)
    assert main(["evaluate", str(run), "--data", str(data)]) == 0
    said = capsys.readouterr()
    assert "toy, validation" in said.out
    out = run / "evaluation" / "toy-validation"
    assert str(out / "evaluation.json") in said.err
    outcome = json.loads((run / "run.json").read_text(encoding="utf-8"))["outcome"]
    seeds_and_views = json.loads((out / "seeds-and-views.json").read_text(encoding="utf-8"))
    assert seeds_and_views["views"]["tav"] == pytest.approx(outcome["weighted_f1"])
    assert seeds_and_views["views"]["ta"] == pytest.approx(outcome["weighted_f1_ta"])
    assert seeds_and_views["seeds"] == {}
    assert f"{100 * outcome['weighted_f1']:.2f}" in said.out
    assert not (run / "test_reads.json").exists()


def test_a_look_at_the_test_split_is_written_down(tmp_path: Path, make_table: Any) -> None:
    table = make_table(tmp_path)
    run = trained(tmp_path, table.folder)
    out = tmp_path / "figures"
    for _ in range(2):
        arguments = ["evaluate", str(run), "--data", str(table.folder), "--split", "test", "--out", str(out)]
        assert main(arguments) == 0
    entries = json.loads((run / "test_reads.json").read_text(encoding="utf-8"))
    assert len(entries) == 2
    for entry in entries:
        assert (entry["corpus"], entry["split"]) == ("toy", "test")
        assert entry["sha256"] == table.manifest.splits["test"].sha256
        assert entry["command"].startswith("crossgate")
        assert 0 <= entry["outcome"]["weighted_f1"] <= 1
    assert measured(out)


def test_folds_and_seeds(tmp_path: Path, make_table: Any, capsys: pytest.CaptureFixture[str]) -> None:
    data = make_table(tmp_path, conversations=3).folder
    run = trained(tmp_path, data, "--set", "selection.by=folds", "--seeds", "2")
    assert main(["evaluate", str(run), "--data", str(data), "--split", "folds"]) == 0
    said = capsys.readouterr().out
    assert "leave one group out" in said
    assert "mean of 2 seeds" in said
    summary = run / "evaluation" / "toy-folds" / "seeds-and-views.json"
    scores = json.loads(summary.read_text(encoding="utf-8"))["seeds"]
    assert 0 <= scores["weighted_f1"]["mean"] <= 1
    # These are out-of-fold predictions of this table's utterances and of no others.
    (tmp_path / "elsewhere").mkdir()
    other = make_table(tmp_path / "elsewhere", conversations=5).folder
    assert main(["evaluate", str(run), "--data", str(other), "--split", "folds"]) == 2
    assert "other utterances" in capsys.readouterr().err


def test_folds_of_a_run_without_are_refused(
    tmp_path: Path, make_table: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    data = make_table(tmp_path).folder
    run = trained(tmp_path, data)
    assert main(["evaluate", str(run), "--data", str(data), "--split", "folds"]) == 2
    assert "by: folds" in capsys.readouterr().err


def test_a_split_without_labels_cannot_be_measured(
    tmp_path: Path, make_table: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    data = make_table(tmp_path, test_labelled=False).folder
    run = trained(tmp_path, data)
    assert main(["evaluate", str(run), "--data", str(data), "--split", "test"]) == 2
    said = capsys.readouterr().err
    assert "no utterance of this split has a label" in said
    assert "crossgate predict" in said
    # It was opened all the same, and that is written down.
    (entry,) = json.loads((run / "test_reads.json").read_text(encoding="utf-8"))
    assert "InputError" in entry["outcome"]["error"]


def test_unlabelled_utterances_are_left_out(
    tmp_path: Path, make_table: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    data = make_table(tmp_path).folder
    run = trained(tmp_path, data)
    labels = [emotion if row % 2 else None for row, emotion in enumerate(emotions(data, "validation"))]
    data = changed(data, tmp_path / "some", "validation", "emotion", labels)
    assert main(["evaluate", str(run), "--data", str(data)]) == 0
    labelled = sum(label is not None for label in labels)
    assert f"{labelled} labelled utterances; {len(labels) - labelled} without" in capsys.readouterr().out


def test_other_emotions_than_the_checkpoints_are_refused(
    tmp_path: Path, make_table: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    run = trained(tmp_path, make_table(tmp_path).folder)
    (tmp_path / "elsewhere").mkdir()
    other = make_table(tmp_path / "elsewhere", labels=IEMOCAP).folder
    assert main(["evaluate", str(run), "--data", str(other)]) == 2
    said = capsys.readouterr().err
    assert "frustrated" in said
    assert "surprise" in said


@pytest.mark.parametrize("what", ["run", "data", "split", "empty"])
def test_what_is_not_there_is_named(
    tmp_path: Path, make_table: Any, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    data = make_table(tmp_path).folder
    run = tmp_path / "absent" if what in ("run", "empty") else trained(tmp_path, data)
    if what == "empty":
        run.mkdir()
    named = {"run": str(run), "empty": "no checkpoint here", "data": "nowhere", "split": "'dev'"}[what]
    arguments = ["evaluate", str(run), "--data", str(tmp_path / "nowhere" if what == "data" else data)]
    assert main([*arguments, "--split", "dev" if what == "split" else "validation"]) == 2
    said = capsys.readouterr().err
    assert named in said
    assert "Traceback" not in said


def test_figures_of_another_split_are_not_written_over(
    tmp_path: Path, make_table: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    data = make_table(tmp_path).folder
    run, out = trained(tmp_path, data), tmp_path / "figures"
    arguments = ["evaluate", str(run), "--data", str(data), "--out", str(out)]
    for _ in range(2):  # the same once more is no other
        assert main([*arguments, "--split", "validation"]) == 0
    before = (out / "evaluation.json").read_bytes()
    for more, said in (
        (["--split", "train"], "another split"),
        (["--split", "validation", "--modalities", "t"], "another modalities"),
    ):
        capsys.readouterr()
        assert main([*arguments, *more]) == 2
        assert said in capsys.readouterr().err
    assert (out / "evaluation.json").read_bytes() == before
