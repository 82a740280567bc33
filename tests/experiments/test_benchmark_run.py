from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import crossgate.experiments.benchmark.runs as runs_module
import crossgate.experiments.benchmark.tuning as tuning_module
import crossgate.training.run as run_module
import crossgate.training.state as state_module
from crossgate.cli.main import main
from crossgate.errors import CrossgateError, InputError
from crossgate.evaluation.members import load_members
from crossgate.experiments.benchmark.runs import Outcome
from crossgate.locking import alone
from toy_benchmarks import MODELS, YAML, on_table, run, settings, timeless


class Interrupted(Exception):
    """What stops a benchmark half way."""


def counted(monkeypatch: pytest.MonkeyPatch, module: Any, name: str, stop_at: int = 0) -> list[int]:
    """Count the calls of a function in a module; call number `stop_at` raises after its work is done."""
    calls: list[int] = []
    original: Callable[..., Any] = getattr(module, name)

    def wrapped(*arguments: Any, **named: Any) -> Any:
        calls.append(1)
        result = original(*arguments, **named)
        if len(calls) == stop_at:
            raise Interrupted
        return result

    monkeypatch.setattr(module, name, wrapped)
    return calls


def tunings(folder: Path) -> dict[str, list[dict[str, Any]]]:
    return {
        name: json.loads((folder / "drawn" / name / "tuning" / "tuning.json").read_text(encoding="utf-8"))[
            "trials"
        ]
        for name in MODELS
    }


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a benchmark that was never interrupted."""
    folder = tmp_path_factory.mktemp("whole")
    run(settings(folder), folder / "out")
    return folder / "out"


def test_every_model_is_tuned_with_the_same_budget_and_trained_with_all_seeds(whole: Path) -> None:
    tried = tunings(whole)
    assert [[trial["state"] for trial in trials] for trials in tried.values()] == [["finished"] * 2] * 2
    assert all(trials[0]["settings"] == {"learning_rate": 5e-3, "dropout": 0.5} for trials in tried.values())
    for name, trials in tried.items():
        best = max(trials, key=lambda trial: trial["weighted_f1"])
        for seed in (0, 1):
            record = json.loads(
                (whole / "drawn" / name / f"seed-{seed}" / "run.json").read_text(encoding="utf-8")
            )
            assert record["status"] == "finished"
            assert record["seed"] == seed
            assert record["experiment"]["training"]["learning_rate"] == best["settings"]["learning_rate"]
            assert record["experiment"]["model"]["dropout"] == best["settings"]["dropout"]
        # An ordinary folder of several seeds, for every other command.
        assert list(load_members(whole / "drawn" / name).checkpoints) == ["seed-0", "seed-1"]


def test_the_generated_test_split_is_opened_once_a_run_and_recorded(whole: Path) -> None:
    for name in MODELS:
        for seed in (0, 1):
            place = whole / "drawn" / name / f"seed-{seed}"
            entries = json.loads((place / "test_reads.json").read_text(encoding="utf-8"))
            assert [entry["split"] for entry in entries] == ["test"]
            found = next(m for m in timeless(whole)["corpora"][0]["models"] if m["name"] == name)
            recorded = {
                key: value for key, value in found["seeds"][seed].items() if key in entries[0]["outcome"]
            }
            assert entries[0]["outcome"] == pytest.approx(recorded)


def test_what_is_finished_is_not_done_again(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = timeless(whole)
    trained = counted(monkeypatch, run_module, "fit")
    predicted = counted(monkeypatch, runs_module, "predict_split")
    run(settings(tmp_path), whole)
    assert not trained
    assert not predicted
    assert timeless(whole) == before


def test_a_seed_that_is_added_is_all_that_is_trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(settings(tmp_path), tmp_path / "out")
    trained = counted(monkeypatch, run_module, "fit")
    result = run(settings(tmp_path, ("seeds: [0, 1]", "seeds: [0, 1, 5]")), tmp_path / "out")
    assert len(trained) == len(MODELS)
    assert "3 seeds" in result.results["title"]


@pytest.mark.parametrize("epoch", [1, 2, 4, 7, 12])
def test_interrupted_after_any_epoch_it_goes_on_to_the_same_figures(
    epoch: int, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        counted(patch, state_module.TrainingState, "save", stop_at=epoch)
        with pytest.raises(Interrupted):
            run(settings(tmp_path), tmp_path / "out")
    epochs = counted(monkeypatch, state_module.TrainingState, "save")
    run(settings(tmp_path), tmp_path / "out")
    # 2 models x (2 trials + 1 seed that is no copy of a trial) x 2 epochs, none of them twice.
    assert epoch + len(epochs) == 12
    assert timeless(tmp_path / "out") == timeless(whole)


@pytest.mark.parametrize("write", [1, *(pytest.param(k, marks=pytest.mark.slow) for k in (2, 3)), 4])
def test_interrupted_while_tuning_writes_it_goes_on_to_the_same_figures(
    write: int, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        counted(patch, tuning_module, "write_json", stop_at=write)
        with pytest.raises(Interrupted):
            run(settings(tmp_path), tmp_path / "out")
    run(settings(tmp_path), tmp_path / "out")
    assert timeless(tmp_path / "out") == timeless(whole)


def test_a_folder_made_a_moment_before_a_kill_is_taken_over(tmp_path: Path) -> None:
    wanted = settings(tmp_path, ("trials: 2", "trials: 0"))
    place = tmp_path / "out" / "drawn" / "text" / "seed-1"
    place.mkdir(parents=True)
    (tmp_path / "out" / "benchmark.json").write_text('{"protocol": "honest"}', encoding="utf-8")
    (place / ".run.json.123.tmp").touch()
    assert not run(wanted, tmp_path / "out").failures
    assert (place / "run.json").is_file()


@pytest.mark.slow
def test_two_at_a_time_give_what_one_gives(whole: Path, tmp_path: Path) -> None:
    run(settings(tmp_path), tmp_path / "out", workers=2)
    assert timeless(tmp_path / "out") == timeless(whole)


@pytest.mark.slow
def test_killed_with_its_workers_at_work_it_goes_on_to_the_same_figures(whole: Path, tmp_path: Path) -> None:
    (tmp_path / "toy.yaml").write_text(YAML, encoding="utf-8")
    arguments = ["benchmark", str(tmp_path / "toy.yaml"), "--out", str(tmp_path / "out"), "--workers", "2"]
    process = subprocess.Popen([sys.executable, "-m", "crossgate", *arguments], stderr=subprocess.DEVNULL)
    while not list((tmp_path / "out").glob("drawn/*/seed-1")):
        assert process.poll() is None, "the benchmark ended before it could be killed"
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert main(arguments) == 0
    assert timeless(tmp_path / "out") == timeless(whole)


def test_a_second_process_is_refused_and_told_who_is_there(tmp_path: Path) -> None:
    with alone(tmp_path / "out"), pytest.raises(InputError, match=f"id {os.getpid()}"):
        run(settings(tmp_path), tmp_path / "out")
    with alone(tmp_path / "out"):  # the lock is gone with its holder
        pass


def test_report_only_trains_nothing_and_lists_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(settings(tmp_path, ("seeds: [0, 1]", "seeds: [0]")), tmp_path / "out")
    trained = counted(monkeypatch, run_module, "fit")
    result = run(settings(tmp_path), tmp_path / "out", report_only=True)
    assert not trained
    missing = [one for m in result.results["corpora"][0]["models"] for one in m["missing"]]
    assert missing == [{"what": f"drawn, {name}, seed 1", "why": "not begun"} for name in MODELS]
    assert "one seed" in result.results["title"]
    page = (tmp_path / "out" / "results.md").read_text(encoding="utf-8")
    assert "- drawn, text, seed 1: not begun" in page


def test_a_folder_of_something_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.tex").touch()
    for report_only, words in ((False, "is no benchmark"), (True, "nothing to report")):
        with pytest.raises(InputError, match=words):
            run(settings(tmp_path), tmp_path / "out", report_only=report_only)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["thesis.tex"]


def test_report_only_of_what_has_just_begun_says_that_nothing_is_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        counted(patch, state_module.TrainingState, "save", stop_at=1)
        with pytest.raises(Interrupted):
            run(settings(tmp_path), tmp_path / "out")
    result = run(settings(tmp_path), tmp_path / "out", report_only=True)
    assert "nothing is finished yet" in result.results["title"]
    missing = [one["why"] for m in result.results["corpora"][0]["models"] for one in m["missing"]]
    assert missing == ["0 of 2 trials are finished", *["waits for the tuning"] * 2] * 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("gate_rank: 4", "gate_rank: 8"), "other settings or other data"),
        (("dropout: [0.1, 0.3]", "dropout: [0.1]"), "other settings or other data"),
        (("longest: 5", "longest: 6"), "generated corpus there was made with other settings"),
    ],
)
def test_a_folder_begun_with_another_configuration_is_refused(
    change: tuple[str, str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        counted(patch, tuning_module, "write_json", stop_at=2)
        with pytest.raises(Interrupted):
            run(settings(tmp_path), tmp_path / "out")
    with pytest.raises(InputError, match=words):
        run(settings(tmp_path, change), tmp_path / "out")


def test_runs_of_other_settings_are_no_part_of_a_report(tmp_path: Path) -> None:
    untuned = ("trials: 2", "trials: 0")
    run(settings(tmp_path, untuned), tmp_path / "out")
    other = settings(tmp_path, untuned, ("gate_rank: 4", "gate_rank: 8"))
    models = run(other, tmp_path / "out", report_only=True).results["corpora"][0]["models"]
    assert [len(model["seeds"]) for model in models] == [0, 2]
    assert {one["why"] for one in models[0]["missing"]} == {"the run there was made with other settings"}


def test_a_training_that_fails_is_told_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = runs_module.train

    def train(experiment: Any, *rest: Any, **named: Any) -> Any:
        if experiment.model.kind == "text-only":
            raise CrossgateError("the loss is no longer a number")
        return original(experiment, *rest, **named)

    monkeypatch.setattr(runs_module, "train", train)
    heard: list[Outcome] = []
    result = run(settings(tmp_path), tmp_path / "out", told=heard.append)
    assert [trial["state"] for trial in tunings(tmp_path / "out")["text"]] == ["failed"] * 2
    assert set(result.failures) == {"drawn, text, trial 1 of 2", "drawn, text, trial 2 of 2"}
    ours, text = result.results["corpora"][0]["models"]
    assert len(ours["seeds"]) == 2
    assert text["scores"] is None
    assert text["missing"][0]["why"] == "every trial failed"
    assert sum(outcome.score is None for outcome in heard) == 2


def test_on_a_table_the_figures_are_of_validation_or_out_of_fold_and_test_stays_shut(
    tmp_path: Path, make_table: Any
) -> None:
    table = make_table(tmp_path)
    (table.folder / "test.parquet").unlink()
    for by, title, words in (
        ("validation", "measured on validation", "chosen on it too"),
        ("folds", "measured on folds", "chosen on these folds too"),
    ):
        wanted = settings(tmp_path, on_table(table.folder, by), ("trials: 2", "trials: 0"), ("[0, 1]", "[0]"))
        run(wanted, tmp_path / by)
        page = (tmp_path / by / "results.md").read_text(encoding="utf-8")
        assert title in page
        assert words in page
        assert words in (tmp_path / by / "results.tex").read_text(encoding="utf-8")
        assert words in (tmp_path / by / "results.csv").read_text(encoding="utf-8")
        corpus = timeless(tmp_path / by)["corpora"][0]
        rows = table.split("train" if by == "folds" else "validation").rows
        assert corpus["utterances"] == rows
        # The figure agrees with the one the run was selected by.
        seed = corpus["models"][0]["seeds"][0]
        record = json.loads((tmp_path / by / "drawn/crossgate/seed-0/run.json").read_text(encoding="utf-8"))
        if by == "validation":
            assert seed["weighted_f1"] == pytest.approx(record["outcome"]["weighted_f1"])
        assert seed["epoch"] == record["outcome"]["epoch"]


def test_the_command_prints_the_table_and_refuses_what_it_cannot_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "toy.yaml").write_text(YAML.replace("trials: 2", "trials: 0"), encoding="utf-8")
    start = ["benchmark", str(tmp_path / "toy.yaml"), "--out", str(tmp_path / "out")]
    assert main([*start, "--report-only"]) == 2
    assert "nothing to report" in capsys.readouterr().err
    assert main([*start, "--workers", "0"]) == 2
    assert main(start) == 0
    told = capsys.readouterr()
    assert "| crossgate | 2 |" in told.out
    ended = [line.split("  ")[0] for line in told.err.splitlines() if "on what chose it" in line]
    assert ended == ["1 of 4", "2 of 4", "3 of 4", "4 of 4"]
    assert main([*start, "--report-only"]) == 0
    assert capsys.readouterr().out == told.out
