"""The demonstration, in small."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from crossgate.cli.main import main
from crossgate.corpora.surrogate import SurrogateSettings
from crossgate.experiments.demo import DEMO, run_demo
from crossgate.training.configuration import load_experiment

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
SMALL = SurrogateSettings(train=12, validation=6, test=4, shortest=3, longest=6, ceiling_conversations=20)


def test_the_demo_is_the_configuration_that_is_shown() -> None:
    assert load_experiment(CONFIGS / "surrogate.yaml") == DEMO


def test_it_trains_once_and_shows_the_same_again(tmp_path: Path) -> None:
    experiment = replace(
        DEMO,
        model=replace(DEMO.model, hidden=16, heads=2),
        training=replace(DEMO.training, epochs=2),
    )
    first = run_demo(tmp_path, 0, experiment, SMALL)
    weights = (tmp_path / "run" / "checkpoint" / "model.safetensors").stat().st_mtime_ns
    second = run_demo(tmp_path, 0, experiment, SMALL)
    assert list(first.accuracies) == ["t", "a", "v", "ta", "tv", "av", "tav"]
    assert first.accuracies == second.accuracies
    assert first.evaluation.report.metrics == second.evaluation.report.metrics
    assert (tmp_path / "run" / "checkpoint" / "model.safetensors").stat().st_mtime_ns == weights
    assert all(picture.stat().st_size > 5_000 for picture in first.pictures)
    assert not (tmp_path / "run" / "test_reads.json").exists()  # the demonstration leaves the test split shut
    assert json.loads((tmp_path / "run" / "run.json").read_text(encoding="utf-8"))["status"] == "finished"


@pytest.mark.slow
def test_more_modalities_are_better_where_the_truth_is_known(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["demo", "--train", "--out", str(tmp_path / "demo")]) == 0
    content = json.loads((tmp_path / "demo" / "figures" / "subsets.json").read_text(encoding="utf-8"))
    reached, ceilings = content["accuracies"], content["ceilings"]
    assert reached["tav"] > max(reached["t"], reached["a"], reached["v"])
    assert reached["tav"] > 0.55
    assert all(reached[subset] < ceilings[subset] + 0.04 for subset in reached)  # nobody beats Bayes
    assert "generated corpus" in capsys.readouterr().out
