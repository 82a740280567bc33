from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from crossgate.corpora.table import open_table
from crossgate.errors import InputError
from crossgate.experiments.benchmark.settings import LEGACY, experiment_under
from toy_benchmarks import on_table, run, settings, timeless

UNTUNED = ("trials: 2", "trials: 0")


def ids(table: Any, split: str) -> set[str]:
    return {conversation.id for conversation in table.split(split).conversations}


@pytest.fixture
def table(tmp_path: Path, make_table: Any) -> Any:
    """Ten training conversations; the file of the test split is gone, so that nobody can have read it."""
    table = make_table(tmp_path, conversations=10)
    (table.folder / "test.parquet").unlink()
    return table


def test_the_habit_is_measured_on_train_conversations_that_nothing_was_fitted_on(
    table: Any, tmp_path: Path
) -> None:
    wanted = settings(
        tmp_path, on_table(table.folder), ("epochs: 2", "epochs: 3, patience: 1"), protocol=LEGACY
    )
    run(wanted, tmp_path / "out")
    cut = {name: open_table(tmp_path / "out" / "held-out" / "drawn" / name) for name in ("honest", "legacy")}
    held_out, train = ids(cut["legacy"], "validation"), ids(cut["honest"], "train")
    assert len(held_out) == 2
    assert held_out | train == ids(table, "train")
    assert not held_out & train
    assert ids(cut["legacy"], "train") == train
    assert ids(cut["honest"], "validation") == ids(table, "validation")
    assert all(list(one.manifest.splits) == ["train", "validation"] for one in cut.values())

    for model in timeless(tmp_path / "out")["corpora"][0]["models"]:
        assert len(model["seeds"]) == 2
        for seed in model["seeds"]:
            place = tmp_path / "out" / "drawn" / model["name"]
            curves = {}
            for name in ("seed", "legacy"):
                lines = (
                    (place / f"{name}-{seed['seed']}" / "metrics.jsonl")
                    .read_text(encoding="utf-8")
                    .splitlines()
                )
                curves[name] = [json.loads(line) for line in lines]
            # One course of weights, none of it cut short; only the eyes on it differ.
            losses = {name: [row["train/loss"] for row in rows] for name, rows in curves.items()}
            assert losses["seed"] == losses["legacy"]
            assert len(losses["seed"]) == 3
            on_held_out = [row["validation/weighted_f1"] for row in curves["legacy"]]
            assert seed["legacy"]["weighted_f1"] == pytest.approx(max(on_held_out))
            assert seed["weighted_f1"] == pytest.approx(on_held_out[seed["epoch"] - 1])
        added = [seed["legacy"]["weighted_f1"] - seed["weighted_f1"] for seed in model["seeds"]]
        assert min(added) >= 0
        assert model["habit"]["weighted_f1"]["mean"] == pytest.approx(sum(added) / 2)


def test_the_report_names_the_protocol_and_compares_honest_epochs_alone(table: Any, tmp_path: Path) -> None:
    result = run(settings(tmp_path, on_table(table.folder), UNTUNED, protocol=LEGACY), tmp_path / "out")
    corpus = result.results["corpora"][0]
    by_name = {model["name"]: model for model in corpus["models"]}
    (compared,) = corpus["comparisons"]
    model, reference = (
        [seed["weighted_f1"] for seed in by_name[compared[key]]["seeds"]] for key in ("model", "reference")
    )
    assert compared["difference"] == pytest.approx(sum(model) / 2 - sum(reference) / 2)
    # What the habit adds is never compared with 0: it cannot be negative.
    assert all("p_value" not in one["habit"]["weighted_f1"] for one in corpus["models"])
    page = (tmp_path / "out" / "results.md").read_text(encoding="utf-8")
    for words in (
        "protocol legacy-best-on-test",
        "measured on held-out train conversations",
        "no test split was read",
        "the habit adds, weighted F1",
        "fewer than five",
        "in honest weighted F1: a paired t-test",
        "no test of it against 0",
    ):
        assert words in page
    assert all(
        (tmp_path / "out" / name).is_file() for name in ("results.tex", "results.csv", "figures/drawn.png")
    )


def test_with_folds_whole_folds_are_held_out(table: Any, tmp_path: Path) -> None:
    change = on_table(table.folder, "folds")
    wanted = settings(tmp_path, change, UNTUNED, ("[0, 1]", "[0]"), protocol=LEGACY)
    result = run(wanted, tmp_path / "out")
    cut = {name: open_table(tmp_path / "out" / "held-out" / "drawn" / name) for name in ("honest", "legacy")}
    assert ids(cut["legacy"], "validation") == {"train_c9"}
    assert ids(cut["honest"], "validation") == {"train_c8"}
    assert ids(cut["honest"], "train") == {f"train_c{k}" for k in range(8)}
    assert [len(model["seeds"]) for model in result.results["corpora"][0]["models"]] == [1, 1]
    # One conversation only: nothing to draw an interval from.
    assert result.results["corpora"][0]["models"][0]["scores"]["weighted_f1"]["interval"] is None


def test_a_folder_is_of_one_protocol(table: Any, tmp_path: Path) -> None:
    changes = (on_table(table.folder), UNTUNED, ("[0, 1]", "[0]"))
    run(settings(tmp_path, *changes), tmp_path / "out")
    with pytest.raises(InputError, match="has the protocol honest, this one legacy"):
        run(settings(tmp_path, *changes, protocol=LEGACY), tmp_path / "out")


def test_another_share_held_out_needs_another_folder(table: Any, tmp_path: Path) -> None:
    changes = (on_table(table.folder), UNTUNED, ("[0, 1]", "[0]"))
    run(settings(tmp_path, *changes, protocol=LEGACY), tmp_path / "out")
    other = settings(tmp_path, *changes, ("name: toy", "name: toy\nheld_out: 0.3"), protocol=LEGACY)
    with pytest.raises(InputError, match="cut from other data, or otherwise"):
        run(other, tmp_path / "out")


def test_too_few_conversations_are_refused(table: Any, tmp_path: Path) -> None:
    change = ("name: toy", "name: toy\nheld_out: 0.01")
    with pytest.raises(InputError, match="nothing is left on one side"):
        run(settings(tmp_path, on_table(table.folder), change, protocol=LEGACY), tmp_path / "out")


def test_the_habit_chooses_given_what_the_corpus_says(table: Any, tmp_path: Path) -> None:
    old, new = on_table(table.folder)
    given = (old, new.replace("{by:", "{given: ta, by:"))
    wanted = settings(tmp_path, given, protocol=LEGACY)
    experiment = experiment_under(wanted, wanted.corpora[0], wanted.models[0])
    assert (experiment.selection.by, experiment.selection.given) == ("validation", "ta")
