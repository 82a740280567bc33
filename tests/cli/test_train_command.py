"""`crossgate train` as it is called."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from toy_commands import YAML, changed, config, edit_manifest, emotions, trained

from crossgate.cli.main import main


def record(run: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((run / "run.json").read_text(encoding="utf-8"))
    return content


def test_what_it_leaves_and_says(tmp_path: Path, make_table: Any, capsys: pytest.CaptureFixture[str]) -> None:
    run = trained(tmp_path, make_table(tmp_path).folder, "--seed", "3")
    said = capsys.readouterr()
    for words in ("kept epoch", "selected by validation", "weighted F1"):
        assert words in said.out
    for words in ("corpus toy", "neutral", "audio_toy", str(run)):
        assert words in said.err
    assert (record(run)["status"], record(run)["seed"]) == ("finished", 3)


def test_settings_can_be_replaced(tmp_path: Path, make_table: Any) -> None:
    run = trained(tmp_path, make_table(tmp_path).folder, "--set", "training.epochs=1 model.heads=4")
    experiment = record(run)["experiment"]
    assert (experiment["training"]["epochs"], experiment["model"]["heads"]) == (1, 4)
    assert experiment["model"]["hidden"] == 16


def test_several_replacements_add_up(tmp_path: Path, make_table: Any) -> None:
    more = ["--set", "training.epochs=1", "--set=model.heads=4"]
    experiment = record(trained(tmp_path, make_table(tmp_path).folder, *more))["experiment"]
    assert (experiment["training"]["epochs"], experiment["model"]["heads"]) == (1, 4)


def test_a_second_time_only_to_resume(
    tmp_path: Path, make_table: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    data = make_table(tmp_path).folder
    run = trained(tmp_path, data)
    before = (run / "checkpoint" / "model.safetensors").read_bytes()
    again = ["train", config(tmp_path), "--data", str(data), "--out", str(run)]
    assert main(again) == 2
    assert "--resume" in capsys.readouterr().err
    assert main([*again, "--resume"]) == 0
    assert "kept epoch" in capsys.readouterr().out
    assert (run / "checkpoint" / "model.safetensors").read_bytes() == before


def test_by_folds(tmp_path: Path, make_table: Any, capsys: pytest.CaptureFixture[str]) -> None:
    run = trained(tmp_path, make_table(tmp_path, conversations=3).folder, "--set", "selection.by=folds")
    assert "2 left out" in capsys.readouterr().out
    assert (run / "folds" / "predictions.parquet").is_file()


def test_several_seeds(tmp_path: Path, make_table: Any, capsys: pytest.CaptureFixture[str]) -> None:
    run = trained(tmp_path, make_table(tmp_path).folder, "--seeds", "2")
    said = capsys.readouterr().out
    assert "2 seeds (fewer than five" in said
    assert json.loads((run / "seeds.json").read_text(encoding="utf-8"))["seeds"] == [0, 1]
    assert {path.name for path in run.iterdir()} == {"seeds.json", "seed-0", "seed-1"}


def test_unlabelled_utterances_are_taken_in_stride(tmp_path: Path, make_table: Any) -> None:
    data = make_table(tmp_path).folder
    some = [emotion if row % 3 else None for row, emotion in enumerate(emotions(data, "train"))]
    data = changed(data, tmp_path / "some", "train", "emotion", some)
    few = [emotion if row == 1 else None for row, emotion in enumerate(emotions(data, "validation"))]
    data = changed(data, tmp_path / "fewer", "validation", "emotion", few)
    run = trained(tmp_path, data, "--set", "training.class_weighting=0.5")
    assert record(run)["outcome"]["accuracy"] in (0.0, 1.0)


@pytest.mark.parametrize(
    ("config_text", "arguments", "named"),
    [
        ("name: [", [], "not YAML"),
        (YAML.replace("hidden", "hiden"), [], "hiden"),
        (YAML, ["--set", "model.heads=3"], "model.heads"),
        (YAML, ["--set", "nonsense"], "nonsense"),
        (YAML, ["--seeds", "0"], "--seeds"),
        (YAML, ["--seeds", "2", "--seed", "1"], "--seed"),
        (YAML, ["--set", "features.audio=[praat8]"], "audio_toy"),
        (YAML, ["--set", "selection.by=folds selection.group=(Ses)"], "train_c0"),
        (YAML, ["--set", "training.device=abacus"], "abacus"),
    ],
)
def test_bad_input_exits_with_2_and_words(
    tmp_path: Path,
    make_table: Any,
    capsys: pytest.CaptureFixture[str],
    config_text: str,
    arguments: list[str],
    named: str,
) -> None:
    data = make_table(tmp_path).folder
    path = config(tmp_path, config_text)
    assert main(["train", path, "--data", str(data), "--out", str(tmp_path / "run"), *arguments]) == 2
    said = capsys.readouterr().err
    assert named in said
    assert "crossgate: " in said
    assert "Traceback" not in said


@pytest.mark.parametrize("what", ["config", "data", "out", "manifest"])
def test_files_that_are_not_right_are_named(
    tmp_path: Path, make_table: Any, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    data = make_table(tmp_path).folder
    places = {"config": Path(config(tmp_path)), "data": data, "out": tmp_path / "run"}
    if what == "manifest":
        edit_manifest(data, splits={"train": {"file": "train.parquet", "rows": 1, "sha256": "0"}})
        wrong = data / "train.parquet"
    elif what == "out":
        wrong = data
        places["out"] = data
    else:
        wrong = places[what] = tmp_path / "absent"
    arguments = [str(places["config"]), "--data", str(places["data"]), "--out", str(places["out"])]
    assert main(["train", *arguments]) == 2
    assert str(wrong) in capsys.readouterr().err


def test_a_training_that_fails_exits_with_1(
    tmp_path: Path, make_table: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    data = make_table(tmp_path).folder
    settings = "training.learning_rate=1e30 training.clip=1e30 training.epochs=9"
    arguments = ["train", config(tmp_path), "--data", str(data), "--out", str(tmp_path / "run")]
    assert main([*arguments, "--set", settings]) == 1
    said = capsys.readouterr().err
    assert "train_c" in said
    assert "Traceback" not in said


def test_an_interruption_exits_with_130(
    tmp_path: Path, make_table: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    data = make_table(tmp_path).folder
    arguments = ["train", config(tmp_path), "--data", str(data), "--out", str(tmp_path / "run")]
    with monkeypatch.context() as patch:
        patch.setattr("crossgate.training.loop.update_average", interrupt)
        assert main(arguments) == 130
    assert "interrupted" in capsys.readouterr().err
    assert main([*arguments, "--resume"]) == 0


def test_seeds_are_not_put_beside_another_run(
    tmp_path: Path, make_table: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    data = make_table(tmp_path).folder
    single = trained(tmp_path, data)
    again = ["train", config(tmp_path), "--data", str(data), "--out", str(single)]
    assert main([*again, "--seeds", "2"]) == 2
    assert "a single run is there" in capsys.readouterr().err
    assert not list(single.glob("seed-*"))
    (tmp_path / "several").mkdir()
    several = trained(tmp_path / "several", data, "--seeds", "3")
    fewer = [
        "train",
        config(tmp_path),
        "--data",
        str(data),
        "--out",
        str(several),
        "--seeds",
        "2",
        "--resume",
    ]
    assert main(fewer) == 2
    assert "3 seeds are there, 2 are asked for" in capsys.readouterr().err
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "notes.txt").write_text("mine", encoding="utf-8")
    assert main(["train", config(tmp_path), "--data", str(data), "--out", str(notes), "--seeds", "2"]) == 2
    assert "not a run" in capsys.readouterr().err


def test_an_option_is_given_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["train", "x.yaml", "--data", "a", "--out", str(tmp_path / "run"), "--data=b"]
    assert main(arguments) == 2
    assert "--data is given more than once" in capsys.readouterr().err


def test_what_was_learned_does_not_choose_the_epoch(
    tmp_path: Path, make_table: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "bare"
    folder.mkdir()
    content = (make_table(tmp_path).folder / "train.parquet").read_bytes()
    for name in ("train", "validation"):
        (folder / f"{name}.parquet").write_bytes(content)
    assert main(["train", config(tmp_path), "--data", str(folder), "--out", str(tmp_path / "run")]) == 2
    assert "the same file" in capsys.readouterr().err
