"""`crossgate pack`, and what it packed at work: by name, by folder, with some modalities."""

from __future__ import annotations

import json
from itertools import compress
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from safetensors.torch import load_file
from toy_commands import edit_manifest, trained

from crossgate import packaged
from crossgate.cli.main import main
from crossgate.conversation import MODALITIES
from crossgate.corpora.manifest import sha256_of
from crossgate.corpora.table import open_table
from crossgate.emotions import MELD
from crossgate.evaluation.calibration import at_temperature
from crossgate.evaluation.packing.front_matter import split_front_matter
from crossgate.features.text.turn_embedder import version_of

CARD = "---\nlicense: mit\n---\nFor tests only.\n\n## Limits\n\nIt knows nothing.\n"
FILES = {"README.md", "config.json", "model.safetensors", "packed.json"}


def pack(run: Path, data: Path, out: Path, *more: str) -> int:
    card = out.parent / "card.md"
    card.parent.mkdir(parents=True, exist_ok=True)
    card.write_text(CARD, encoding="utf-8")
    arguments = ["pack", str(run), "--data", str(data), "--out", str(out)]
    for option, value in (("--card", str(card)), ("--target", "0.1")):
        arguments += [] if option in more else [option, value]
    return main([*arguments, *more])


def read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def probabilities(path: Path) -> np.ndarray:
    table = pq.read_table(path)
    return np.stack([table.column(f"p_{label}").to_numpy() for label in MELD.labels], axis=1)


def temperatures(packed: dict[str, Any], data: Path) -> np.ndarray:
    """What every utterance of the validation split is divided by: (utterance, 1)."""
    columns = open_table(data).split("validation").columns
    there = [columns[f"{modality}_toy"].present for modality in MODALITIES]
    given = ["".join(compress("tav", row)) for row in np.transpose(there).tolist()]
    calibration = packed["calibration"]
    own = [calibration["temperatures"].get(letters, calibration["temperature"]) for letters in given]
    return np.array(own)[:, None]


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The packaged folder, for once a writable one."""
    monkeypatch.setattr(packaged, "BESIDE", tmp_path / "shelf")
    return tmp_path / "shelf"


def test_a_run_is_packed_with_a_card(
    tmp_path: Path, make_table: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    data, out = make_table(tmp_path).folder, tmp_path / "ships" / "crossgate-toy"
    run = trained(tmp_path, data)
    assert pack(run, data, out) == 0
    assert "temperature" in capsys.readouterr().out
    assert {path.name for path in out.iterdir()} == FILES
    tensors = load_file(out / "model.safetensors")
    assert {str(v.dtype) for n, v in tensors.items() if n.startswith("network.")} == {"torch.float16"}
    packed, config = read(out / "packed.json"), read(out / "config.json")
    assert config["calibration"]["temperature"] == packed["calibration"]["temperature"]
    assert config["calibration"]["confidence_threshold"] == packed["calibration"]["abstention"]["threshold"]
    assert packed["fitted_on"]["split"] == "validation"
    assert packed["run"]["data"] == read(run / "run.json")["data"]
    assert packed["run"]["test_openings"] == 0
    assert list(packed["subsets"]) == ["t", "a", "v", "ta", "tv", "av", "tav"]
    metadata, card = split_front_matter((out / "README.md").read_text(encoding="utf-8"))
    assert metadata["license"] == "mit"
    assert "It knows nothing." in card
    assert "$" not in card
    assert read(run / "run.json")["command"] in card
    assert f"{100 * packed['report']['metrics']['weighted_f1']:.2f}" in card
    for emotion in MELD.labels:
        assert f"| {emotion} |" in card
    for subset, scores in packed["subsets"].items():
        assert f"| {subset} | {100 * scores['weighted_f1']:.2f} |" in card


def test_what_ships_predicts_with_its_temperature_and_as_the_card_says(
    tmp_path: Path, make_table: Any, shelf: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = make_table(tmp_path, conversations=20).folder
    run = trained(tmp_path, data)
    assert pack(run, data, shelf / "crossgate-toy") == 0
    packed = read(shelf / "crossgate-toy" / "packed.json")
    for name in (str(run), "crossgate-toy"):
        out = tmp_path / f"{Path(name).name}.parquet"
        assert main(["predict", name, "--data", str(data), "--split", "validation", "--out", str(out)]) == 0
    raw, calibrated = (probabilities(tmp_path / f"{name}.parquet") for name in ("run", "crossgate-toy"))
    expected = at_temperature(raw, temperatures(packed, data))
    assert np.allclose(calibrated, expected, atol=5e-3)  # half precision stands between them
    assert not np.allclose(raw, calibrated, atol=2e-2)
    capsys.readouterr()
    arguments = ["evaluate", "crossgate-toy", "--data", str(data)]
    assert main([*arguments, "--out", str(tmp_path / "all")]) == 0
    assert "epoch and calibration were chosen on these" in capsys.readouterr().out
    measured = read(tmp_path / "all" / "evaluation.json")
    for name in ("weighted_f1", "accuracy"):
        assert measured["metrics"][name] == pytest.approx(packed["report"]["metrics"][name], abs=1e-6)
    error = measured["calibration"]["expected_calibration_error"]
    assert error == pytest.approx(packed["calibration"]["expected_calibration_error"], abs=1e-3)
    # With some modalities, in whatever order their letters stand.
    for letters in ("t", "at"):
        assert main([*arguments, "--modalities", letters, "--out", str(tmp_path / letters)]) == 0
        subset = "ta" if letters == "at" else letters
        assert f"given {subset} only" in capsys.readouterr().out
        found, scores = read(tmp_path / letters / "evaluation.json"), packed["subsets"][subset]
        assert found["metrics"]["weighted_f1"] == pytest.approx(scores["weighted_f1"], abs=1e-6)
        error = found["calibration"]["expected_calibration_error"]
        assert error == pytest.approx(scores["expected_calibration_error"], abs=1e-3)


def test_nothing_is_written_into_what_is_not_the_users(
    tmp_path: Path,
    make_table: Any,
    shelf: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = make_table(tmp_path).folder
    assert pack(trained(tmp_path, data), data, shelf / "crossgate-toy") == 0
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    arguments = ["evaluate", "crossgate-toy", "--data", str(data)]
    assert main(arguments) == 0
    assert "nothing was written" in capsys.readouterr().err
    assert main(["evaluate", str(shelf / "crossgate-toy"), "--data", str(data)]) == 0
    assert main([*arguments, "--split", "test"]) == 2  # it could not be recorded
    assert "--out" in capsys.readouterr().err
    assert main([*arguments, "--split", "test", "--out", "figures"]) == 0
    assert main(["predict", "crossgate-toy", "--data", str(data), "--out", "answers/test.parquet"]) == 0
    for record in ("figures/test_reads.json", "answers/test_reads.json"):
        (entry,) = json.loads(Path(record).read_text(encoding="utf-8"))
        assert entry["split"] == "test"
    assert {path.name for path in (shelf / "crossgate-toy").iterdir()} == FILES
    assert {path.name for path in Path().iterdir()} == {"figures", "answers"}


def test_the_figures_can_be_of_some_modalities_alone(tmp_path: Path, make_table: Any) -> None:
    data = make_table(tmp_path).folder
    run = trained(tmp_path, data)
    assert pack(run, data, tmp_path / "all") == pack(run, data, tmp_path / "some", "--given", "at") == 0
    packed = read(tmp_path / "some" / "packed.json")
    assert packed["report"]["metrics"]["weighted_f1"] == packed["subsets"]["ta"]["weighted_f1"]
    # What is not in it may not be the corpus' own: it makes no answer surer than usual.
    calibration = packed["calibration"]
    assert {"t", "a"} <= calibration["temperatures"].keys() <= {"t", "a", "v", "tv", "av", "tav"}
    assert all(
        value > calibration["temperature"]
        for subset, value in calibration["temperatures"].items()
        if "v" in subset
    )
    card = (tmp_path / "some" / "README.md").read_text(encoding="utf-8")
    assert f"t {calibration['temperatures']['t']:.3f}" in card
    assert packed["report"] != read(tmp_path / "all" / "packed.json")["report"]
    assert "given ta alone" in card


def test_of_several_seeds_the_named_one_ships(tmp_path: Path, make_table: Any) -> None:
    data = make_table(tmp_path).folder
    run = trained(tmp_path, data, "--seeds", "2")
    assert main(["evaluate", str(run), "--data", str(data), "--split", "test"]) == 0
    assert pack(run, data, tmp_path / "default") == 0
    assert pack(run, data, tmp_path / "other", "--seed", "1") == 0
    for name, seed in (("default", 0), ("other", 1)):
        own = load_file(run / f"seed-{seed}" / "checkpoint" / "model.safetensors")
        packed = load_file(tmp_path / name / "model.safetensors")
        assert all((packed[n].float() - v.float()).abs().max() < 1e-2 for n, v in own.items())
        assert read(tmp_path / name / "packed.json")["run"]["seed"] == seed
    card = (tmp_path / "default" / "README.md").read_text(encoding="utf-8")
    assert "all 2 seeds" in card
    assert "when it was packed: 1." in card
    assert pack(run, data, tmp_path / "absent", "--seed", "2") == 2


def test_the_card_says_what_the_scores_of_the_seeds_were_given(tmp_path: Path, make_table: Any) -> None:
    data = make_table(tmp_path).folder
    for name, more, given in (("all", (), "tav"), ("some", ("--set", "selection.given=ta"), "ta")):
        (tmp_path / name).mkdir()
        run = trained(tmp_path / name, data, "--seeds", "2", *more)
        assert pack(run, data, tmp_path / f"{name}-ships") == 0
        card = (tmp_path / f"{name}-ships" / "README.md").read_text(encoding="utf-8")
        assert f"seeds, given {given}, " in card


def test_a_seed_that_is_not_there_is_refused(
    tmp_path: Path, make_table: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    data = make_table(tmp_path).folder
    run = trained(tmp_path, data)
    assert pack(run, data, tmp_path / "ships", "--seed", "3") == 2
    assert "this run is of seed" in capsys.readouterr().err
    assert pack(run, data, tmp_path / "ships", "--seed", "3", "--together") == 2
    assert "--together ships all seeds" in capsys.readouterr().err


def test_what_the_epoch_was_chosen_given_is_what_the_card_measures(tmp_path: Path, make_table: Any) -> None:
    data = make_table(tmp_path).folder
    run = trained(tmp_path, data, "--set", "selection.given=ta")
    assert pack(run, data, tmp_path / "ships") == 0
    packed = read(tmp_path / "ships" / "packed.json")
    assert packed["fitted_on"]["given"] == "ta"
    assert packed["report"]["metrics"]["weighted_f1"] == packed["subsets"]["ta"]["weighted_f1"]


def test_all_seeds_can_ship_as_one(
    tmp_path: Path, make_table: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    data, out = make_table(tmp_path, conversations=12).folder, tmp_path / "ships"
    run = trained(tmp_path, data, "--seeds", "3")
    assert pack(run, data, out, "--together") == 0
    assert read(out / "config.json")["members"] == 3
    packed = read(out / "packed.json")
    for folder in (run, out):
        answers = str(tmp_path / f"{folder.name}.parquet")
        assert (
            main(["predict", str(folder), "--data", str(data), "--split", "validation", "--out", answers])
            == 0
        )
    mean, shipped = (probabilities(tmp_path / f"{folder.name}.parquet") for folder in (run, out))
    expected = at_temperature(mean, temperatures(packed, data))
    assert np.allclose(shipped, expected, atol=5e-3)
    assert [one["seed"] for one in packed["run"]["together"]] == [0, 1, 2]
    assert "0, 1, 2, all of them" in (out / "README.md").read_text(encoding="utf-8")
    assert "(3 seeds: fewer than five" in packed["report"]["title"]
    capsys.readouterr()
    assert main(["evaluate", str(out), "--data", str(data), "--split", "validation"]) == 0
    said = " ".join(capsys.readouterr().out.split())  # the terminal breaks lines
    assert "3 networks answering as one (3 seeds: fewer than five" in said
    (tmp_path / "alone").mkdir()
    capsys.readouterr()
    assert pack(trained(tmp_path / "alone", data), data, tmp_path / "one", "--together") == 2
    assert "one seed alone" in capsys.readouterr().err


def test_the_seeds_together_are_measured_by_the_mean_of_their_folds(tmp_path: Path, make_table: Any) -> None:
    table = make_table(tmp_path, conversations=4)
    run = trained(tmp_path, table.folder, "--seeds", "2", "--set", "selection.by=folds")
    assert pack(run, table.folder, tmp_path / "ships", "--together") == 0
    found = [probabilities(run / f"seed-{k}" / "folds" / "predictions.parquet") for k in (0, 1)]
    truth = [u.emotion for c in table.split("train").conversations for u in c.utterances]
    answers = np.mean(found, axis=0).argmax(axis=1)
    right = [MELD.labels[k] == label for k, label in zip(answers, truth, strict=True) if label is not None]
    accuracy = read(tmp_path / "ships" / "packed.json")["report"]["metrics"]["accuracy"]
    assert accuracy == pytest.approx(np.mean(right))


def test_a_run_selected_by_folds_is_calibrated_on_what_no_fit_had_seen(
    tmp_path: Path, make_table: Any
) -> None:
    data = make_table(tmp_path, conversations=4).folder
    run = trained(tmp_path, data, "--set", "selection.by=folds")
    assert pack(run, data, tmp_path / "ships") == 0
    packed = read(tmp_path / "ships" / "packed.json")
    assert packed["fitted_on"]["split"] == "folds"
    assert list(packed["subsets"]) == ["t", "a", "v", "ta", "tv", "av", "tav"]
    assert packed["subsets"]["tav"]["weighted_f1"] == packed["report"]["metrics"]["weighted_f1"]
    rows = pq.read_table(run / "folds" / "predictions.parquet").num_rows
    assert packed["report"]["metrics"]["utterances"] == rows
    assert "had not seen its group" in (tmp_path / "ships" / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "wrong", ["out", "card", "data", "train", "test", "unfinished", "bare", "target", "encoder"]
)
def test_what_cannot_be_packed_leaves_nothing_behind(
    tmp_path: Path, make_table: Any, capsys: pytest.CaptureFixture[str], wrong: str
) -> None:
    data, out = make_table(tmp_path).folder, tmp_path / "ships"
    run, more = trained(tmp_path, data), []
    said = {
        "out": "exists already",
        "card": "no such file",
        "data": "was not trained on this table",
        "train": "fitted on the train split",
        "test": "sealed",
        "unfinished": "not finished",
        "bare": "no run here",
        "target": "expected more than 0",
        "encoder": "no use for a text encoder",
    }[wrong]
    if wrong == "out":
        out.mkdir()
        (out / "work.txt").write_text("years", encoding="utf-8")
    elif wrong == "card":
        more = ["--card", str(tmp_path / "absent.md")]
    elif wrong == "data":
        (tmp_path / "elsewhere").mkdir()
        data = make_table(tmp_path / "elsewhere", seed=1).folder
    elif wrong in ("train", "test"):
        more = ["--split", wrong]
    elif wrong == "unfinished":
        record = read(run / "run.json") | {"status": "running"}
        (run / "run.json").write_text(json.dumps(record), encoding="utf-8")
    elif wrong == "bare":
        (run / "run.json").unlink()
    elif wrong == "target":
        more = ["--target", "0"]
    else:
        more = ["--encoder", str(tmp_path)]
    assert pack(run, data, out, *more) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error
    left = {path.name for path in out.iterdir()} if out.exists() else set()
    assert left == ({"work.txt"} if wrong == "out" else set())
    assert not list(tmp_path.glob(".ships*"))


def with_turns(data: Path, encoder: Path) -> None:
    """Make a table's text vectors those of a text encoder."""
    encoder.mkdir()
    for name in ("adapter_model.safetensors", "heads.safetensors"):
        (encoder / name).write_text(f"{encoder.name} {name}", encoding="utf-8")
    manifest = read(data / "manifest.json")
    manifest["features"][0] |= {"name": "turns", "version": version_of(encoder)}
    for name, split in manifest["splits"].items():
        path = data / f"{name}.parquet"
        content = pq.read_table(path)
        path.unlink()
        names = [n.replace("text_toy", "text_turns") for n in content.column_names]
        pq.write_table(content.rename_columns(names), path)
        split["sha256"] = sha256_of(path)
    edit_manifest(data, **manifest)


def test_the_text_encoder_that_was_learned_from_goes_along(
    tmp_path: Path, make_table: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    data, encoder = make_table(tmp_path).folder, tmp_path / "encoder"
    with_turns(data, encoder)
    run = trained(tmp_path, data, "--set", "features.text=[turns] features.turns=meld")
    assert pack(run, data, tmp_path / "ships") == 2
    assert "name it with --encoder" in capsys.readouterr().err
    (tmp_path / "elsewhere").mkdir()
    other = tmp_path / "other"
    with_turns(make_table(tmp_path / "elsewhere").folder, other)
    assert pack(run, data, tmp_path / "ships", "--encoder", str(other)) == 2
    assert "this text encoder is version" in capsys.readouterr().err
    assert pack(run, data, tmp_path / "ships", "--encoder", str(encoder)) == 0
    carried = tmp_path / "ships" / "text"
    assert {path.name for path in carried.iterdir()} == {"adapter_model.safetensors", "heads.safetensors"}
    assert version_of(carried) == version_of(encoder)


@pytest.mark.parametrize("letters", ["x", "", "tt", "tx", "text"])
def test_modalities_that_are_none_are_refused(
    letters: str, tmp_path: Path, make_table: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    data = make_table(tmp_path).folder
    run = trained(tmp_path, data)
    assert main(["evaluate", str(run), "--data", str(data), "--modalities", letters]) == 2
    assert "t (text), a (audio), v (visual)" in capsys.readouterr().err
    out = tmp_path / "answers.parquet"
    assert main(["predict", str(run), "--data", str(data), "--modalities", letters, "--out", str(out)]) == 2
    assert not (run / "test_reads.json").exists()  # said before the split was opened
