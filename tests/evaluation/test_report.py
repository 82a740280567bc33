from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from evaluation_data import make_predictions
from rich.console import Console

from crossgate.emotions import MELD, UNLABELLED
from crossgate.errors import InputError
from crossgate.evaluation.report import Report, evaluate_predictions


def report(seeds: int = 1, conversations: int = 40) -> Report:
    some = make_predictions(0, conversations=conversations)
    return evaluate_predictions(
        MELD,
        some.labels,
        some.probabilities,
        some.conversation,
        title="paper on toy, validation",
        seeds=seeds,
        details={"split": "validation"},
        resamples=200,
    )


def test_everything_is_written(tmp_path: Path) -> None:
    paths = report().write(tmp_path / "evaluation")
    assert [path.name for path in paths] == ["evaluation.json", "confusion.png", "reliability.png"]
    assert all(path.stat().st_size > 500 for path in paths)
    content = json.loads(paths[0].read_text(encoding="utf-8"))
    assert content["split"] == "validation"
    assert "one seed" in content["title"]
    assert set(content["metrics"]) >= {"accuracy", "weighted_f1", "macro_f1", "classes", "confusion"}
    interval = content["intervals"]["scores"]["weighted_f1"]
    assert interval["low"] < content["metrics"]["weighted_f1"] < interval["high"]
    assert 0 < content["calibration"]["expected_calibration_error"] < 1


def test_the_terminal_shows_scores_classes_and_remarks() -> None:
    made = report()
    console = Console(width=100)
    with console.capture() as capture:
        console.print(made.render())
    shown = capture.get()
    assert f"{100 * made.metrics.weighted_f1:.2f}" in shown
    for emotion in MELD.labels:
        assert emotion in shown
    assert "█" in shown
    assert "fewer than five" in shown
    assert "40 conversations" in shown


def test_five_seeds_need_no_remark() -> None:
    assert report(seeds=5).title == "paper on toy, validation"


def test_one_conversation_has_no_intervals_but_a_report(tmp_path: Path) -> None:
    made = report(conversations=1)
    assert made.intervals is None
    console = Console(width=100)
    with console.capture() as shown:
        console.print(made.render())
    assert "there is only one" in shown.get()
    made.write(tmp_path)


def test_scores_are_those_of_the_metrics() -> None:
    made = report()
    assert made.scores()["weighted_f1"] == made.metrics.weighted_f1
    json.dumps(made.scores())


def test_without_labels_there_is_no_report() -> None:
    with pytest.raises(InputError, match="nothing to measure"):
        evaluate_predictions(
            MELD, np.full(2, UNLABELLED), np.full((2, 7), 1 / 7), ["a", "b"], title="paper on toy, test"
        )
