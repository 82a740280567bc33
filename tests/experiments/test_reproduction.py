"""`crossgate reproduce`: both protocols in one command, figures beside the published ones, nothing twice."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from toy_reproductions import (
    MODELS,
    SMALL,
    content,
    curve,
    openings,
    pickled,
    reproduce,
    trained,
)

import crossgate.experiments.benchmark.runs as runs_module
import crossgate.experiments.reproduction.data as data_module
import crossgate.experiments.reproduction.run as reproduction_module
import crossgate.experiments.reproduction.tested as tested_module
import crossgate.training.run as training_module
import crossgate.training.state as state_module
from crossgate.cli.main import main
from crossgate.errors import CrossgateError
from crossgate.experiments.benchmark.settings import LEGACY

RUNS = {"honest": "honest/meld", LEGACY: f"{LEGACY}-runs"}


class Interrupted(Exception):
    """What stops a reproduction half way."""


def counted(patch: pytest.MonkeyPatch, module: Any, name: str, stop_at: int = 0) -> list[int]:
    """Count the calls of a function; call number `stop_at` raises after its work is done."""
    calls: list[int] = []
    original: Callable[..., Any] = getattr(module, name)

    def wrapped(*arguments: Any, **named: Any) -> Any:
        calls.append(1)
        result = original(*arguments, **named)
        if len(calls) == stop_at:
            raise Interrupted
        return result

    patch.setattr(module, name, wrapped)
    return calls


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MELD's pickle, in small."""
    return pickled(tmp_path_factory.mktemp("pickle"), "meld")


@pytest.fixture(scope="module")
def whole(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a reproduction that was never interrupted."""
    out = tmp_path_factory.mktemp("whole") / "out"
    assert reproduce("meld", source, out) == 0
    return out


def test_one_command_prints_published_figures_and_ours_under_both_protocols(
    whole: Path, source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert reproduce("meld", source, whole, "--report-only") == 0
    said = capsys.readouterr()
    assert said.out.strip() == (whole / "reproduction.md").read_text(encoding="utf-8").strip()
    for words in (
        "# Reproduction on MELD (2 seeds: fewer than five",
        "| SDT, as published | best epoch chosen on the test set | 67.55 | 66.60 |",
        "| SDT, independent re-runs | validation selected, or 3-run means | 66.2-67.1 | 65.1-66.1 |",
        "| HCMNet | – | 68.31 | 68.94 |",
        "| crossgate (ours), trained here, `honest` | the validation split |",
        "| SDT, trained here, `legacy-best-on-test` | the test split itself |",
        "What the habit adds",
        "its figures were not available to us",
        "6 labelled utterances in 2 conversations",
        "validation dialogues as training",
        SMALL,
    ):
        assert words in said.out
    assert "74.08" not in said.out  # IEMOCAP's
    assert "audit: 0 errors" in said.err
    for name in ("audit.json", "reproduction.json", "table/manifest.json", "honest/results.md"):
        assert (whole / name).is_file()


def test_the_honest_figures_are_those_of_evaluate(whole: Path, tmp_path: Path) -> None:
    shutil.copytree(whole, tmp_path / "copy")
    for model in MODELS:
        run, out = tmp_path / "copy" / "honest" / "meld" / model, tmp_path / model
        command = ["evaluate", str(run), "--data", str(tmp_path / "copy" / "table"), "--split", "test"]
        assert main([*command, "--out", str(out)]) == 0
        found = json.loads((out / "seeds-and-views.json").read_text(encoding="utf-8"))["seeds"]
        ours = trained(whole, model, "honest")["scores"]
        for measure in ("accuracy", "weighted_f1"):
            assert ours[measure] == pytest.approx(found[measure])


def test_both_protocols_look_at_the_same_weights_and_choose_another_epoch(whole: Path) -> None:
    habits = {one["model"]: one for one in content(whole)["habit"]}
    for model in MODELS:
        added = []
        for honest, legacy in zip(
            trained(whole, model, "honest")["seeds"], trained(whole, model, LEGACY)["seeds"], strict=True
        ):
            name = f"{model}/seed-{honest['seed']}"
            on_test = curve(whole / RUNS[LEGACY] / name)
            losses = [row["train/loss"] for row in curve(whole / RUNS["honest"] / name)]
            assert [row["train/loss"] for row in on_test] == losses
            scores = [row["validation/weighted_f1"] for row in on_test]
            assert legacy["weighted_f1"] == pytest.approx(max(scores))
            assert honest["weighted_f1"] == pytest.approx(scores[honest["epoch"] - 1])
            added.append(legacy["weighted_f1"] - honest["weighted_f1"])
        assert habits[model]["weighted_f1"]["mean"] == pytest.approx(sum(added) / 2)
        assert habits[model]["weighted_f1"]["n"] == 2


def test_what_is_finished_is_not_done_again(
    whole: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, opened = content(whole), openings(whole)
    done = [
        counted(monkeypatch, module, name)
        for module, name in (
            (data_module, "import_community"),
            (data_module, "audit"),
            (data_module, "open_sealed"),
            (training_module, "fit"),
            (tested_module, "open_sealed"),
            (runs_module, "predict_split"),
        )
    ]
    assert reproduce("meld", source, whole) == 0
    assert not any(done)
    assert content(whole) == before
    assert openings(whole) == opened


STEPS = (
    (data_module, "import_community"),
    (data_module, "audit"),
    (state_module.TrainingState, "save"),
    (reproduction_module, "run_benchmark"),
    (tested_module, "write_measured"),
    (reproduction_module, "score_on_test"),
    (data_module, "write_table"),
    (state_module.TrainingState, "save"),
    (reproduction_module, "drive"),
    (reproduction_module, "write_json"),
)


def test_interrupted_after_every_step_it_goes_on_to_the_same_report(
    whole: Path, source: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    for module, name in STEPS:
        with pytest.MonkeyPatch.context() as patch:
            counted(patch, module, name, stop_at=1)
            with pytest.raises(Interrupted):
                reproduce("meld", source, out)
    assert reproduce("meld", source, out) == 0
    for file in ("reproduction.json", "reproduction.md"):
        assert (out / file).read_bytes() == (whole / file).read_bytes()
    # Scoring was cut short once, and the copying before its outcome was written.
    outcomes = [entry["outcome"] for entry in openings(out)]
    assert [len(one) for one in outcomes[1:2]] == [3]
    assert ["error" in one for one in outcomes] == [True, False, True]


def test_seeds_that_are_added_are_all_that_is_trained_and_scored(
    whole: Path, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    shutil.copytree(whole, out)
    trainings = counted(monkeypatch, training_module, "fit")
    assert reproduce("meld", source, out, seeds=3) == 0
    assert len(trainings) == 2 * len(MODELS)
    assert "(3 seeds: fewer than five" in content(out)["title"]
    for model in MODELS:
        for protocol in RUNS:
            before, after = (trained(folder, model, protocol)["seeds"] for folder in (whole, out))
            assert after[:2] == before
            assert len(after) == 3
    # One more opening for the new seeds' scores; the table of the other protocol stood already.
    added = openings(out)[len(openings(whole)) :]
    assert [set(entry["outcome"]) for entry in added] == [
        {f"{RUNS['honest']}/{model}/seed-2" for model in MODELS}
    ]


def test_report_only_lists_what_is_missing_and_opens_nothing(
    whole: Path, source: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    shutil.copytree(whole, out)
    shutil.rmtree(out / RUNS[LEGACY] / "sdt" / "seed-1")
    (out / RUNS["honest"] / "crossgate" / "seed-0" / "measured-test.parquet").unlink()
    assert reproduce("meld", source, out, "--report-only", seeds=3) == 0
    assert openings(out) == openings(whole)
    why = {one["what"]: one["why"] for entry in content(out)["trained"] for one in entry["missing"]}
    assert why["meld, crossgate, seed 0"] == "trained, not scored"
    assert why[f"meld-{LEGACY}, sdt, seed 1"] == "not begun"
    assert "- meld, sdt, seed 2: not begun" in (out / "reproduction.md").read_text(encoding="utf-8")
    other = ["reproduce", "meld", "--features", str(source), "--out", str(out), "--report-only"]
    assert main(other) == 0
    whys = {one["why"] for entry in content(out)["trained"] for one in entry["missing"]}
    assert "the run there was made with other settings" in whys
    assert content(out)["title"].endswith("(nothing is scored yet)")


def test_where_a_training_fails_the_test_split_stays_shut(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    original = runs_module.train

    def train(experiment: Any, *rest: Any, **named: Any) -> Any:
        if experiment.model.kind == "sdt":
            raise CrossgateError("the loss is no longer a number")
        return original(experiment, *rest, **named)

    monkeypatch.setattr(runs_module, "train", train)
    assert reproduce("meld", source, tmp_path / "out", seeds=1) == 1
    said = capsys.readouterr()
    assert "meld, sdt, seed 0 failed: the loss is no longer a number" in said.err
    assert "meld, sdt, seed 0: the loss is no longer a number" in said.out
    assert openings(tmp_path / "out") == []


@pytest.mark.slow
def test_two_at_a_time_give_what_one_gives(whole: Path, source: Path, tmp_path: Path) -> None:
    assert reproduce("meld", source, tmp_path / "out", "--workers", "2") == 0
    assert content(tmp_path / "out") == content(whole)
