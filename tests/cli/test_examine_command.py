"""`crossgate examine` as it is called."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from toy_commands import changed, config, emotions, trained

import crossgate.experiments.examination.writing as writing
from crossgate.cli.main import main
from crossgate.corpora.surrogate import SurrogateSettings, generate_surrogate
from crossgate.emotions import IEMOCAP

PICTURES = ("redundancy.png", "contributions.png", "robustness.png", "shifts.png", "reliability.png")


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures are made, but not drawn into files, which is what takes the time."""

    def touch(figure: Any, path: Path) -> Path:
        path.touch()
        return path

    monkeypatch.setattr(writing, "save_figure", touch)


def examine(run: Path, data: Path, out: Path, *more: str) -> int:
    return main(["examine", str(run), "--data", str(data), "--out", str(out), *more])


def content(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "examination.json").read_text(encoding="utf-8"))
    return found


def test_a_run_of_seeds_is_examined(
    tmp_path: Path, make_table: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    data = make_table(tmp_path).folder
    run, out = trained(tmp_path, data, "--seeds", "2"), tmp_path / "out"
    assert examine(run, data, out) == 0
    said = capsys.readouterr()
    assert "fewer than five" in said.out
    assert str(out / "examination.md") in said.err
    assert all((out / name).is_file() for name in PICTURES)
    page = (out / "examination.md").read_text(encoding="utf-8")
    assert all(f"({name})" in page for name in PICTURES)
    found = content(out)
    (one,) = found["runs"]
    assert one["seeds"] == [0, 1]
    assert one["missing"] == {}
    assert found["comparison"] is None
    # Beside the measures of the command `evaluate`: the same scores.
    assert main(["evaluate", str(run), "--data", str(data)]) == 0
    path = run / "evaluation" / "toy-validation" / "seeds-and-views.json"
    expected = json.loads(path.read_text(encoding="utf-8"))["seeds"]
    for name in ("accuracy", "weighted_f1", "macro_f1", "negative_log_likelihood"):
        assert one["over_seeds"]["scores"][name] == pytest.approx(expected[name])
    error = one["over_seeds"]["calibration"]["expected_calibration_error"]
    assert error == pytest.approx(expected["expected_calibration_error"])
    # Parts that must fit together.
    for seed in one["by_seed"]:
        worth = seed["contributions"]["worth"]
        total = sum(seed["contributions"]["log_probability"].values())
        assert total == pytest.approx(worth["tav"] - worth["nothing"])
        assert sum(seed["gates"]["shares"].values()) == pytest.approx(1)
        assert list(seed["redundancy"]) == ["ta", "tv", "av"]
        assert len(seed["robustness"]["noise"]["visual"]) == len(found["settings"]["shares"])
    turns = found["turns"]
    assert turns["shift"] + turns["same"] + turns["first"] == turns["labelled"] == turns["utterances"]


@pytest.mark.usefixtures("undrawn")
def test_every_utterance_has_its_values(tmp_path: Path, make_table: Any) -> None:
    data = make_table(tmp_path).folder
    labels = [emotion if row % 3 else None for row, emotion in enumerate(emotions(data, "validation"))]
    data = changed(data, tmp_path / "some", "validation", "emotion", labels)
    out = tmp_path / "out"
    assert examine(trained(tmp_path, data), data, out) == 0
    rows = pq.read_table(out / "contributions.parquet")
    assert rows.column("emotion").to_pylist() == labels
    values = rows.column("shapley_text").to_pylist()
    assert [value is None for value in values] == [emotion is None for emotion in labels]
    overall = content(out)["runs"][0]["by_seed"][0]["contributions"]["log_probability"]["text"]
    known = [value for value in values if value is not None]
    assert sum(known) / len(known) == pytest.approx(overall, abs=1e-5)
    turns = content(out)["turns"]
    assert turns["labelled"] == len(known)
    assert turns["unknown"] > 0


@pytest.mark.usefixtures("undrawn")
def test_two_runs_stand_side_by_side(
    tmp_path: Path, make_table: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    data = make_table(tmp_path).folder
    run = trained(tmp_path, data, "--seeds", "3")
    without = trained(
        tmp_path, data, "--seeds", "2", "--set", "objective.redundancy=0 training.epochs=1", name="without"
    )
    assert examine(run, data, tmp_path / "out", "--against", str(without)) == 0
    found = content(tmp_path / "out")
    assert [one["name"] for one in found["runs"]] == ["run", "without"]
    assert found["comparison"]["seeds"] == [0, 1]
    tests = {test["measure"]: test for test in found["comparison"]["tests"]}
    ours, theirs = (
        [seed["redundancy"]["ta"]["cross_correlation"] for seed in one["by_seed"] if seed["seed"] < 2]
        for one in found["runs"]
    )
    difference = tests["cross_correlation.ta"]["difference"]
    assert difference["mean"] == pytest.approx(sum(ours) / 2 - sum(theirs) / 2)
    assert difference["n"] == 2
    for test in tests.values():
        if test["t_test"]["p_value"] is not None:
            assert test["t_test"]["p_holm"] >= test["t_test"]["p_value"]
    assert tests["weighted_f1"]["randomisation"]["p_holm"] >= tests["weighted_f1"]["randomisation"]["p_value"]
    assert tests["cka.ta"]["randomisation"] is None
    assert "Side by side" in capsys.readouterr().out
    assert (tmp_path / "out" / "reliability-against.png").is_file()


@pytest.mark.usefixtures("undrawn")
def test_rivals_are_examined_as_far_as_they_go(
    tmp_path: Path, make_table: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    data = make_table(tmp_path).folder
    early, sdt, text = (
        trained(tmp_path, data, "--set", f"model.kind={kind} training.epochs=1", name=kind)
        for kind in ("early-fusion", "sdt", "text-only")
    )
    assert examine(early, data, tmp_path / "two", "--against", str(sdt)) == 0
    assert "of the kind early-fusion has no view" in capsys.readouterr().out
    first, second = content(tmp_path / "two")["runs"]
    assert set(first["missing"]) == {"redundancy", "gates"}
    assert first["over_seeds"]["robustness"]["missing"].keys() == {"text", "audio", "visual"}
    assert second["missing"] == {}
    assert second["over_seeds"]["redundancy"].keys() == {"ta", "tv", "av"}
    compared = {test["measure"] for test in content(tmp_path / "two")["comparison"]["tests"]}
    assert "shapley.text" in compared
    assert "cka.ta" not in compared
    assert examine(text, data, tmp_path / "one") == 0
    (one,) = content(tmp_path / "one")["runs"]
    assert one["modalities"] == ["text"]
    assert one["missing"]["redundancy"] == "it reads one modality"
    assert list(one["over_seeds"]["contributions"]["worth"]) == ["nothing", "t"]
    assert one["over_seeds"]["robustness"]["noise"].keys() == {"text"}


@pytest.mark.usefixtures("undrawn")
def test_folds_allow_a_part(tmp_path: Path, make_table: Any, capsys: pytest.CaptureFixture[str]) -> None:
    data = make_table(tmp_path, conversations=3).folder
    run = trained(tmp_path, data, "--set", "selection.by=folds", "--seeds", "2")
    assert examine(run, data, tmp_path / "out", "--split", "folds") == 0
    (one,) = content(tmp_path / "out")["runs"]
    assert set(one["missing"]) == {"redundancy", "gates", "robustness"}
    assert "examine a validation split" in capsys.readouterr().out
    assert list(one["over_seeds"]["contributions"]["worth"]) == [
        "nothing", "a", "av", "t", "ta", "tv", "v", "tav"
    ]  # fmt: skip
    assert not (tmp_path / "out" / "robustness.png").exists()
    # Those of one run against those of another, trained with other settings.
    other = trained(
        tmp_path, data, "--set", "selection.by=folds model.kind=early-fusion", "--seeds", "2", name="early"
    )
    assert examine(run, data, tmp_path / "two", "--split", "folds", "--against", str(other)) == 0
    assert "contributions" in content(tmp_path / "two")["runs"][1]["missing"]
    assert examine(trained(tmp_path, data, name="plain"), data, tmp_path / "no", "--split", "folds") == 2
    assert "by: folds" in capsys.readouterr().err


def test_the_test_split_of_a_real_corpus_stays_shut(
    tmp_path: Path, make_table: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    data = make_table(tmp_path).folder
    run, out = trained(tmp_path, data), tmp_path / "out"
    assert examine(run, data, out, "--split", "test") == 2
    assert "stays shut here" in capsys.readouterr().err
    assert not (run / "test_reads.json").exists()
    assert not out.exists()


@pytest.mark.usefixtures("undrawn")
def test_that_of_a_generated_one_is_opened_and_recorded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "drawn"
    settings = SurrogateSettings(
        train=8, validation=4, test=5, shortest=3, longest=5, ceiling_conversations=1
    )
    generate_surrogate(settings, data)
    yaml = config(tmp_path)
    text = Path(yaml).read_text(encoding="utf-8")
    features = "{text: [surrogate64], audio: [surrogate32], visual: [surrogate24]}"
    text = text.replace("{text: [toy], audio: [toy], visual: [toy]}", features)
    Path(yaml).write_text(text, encoding="utf-8")
    runs = [tmp_path / name for name in ("run", "other")]
    for seed, run in enumerate(runs):
        assert main(["train", yaml, "--data", str(data), "--out", str(run), "--seed", str(seed)]) == 0
    out = tmp_path / "out"
    assert examine(runs[0], data, out, "--split", "test", "--against", str(runs[1])) == 0
    for run, one in zip(runs, content(out)["runs"], strict=True):
        (entry,) = json.loads((run / "test_reads.json").read_text(encoding="utf-8"))
        assert entry["command"].startswith("crossgate")
        assert entry["outcome"]["weighted_f1"] == one["over_seeds"]["scores"]["weighted_f1"]["mean"]
    assert "no seed in common" in capsys.readouterr().out


@pytest.mark.parametrize("what", ["run", "against", "data", "split", "itself", "unlabelled"])
def test_what_cannot_be_examined_is_named(
    tmp_path: Path, make_table: Any, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    data = make_table(tmp_path).folder
    run = trained(tmp_path, data)
    if what == "unlabelled":
        data = changed(
            data, tmp_path / "none", "validation", "emotion", [None] * len(emotions(data, "validation"))
        )
    more = {
        "against": ["--against", str(tmp_path / "absent")],
        "split": ["--split", "dev"],
        "itself": ["--against", str(run)],
    }.get(what, [])
    named = {
        "run": "absent",
        "against": "absent",
        "data": "nowhere",
        "split": "'dev'",
        "itself": "the run itself",
        "unlabelled": "no utterance of this split has a label",
    }[what]
    out = tmp_path / "out"
    place = tmp_path / "nowhere" if what == "data" else data
    assert examine(tmp_path / "absent" if what == "run" else run, place, out, *more) == 2
    said = capsys.readouterr().err
    assert named in said
    assert "Traceback" not in said
    assert not out.exists()


def test_a_run_of_other_data_is_no_yardstick(
    tmp_path: Path, make_table: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    data = make_table(tmp_path).folder
    run = trained(tmp_path, data)
    (tmp_path / "elsewhere").mkdir()
    other = trained(tmp_path, make_table(tmp_path / "elsewhere", seed=1).folder, name="other")
    assert examine(run, data, tmp_path / "out", "--against", str(other)) == 2
    assert "trained on other data" in capsys.readouterr().err
    (tmp_path / "six").mkdir()
    six = trained(tmp_path, make_table(tmp_path / "six", labels=IEMOCAP).folder, name="six-emotions")
    assert examine(run, data, tmp_path / "out", "--against", str(six)) == 2
    assert "frustrated" in capsys.readouterr().err


def test_nothing_is_overwritten(tmp_path: Path, make_table: Any, capsys: pytest.CaptureFixture[str]) -> None:
    data = make_table(tmp_path).folder
    run, out = trained(tmp_path, data), tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("mine", encoding="utf-8")
    assert examine(run, data, out) == 2
    assert "exists already" in capsys.readouterr().err
    assert [path.name for path in out.iterdir()] == ["mine.txt"]
