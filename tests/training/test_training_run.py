"""Whole runs: what they leave, that they are repeatable, and that an interruption leaves no trace."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from toy_runs import YAML, Interrupted, experiment, failing_at, identical, record, rows, weights

import crossgate.training.loop as loop
import crossgate.training.run as run_module
from crossgate.corpora.table import CorpusTable, write_table
from crossgate.errors import InputError
from crossgate.evaluation.members import examples_of
from crossgate.evaluation.predictor import predict
from crossgate.evaluation.run_folder import FOLD_PREDICTIONS
from crossgate.evaluation.subsets import keep_only
from crossgate.evaluation.validation import validation_figures
from crossgate.features.assemble import assemble
from crossgate.features.dataset import make_examples
from crossgate.features.standardize import Standardizer
from crossgate.locking import alone
from crossgate.models.checkpoint import load_checkpoint
from crossgate.training.record import EpochLog, read_run
from crossgate.training.run import train
from crossgate.training.seeds import train_seeds
from crossgate.training.settings import SelectionSettings


@pytest.fixture
def table(make_table: Callable[..., CorpusTable], tmp_path: Path) -> CorpusTable:
    """Four training conversations, two each in the other splits."""
    return make_table(tmp_path, conversations=4)


def same_runs(first: Path, second: Path) -> bool:
    """Bit-identical weights, figures and outcome."""
    return (
        identical(weights(first), weights(second))
        and rows(first) == rows(second)
        and record(first)["outcome"] == record(second)["outcome"]
    )


def test_what_a_run_leaves(table: CorpusTable, tmp_path: Path) -> None:
    run = tmp_path / "run"
    returned = train(experiment(), table, run, seed=3, command="crossgate train my.yaml")
    assert {path.name for path in run.iterdir()} == {"run.json", "metrics.jsonl", "checkpoint", "tensorboard"}
    assert json.loads(json.dumps(returned)) == read_run(run) == record(run)
    said = record(run)
    assert (said["status"], said["seed"], said["command"]) == ("finished", 3, "crossgate train my.yaml")
    assert set(said["data"]["sha256"]) == {"train", "validation"}
    assert said["data"]["sha256"]["train"] == table.manifest.splits["train"].sha256
    assert [row["epoch"] for row in rows(run)] == [1, 2, 3]
    assert [row["step"] for row in rows(run)] == [2, 4, 6]
    assert all(np.isfinite(value) for row in rows(run) for value in row.values())


def test_the_best_epoch_by_validation_is_kept(table: CorpusTable, tmp_path: Path) -> None:
    run = tmp_path / "run"
    outcome = train(experiment(training={"epochs": 8}), table, run)["outcome"]
    scores = [row["validation/weighted_f1"] for row in rows(run)]
    assert outcome["selected_by"] == "validation"
    assert outcome["epoch"] == 1 + scores.index(max(scores))
    assert outcome["weighted_f1"] == max(scores)
    # The checkpoint is that epoch's: it scores what was recorded.
    checkpoint, split = load_checkpoint(run / "checkpoint"), table.split("validation")
    features, _ = assemble(split, checkpoint.features, checkpoint.specs)
    examples = make_examples(split.conversations, features, checkpoint.standardizers, checkpoint.labels)
    predictions = predict(checkpoint.network, examples)
    accuracy = (predictions.probabilities.argmax(-1) == predictions.labels).mean()
    assert accuracy == pytest.approx(outcome["accuracy"])


def test_validation_chooses_by_what_evaluation_measures(table: CorpusTable, tmp_path: Path) -> None:
    """A voice that cannot have been measured is taken for missing in both."""
    broken = with_audio(table, "validation", tmp_path / "broken", [7.0] * 5)
    outcome = train(experiment(), broken, tmp_path / "run")["outcome"]
    checkpoint, split = load_checkpoint(tmp_path / "run" / "checkpoint"), broken.split("validation")
    found, unchecked = (
        predict(checkpoint.network, examples_of(checkpoint, split, plausible=plausible))
        for plausible in (True, False)
    )
    assert not np.allclose(found.probabilities, unchecked.probabilities, atol=1e-3)
    figures = validation_figures(found)
    assert figures["validation/negative_log_likelihood"] == pytest.approx(
        outcome["negative_log_likelihood"], rel=1e-5
    )


def test_the_fold_that_is_left_out_is_read_the_same_way(table: CorpusTable, tmp_path: Path) -> None:
    settings = experiment(folds=True, training={"epochs": 1})
    answers = []
    for name, vector in (("broken", [7.0] * 5), ("missing", None)):
        changed = with_audio(table, "train", tmp_path / name, vector, conversation="train_c0")
        train(settings, changed, tmp_path / f"run-{name}")
        found = pq.read_table(tmp_path / f"run-{name}" / FOLD_PREDICTIONS).to_pylist()
        answers.append([row for row in found if row["conversation_id"] == "train_c0"])
    assert answers[0] == answers[1]


def with_audio(
    table: CorpusTable, split: str, folder: Path, vector: list[float] | None, conversation: str = ""
) -> CorpusTable:
    """The table with another voice for every turn of a split, or of one conversation of it."""
    contents = {name: pq.read_table(table.folder / f"{name}.parquet") for name in table.manifest.splits}
    content = contents[split]
    column = content.column_names.index("audio_toy")
    voices = [
        vector if conversation in ("", row["conversation_id"]) else row["audio_toy"]
        for row in content.to_pylist()
    ]
    contents[split] = content.set_column(
        column, "audio_toy", pa.array(voices, type=content.schema.field(column).type)
    )
    return write_table(folder, table.manifest, contents)


def test_statistics_are_of_the_train_split_alone(table: CorpusTable, tmp_path: Path) -> None:
    train(experiment(), table, tmp_path / "run")
    checkpoint = load_checkpoint(tmp_path / "run" / "checkpoint")
    for modality in ("text", "audio", "visual"):
        column = table.split("train").columns[f"{modality}_toy"]
        by_hand = Standardizer.fit(column.values, column.present)
        assert np.array_equal(checkpoint.standardizers[modality].mean, by_hand.mean)
        assert np.array_equal(checkpoint.standardizers[modality].scale, by_hand.scale)


@pytest.mark.parametrize("folds", [False, True], ids=["validation", "folds"])
def test_the_seed_decides_everything(table: CorpusTable, tmp_path: Path, folds: bool) -> None:
    short = experiment(folds=folds, training={"epochs": 2})
    for name, seed in (("one", 1), ("again", 1), ("other", 2)):
        train(short, table, tmp_path / name, seed=seed)
    assert same_runs(tmp_path / "one", tmp_path / "again")
    assert not identical(weights(tmp_path / "one"), weights(tmp_path / "other"))


INTERRUPTIONS = [
    *((False, "epoch", count) for count in (1, 2, 3)),
    *((False, "step", count) for count in (1, 4, 6)),
    # 4 folds of 2 epochs and 2 steps an epoch (4 conversations less one), then the final fit.
    (True, "epoch", 8),
    (True, "step", 17),
    pytest.param(True, "epoch", 3, marks=pytest.mark.slow),
    *(pytest.param(True, "step", count, marks=pytest.mark.slow) for count in (2, 7)),
]


@pytest.mark.parametrize(
    ("folds", "where", "count"), INTERRUPTIONS, ids=lambda x: x if isinstance(x, str) else str(int(x))
)
def test_an_interrupted_run_ends_as_if_it_had_not_been(
    table: CorpusTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folds: bool, where: str, count: int
) -> None:
    recipe = experiment(folds=folds, training={"epochs": 2 if folds else 3})
    train(recipe, table, tmp_path / "whole")
    run = tmp_path / "stopped"
    with monkeypatch.context() as patch:
        if where == "epoch":
            patch.setattr(EpochLog, "__call__", failing_at(count, EpochLog.__call__))
        else:
            patch.setattr(loop, "update_average", failing_at(count, loop.update_average))
        with pytest.raises(Interrupted):
            train(recipe, table, run)
    assert record(run)["status"] == "running"
    assert not (run / "checkpoint").exists()
    with pytest.raises(InputError, match="--resume"):
        train(recipe, table, run)
    train(recipe, table, run, resume=True)
    assert same_runs(run, tmp_path / "whole")
    assert {p.name for p in run.rglob("*") if p.is_dir()} == {
        p.name for p in (tmp_path / "whole").rglob("*") if p.is_dir()
    }
    if folds:
        answers = [tmp_path / name / "folds" / "predictions.parquet" for name in ("whole", "stopped")]
        assert pq.read_table(answers[0]).equals(pq.read_table(answers[1]))
        for fold in (run / "folds").glob("*/"):
            assert rows(fold) == rows(tmp_path / "whole" / "folds" / fold.name)


def test_a_state_damaged_by_the_crash_costs_an_epoch_and_nothing_else(
    table: CorpusTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(experiment(), table, tmp_path / "whole")
    run = tmp_path / "stopped"
    with monkeypatch.context() as patch:
        patch.setattr(loop, "update_average", failing_at(5, loop.update_average))
        with pytest.raises(Interrupted):
            train(experiment(), table, run)
    newest = run / "state" / "epoch-0002" / "state.safetensors"
    newest.write_bytes(newest.read_bytes()[:100])
    with pytest.warns(RuntimeWarning, match="damaged"):
        train(experiment(), table, run, resume=True)
    assert same_runs(run, tmp_path / "whole")


def test_a_run_killed_before_its_record_stood_is_begun(table: CorpusTable, tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (run / ".run.json.abc.tmp").touch()
    (run / "lock").write_text("1\n", encoding="utf-8")
    train(experiment(training={"epochs": 1}), table, run)
    assert {path.name for path in run.iterdir()} == {"run.json", "metrics.jsonl", "checkpoint", "tensorboard"}


def test_a_run_killed_when_its_checkpoint_stood_is_finished(
    table: CorpusTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(experiment(), table, tmp_path / "whole")
    with monkeypatch.context() as patch:
        patch.setattr(run_module, "close_run", failing_at(1, run_module.close_run))
        with pytest.raises(Interrupted):
            train(experiment(), table, tmp_path / "run")
    # A text encoder that was carried along is no reason to refuse to go on.
    (tmp_path / "run" / "checkpoint" / "text").mkdir()
    train(experiment(), table, tmp_path / "run", resume=True)
    assert same_runs(tmp_path / "run", tmp_path / "whole")
    assert not (tmp_path / "run" / "checkpoint" / "text").exists()


def test_two_trainings_of_one_run_do_not_go_together(table: CorpusTable, tmp_path: Path) -> None:
    with alone(tmp_path / "run"), pytest.raises(InputError, match="works in here"):
        train(experiment(), table, tmp_path / "run", resume=True)
    assert not (tmp_path / "run").exists()


KILLED = """
import os, signal, sys
import crossgate.training.loop as loop
import crossgate.training.run as run_module
from crossgate.cli.main import main
whole, calls = loop.update_average, [0]
def update_average(*arguments):
    calls[0] += 1
    if calls[0] == 5:
        os.kill(os.getpid(), signal.SIGKILL)
    whole(*arguments)
loop.update_average = update_average
main(sys.argv[1:])
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL there")
@pytest.mark.parametrize("by", ["validation", "folds"])
def test_a_run_killed_between_two_steps_goes_on(table: CorpusTable, tmp_path: Path, by: str) -> None:
    config, run = tmp_path / "my.yaml", tmp_path / "killed"
    config.write_text(YAML, encoding="utf-8")
    arguments = ["train", config, "--data", table.folder, "--out", run, "--set", f"selection.by={by}"]
    done = subprocess.run(
        [sys.executable, "-c", KILLED, *map(str, arguments)], check=False, capture_output=True
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert record(run)["status"] == "running"
    train(experiment(folds=by == "folds"), table, run, resume=True)
    train(experiment(folds=by == "folds"), table, tmp_path / "whole")
    assert same_runs(run, tmp_path / "whole")


def test_resuming_what_is_finished_changes_nothing(
    table: CorpusTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = train(experiment(), table, tmp_path / "run")
    before = {p: p.read_bytes() for p in (tmp_path / "run").rglob("*") if p.is_file()}
    monkeypatch.setattr(loop, "update_average", failing_at(1, loop.update_average))
    assert train(experiment(), table, tmp_path / "run", resume=True) == first
    assert before == {p: p.read_bytes() for p in (tmp_path / "run").rglob("*") if p.is_file()}


def test_a_run_goes_on_only_with_what_it_began_with(
    table: CorpusTable, tmp_path: Path, make_table: Callable[..., CorpusTable]
) -> None:
    run = tmp_path / "run"
    train(experiment(), table, run)
    (tmp_path / "elsewhere").mkdir()
    other = make_table(tmp_path / "elsewhere", conversations=4, seed=1)
    for changed, data, seed, named in (
        (
            experiment(training={"epochs": 4}),
            table,
            0,
            r"another experiment: training.epochs is 3 there, 4 now",
        ),
        (experiment(), table, 1, "another seed"),
        (experiment(), other, 0, r"another data: sha256\.train"),
    ):
        with pytest.raises(InputError, match=named):
            train(changed, data, run, seed=seed, resume=True)


def test_a_run_begun_before_there_was_a_setting_goes_on_at_its_default(
    table: CorpusTable, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    first = train(experiment(), table, run)
    record = json.loads((run / "run.json").read_text(encoding="utf-8"))
    del record["experiment"]["model"]["normalize_steps"]
    (run / "run.json").write_text(json.dumps(record), encoding="utf-8")
    assert train(experiment(), table, run, resume=True)["outcome"] == first["outcome"]
    with pytest.raises(InputError, match=r"model.normalize_steps is True there, False now"):
        train(experiment(model={"normalize_steps": False}), table, run, resume=True)


def test_a_folder_that_is_not_a_run_is_left_alone(table: CorpusTable, tmp_path: Path) -> None:
    folder = tmp_path / "letters"
    folder.mkdir()
    (folder / "dear.txt").write_text("Dear all", encoding="utf-8")
    for resume in (False, True):
        with pytest.raises(InputError, match="not a run"):
            train(experiment(), table, folder, resume=resume)
    assert [path.name for path in folder.iterdir()] == ["dear.txt"]


@pytest.mark.parametrize("content", ["", "{", "[]", "\x00"])
def test_a_damaged_record_is_named(table: CorpusTable, tmp_path: Path, content: str) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.json").write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=r"run\.json"):
        train(experiment(), table, tmp_path / "run", resume=True)
    with pytest.raises(InputError, match=r"run\.json"):
        read_run(tmp_path / "run")
    with pytest.raises(InputError, match="no run here"):
        read_run(tmp_path)


@pytest.mark.parametrize("folds", [False, True], ids=["validation", "folds"])
def test_training_never_reads_the_test_split(
    table: CorpusTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folds: bool
) -> None:
    train(experiment(folds=folds), table, tmp_path / "before")
    (table.folder / "test.parquet").write_bytes(b"garbage")  # after the table was opened, before training
    opened: list[str] = []
    read = Path.open

    def watched(path: Path, *arguments: Any, **named: Any) -> Any:
        opened.append(path.name)
        return read(path, *arguments, **named)

    monkeypatch.setattr(Path, "open", watched)
    train(experiment(folds=folds), table, tmp_path / "after")
    assert "test.parquet" not in opened
    assert same_runs(tmp_path / "before", tmp_path / "after")
    assert not list(tmp_path.rglob("test_reads.json"))


def test_a_run_goes_on_where_only_the_test_split_has_changed(
    table: CorpusTable, tmp_path: Path, make_table: Callable[..., CorpusTable]
) -> None:
    first = train(experiment(), table, tmp_path / "run")
    (tmp_path / "elsewhere").mkdir()
    without = make_table(tmp_path / "elsewhere", conversations=4, splits=("train", "validation"))
    assert train(experiment(), without, tmp_path / "run", resume=True) == first


def test_a_run_by_folds(table: CorpusTable, tmp_path: Path) -> None:
    run = tmp_path / "run"
    # Patience must not end a fold early: the curves are averaged epoch by epoch.
    record = train(experiment(folds=True, training={"epochs": 4, "patience": 1}), table, run)
    outcome = record["outcome"]
    names = {path.name for path in (run / "folds").iterdir()}
    some = {f"predictions-{subset}.parquet" for subset in ("t", "a", "v", "ta", "tv", "av")}
    assert names == {"0", "1", "2", "3", "predictions.parquet"} | some
    curves = {n: [row["validation/weighted_f1"] for row in rows(run / "folds" / n)] for n in "0123"}
    assert all(len(curve) == 4 for curve in curves.values())
    means = np.mean(list(curves.values()), axis=0)
    assert outcome["selected_by"] == "folds"
    assert outcome["epoch"] == 1 + int(means.argmax())
    assert outcome["weighted_f1"] == pytest.approx(means.max())
    # The final fit stops at that epoch, on the same learning rates, with nothing held out.
    final = rows(run)
    assert len(final) == outcome["epoch"]
    assert not any(name.startswith("validation/") for row in final for name in row)
    assert weights(run)


def test_every_utterance_is_predicted_by_a_fit_that_had_not_seen_it(
    table: CorpusTable, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    train(experiment(folds=True), table, run)
    answers = pq.read_table(run / "folds" / "predictions.parquet").to_pydict()
    split = table.split("train")
    assert answers["utterance_id"] == [u.id for c in split.conversations for u in c.utterances]
    sums = sum(np.array(answers[f"p_{label}"]) for label in table.manifest.labels.labels)
    assert np.allclose(sums, 1, atol=1e-5)
    # Each fold's share of them gives the score the fold recorded at the chosen epoch.
    epoch = record(run)["outcome"]["epoch"]
    start = 0
    for name, conversation in zip("0123", split.conversations, strict=True):
        end = start + len(conversation)
        truth = [u.emotion for u in conversation.utterances]
        accuracy = np.mean([a == b for a, b in zip(answers["emotion"][start:end], truth, strict=True)])
        assert accuracy == pytest.approx(rows(run / "folds" / name)[epoch - 1]["validation/accuracy"])
        start = end


def test_folds_have_statistics_of_their_own(
    table: CorpusTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    fit = Standardizer.fit.__func__  # type: ignore[attr-defined]

    def watched(values: np.ndarray, present: np.ndarray) -> Standardizer:
        seen.append(len(values))
        standardizer: Standardizer = fit(Standardizer, values, present)
        return standardizer

    monkeypatch.setattr(Standardizer, "fit", watched)
    train(experiment(folds=True, training={"epochs": 1}), table, tmp_path / "run")
    split = table.split("train")
    expected = [split.rows - len(conversation) for conversation in split.conversations] + [split.rows]
    assert seen[::3] == expected  # three modalities each


def test_selection_needs_what_it_selects_by(
    tmp_path: Path, make_table: Callable[..., CorpusTable], table: CorpusTable
) -> None:
    (tmp_path / "elsewhere").mkdir()
    alone = make_table(tmp_path / "elsewhere", splits=("train",))
    with pytest.raises(InputError, match=r"no validation split.*train"):
        train(experiment(), alone, tmp_path / "a")
    session = replace(
        experiment(folds=True), selection=replace(experiment(folds=True).selection, group="^(Ses)")
    )
    with pytest.raises(InputError, match="train_c0"):
        train(session, table, tmp_path / "b")


def test_features_of_the_splits_must_agree(table: CorpusTable, tmp_path: Path) -> None:
    recipe = experiment()
    with pytest.raises(InputError, match="audio_praat8"):
        train(replace(recipe, features=replace(recipe.features, audio=("praat8",))), table, tmp_path / "run")


def test_seeds_are_trained_side_by_side(table: CorpusTable, tmp_path: Path) -> None:
    summary = train_seeds(experiment(), table, tmp_path / "run", seeds=2)
    assert json.loads((tmp_path / "run" / "seeds.json").read_text(encoding="utf-8")) == summary
    assert summary["seeds"] == [0, 1]
    for seed in (0, 1):
        train(experiment(), table, tmp_path / f"alone{seed}", seed=seed)
        assert same_runs(tmp_path / "run" / f"seed-{seed}", tmp_path / f"alone{seed}")
    scores = [record(tmp_path / "run" / f"seed-{s}")["outcome"]["weighted_f1"] for s in (0, 1)]
    assert summary["scores"]["weighted_f1"]["mean"] == pytest.approx(np.mean(scores))
    assert summary["epochs"] == [record(tmp_path / "run" / f"seed-{s}")["outcome"]["epoch"] for s in (0, 1)]
    # More seeds join those that are there.
    assert train_seeds(experiment(), table, tmp_path / "run", seeds=3, resume=True)["seeds"] == [0, 1, 2]


def test_what_can_be_learned_is_learned(make_table: Callable[..., CorpusTable], tmp_path: Path) -> None:
    """The features of `make_table` tell the emotion; a run that does not find out is broken."""
    table = make_table(tmp_path, conversations=24)
    recipe = experiment(training={"epochs": 15, "batch_size": 4}, model={"dropout": 0.1})
    outcome = train(recipe, table, tmp_path / "run")["outcome"]
    assert outcome["weighted_f1"] > 0.8


def test_the_epoch_is_chosen_by_what_the_modalities_it_names_give(table: CorpusTable, tmp_path: Path) -> None:
    """As evaluation measures them: faces that are not given do not count."""
    settings = replace(experiment(), selection=SelectionSettings(given="at"))
    outcome = train(settings, table, tmp_path / "run")["outcome"]
    assert outcome["selected_by"] == "validation given at"
    checkpoint = load_checkpoint(tmp_path / "run" / "checkpoint")
    examples = examples_of(checkpoint, table.split("validation"))
    given = {
        letters: validation_figures(
            predict(checkpoint.network, keep_only(examples, checkpoint.network, letters))
        )
        for letters in ("ta", "tav")
    }
    figure = "validation/negative_log_likelihood"
    assert given["ta"][figure] == pytest.approx(outcome["negative_log_likelihood"], rel=1e-5)
    assert given["tav"][figure] != pytest.approx(outcome["negative_log_likelihood"], rel=1e-3)


def test_seeds_side_by_side_choose_by_the_same(table: CorpusTable, tmp_path: Path) -> None:
    settings = replace(experiment(), selection=SelectionSettings(given="t"))
    train_seeds(settings, table, tmp_path / "several", seeds=2, together=True)
    alone = train(settings, table, tmp_path / "alone", seed=1)["outcome"]
    together = record(tmp_path / "several" / "seed-1")["outcome"]
    assert together["selected_by"] == "validation given t"
    assert together["negative_log_likelihood"] == pytest.approx(alone["negative_log_likelihood"], rel=1e-4)


def test_a_modality_that_is_not_there_cannot_choose(table: CorpusTable, tmp_path: Path) -> None:
    settings = replace(experiment(), selection=SelectionSettings(given="tx"))
    with pytest.raises(InputError, match="'tx'"):
        train(settings, table, tmp_path / "run")
    with pytest.raises(InputError, match="folds"):
        SelectionSettings("folds", given="ta")
