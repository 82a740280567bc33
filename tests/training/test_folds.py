"""Leaving one group out: the arithmetic of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from crossgate.conversation import Conversation, Utterance
from crossgate.corpora.table import Split
from crossgate.emotions import LabelSet
from crossgate.errors import InputError
from crossgate.evaluation.predictor import Predictions
from crossgate.training.folds import choose_epoch, fold_names, join_predictions, keep_predictions
from crossgate.training.settings import SelectionSettings


def split(*ids: str, turns: int = 2) -> Split:
    return Split(
        "train",
        tuple(Conversation(id, tuple(Utterance(f"{id}_{turn}", "A") for turn in range(turns))) for id in ids),
        {},
        "0",
    )


def test_the_epoch_by_hand() -> None:
    curves = {"one": [0.1, 0.6, 0.5], "two": [0.2, 0.5, 0.6], "three": [0.3, 0.1, 0.7]}
    # Means 0.2, 0.4, 0.6: the third epoch.
    chosen = choose_epoch(curves)
    assert chosen["epoch"] == 3
    assert chosen["weighted_f1"] == pytest.approx(0.6)
    assert chosen["weighted_f1_sd"] == pytest.approx(0.1)
    assert chosen["folds"] == {"one": 0.5, "two": 0.6, "three": 0.7}


def test_the_nested_estimate_by_hand() -> None:
    # Without one: means 0.3, 0.9, 0.2 -> second. Without two: 0.5, 0.5, 0.6 -> third.
    curves = {"one": [0.7, 0.1, 1.0], "two": [0.3, 0.9, 0.2], "three": [0.3, 0.9, 0.2]}
    chosen = choose_epoch(curves)
    assert chosen["epoch"] == 2
    assert chosen["weighted_f1"] == pytest.approx((0.1 + 0.9 + 0.9) / 3)
    assert chosen["nested_weighted_f1"] == pytest.approx((0.1 + 0.2 + 0.2) / 3)


SCORES = st.integers(0, 64).map(lambda parts: parts / 64)
"""Sums of these are exact: rounding must not break a tie one way before and another after."""


@given(arrays(np.float64, st.tuples(st.integers(2, 5), st.integers(1, 6)), elements=SCORES))
def test_no_fold_chooses_for_itself(scores: np.ndarray) -> None:
    """Changing one fold's curve never changes the epoch at which that fold is measured."""
    curves = {str(fold): list(curve) for fold, curve in enumerate(scores)}
    chosen = choose_epoch(curves)
    assert 1 <= chosen["epoch"] <= scores.shape[1]
    assert chosen["weighted_f1"] == pytest.approx(scores.mean(axis=0).max())
    assert chosen["nested_weighted_f1"] <= scores.max(axis=1).mean() + 1e-12
    raised = choose_epoch(curves | {"0": [value + 1 for value in curves["0"]]})
    assert raised["nested_weighted_f1"] - chosen["nested_weighted_f1"] == pytest.approx(1 / len(scores))


def test_the_first_of_equal_epochs_is_taken() -> None:
    assert choose_epoch({"a": [0.5, 0.5], "b": [0.5, 0.5]})["epoch"] == 1


def test_a_group_of_the_id_names_the_fold() -> None:
    table = split("Ses01F_1", "Ses02M_1", "Ses01M_2")
    assert fold_names(table, SelectionSettings().group) == ["Ses01", "Ses02", "Ses01"]
    assert fold_names(table, r"\d\d([FM])") == ["F", "M", "M"]


@pytest.mark.parametrize(
    ("ids", "group", "named"),
    [
        (("Ses01F", "dia7"), r"^(Ses\d\d)", "dia7"),
        (("Ses01F", "SesXX"), r"^Ses(\d\d)?", "SesXX"),
        (("Ses01F", "Ses"), r"^Ses(\d*)", "conversation Ses"),
        (("Ses01F", "Ses01M"), r"^(Ses\d\d)", "fewer than two folds: Ses01"),
    ],
)
def test_folds_that_cannot_be_are_refused(ids: tuple[str, ...], group: str, named: str) -> None:
    with pytest.raises(InputError, match=named):
        fold_names(split(*ids), group)


def test_out_of_fold_predictions_stand_in_the_order_of_the_split(tmp_path) -> None:
    table, labels = split("a1", "b1", "a2", "b2"), LabelSet("two", ("bad", "good"))
    folds = fold_names(table, r"^(.)")
    # What each fit says of the utterances left out, two epochs; the second counts.
    for name, share in (("a", 0.2), ("b", 0.7)):
        for epoch in (1, 2):
            good = share + 0.01 * np.arange(4) if epoch == 2 else np.zeros(4)
            probabilities = np.stack([1 - good, good], axis=1).astype(np.float32)
            views = Predictions(
                ("t",), probabilities[None], np.ones((1, 4), bool), np.ones((4, 1)), np.zeros(4)
            )
            alone = replace(views, views=1 - views.views)
            keep_predictions(tmp_path / name, epoch, {"t": alone, "ta": views})
    joined = join_predictions(tmp_path, table, folds, 2, labels)
    assert joined[:, 1] == pytest.approx([0.2, 0.21, 0.7, 0.71, 0.22, 0.23, 0.72, 0.73])
    written = pq.read_table(tmp_path / "predictions.parquet").to_pydict()
    assert written["utterance_id"] == [f"{id}_{turn}" for id in ("a1", "b1", "a2", "b2") for turn in (0, 1)]
    assert written["emotion"] == ["bad", "bad", "good", "good"] * 2
    assert written["p_good"] == pytest.approx(joined[:, 1])
    assert pq.read_table(tmp_path / "predictions-t.parquet").to_pydict()["p_bad"] == pytest.approx(
        joined[:, 1]
    )
