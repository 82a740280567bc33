from __future__ import annotations

from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
from evaluation_data import make_predictions
from matplotlib.figure import Figure

from crossgate.emotions import IEMOCAP, MELD
from crossgate.errors import InputError
from crossgate.evaluation.calibration import reliability
from crossgate.evaluation.figures import (
    confusion_figure,
    learning_figure,
    reliability_figure,
    save_figure,
    subset_figure,
)
from crossgate.evaluation.metrics import measure

ROWS = [
    {
        "epoch": epoch,
        "train_loss": 2 / epoch,
        "validation": {"weighted_f1": 0.6 - 0.01 * (epoch - 4) ** 2, "accuracy": 0.6, "broken": float("nan")},
        "seconds": 1.0,
    }
    for epoch in range(1, 8)
]


def drawn(figure: Figure, path: Path) -> np.ndarray:
    """The pixels (row, column, colour) of the saved figure."""
    assert save_figure(figure, path) == path
    pixels = matplotlib.image.imread(path)[..., :3]
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    assert pixels.std() > 0.05, "the picture is blank"
    return pixels


def words(figure: Figure) -> str:
    """All that is written in a figure."""
    texts = figure.findobj(match=lambda artist: hasattr(artist, "get_text"))
    return "\n".join(text.get_text() for text in texts)


@pytest.mark.parametrize("labels", [MELD, IEMOCAP])
def test_confusion_matrix_shows_counts_and_shares(labels, tmp_path: Path) -> None:
    some = make_predictions(0, emotions=len(labels))
    confusion = np.array(measure(some.labels, some.probabilities, labels).confusion)
    figure = confusion_figure(confusion, labels.labels, title="A run")
    pixels = drawn(figure, tmp_path / "confusion.png")
    assert 600 < pixels.shape[0] < 1500
    assert 900 < pixels.shape[1] < 1600
    written = words(figure)
    for emotion in labels.labels:
        assert emotion in written
    assert str(confusion[0, 0]) in written
    assert f"{100 * confusion[0, 0] / confusion[0].sum():.0f} %" in written


def test_confusion_matrix_with_an_emotion_nobody_labelled(tmp_path: Path) -> None:
    figure = confusion_figure([[3, 1], [0, 0]], ("here", "absent"), title="A run")
    drawn(figure, tmp_path / "confusion.png")
    assert "nan" not in words(figure)
    with pytest.raises(InputError, match="shape"):
        confusion_figure([[1]], ("one", "two"), title="A run")


def test_reliability_diagram(tmp_path: Path) -> None:
    some = make_predictions(0)
    calibration = reliability(some.labels, some.probabilities)
    figure = reliability_figure(
        calibration, title="A run with a title that is long enough to need two lines here"
    )
    drawn(figure, tmp_path / "reliability.png")
    assert f"{100 * calibration.expected_calibration_error:.1f} %" in words(figure)


def test_learning_curves_find_losses_and_scores_at_any_depth(tmp_path: Path) -> None:
    figure = learning_figure(ROWS, title="A run")
    drawn(figure, tmp_path / "learning.png")
    written = words(figure)
    assert "train loss" in written
    assert "validation weighted f1" in written
    assert "best 60.0 % in epoch 4" in written
    assert "broken" not in written
    assert "seconds" not in written


def test_learning_curves_with_one_part_or_one_row(tmp_path: Path) -> None:
    drawn(learning_figure([{"epoch": 1, "loss": 1.0}], title="A run"), tmp_path / "learning.png")
    for rows in ([], [{"epoch": 1}], [{"loss": 1.0}]):
        with pytest.raises(InputError, match="no learning curve"):
            learning_figure(rows, title="A run")


def test_subsets_against_ceilings(tmp_path: Path) -> None:
    scores = {"t": 0.55, "a": 0.4, "v": 0.3, "ta": 0.6, "tv": 0.58, "av": 0.45, "tav": 0.64}
    figure = subset_figure(
        scores, {name: score + 0.05 for name, score in scores.items()}, title="Demo", chance=0.2
    )
    drawn(figure, tmp_path / "subsets.png")
    written = words(figure)
    assert "55.0" in written
    assert "69.0" in written
    assert "commonest emotion, 20.0" in written
    drawn(subset_figure({"t": 0.5}, {}, title="Demo"), tmp_path / "subsets.png")
    with pytest.raises(InputError, match="no subset"):
        subset_figure({}, {}, title="Demo")


def test_the_same_numbers_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        save_figure(learning_figure(ROWS, title="A run"), tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
