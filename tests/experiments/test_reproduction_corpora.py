"""What `crossgate reproduce` makes of a pickle: selection, seal, legacy table, and what is refused."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from toy_reproductions import content, curve, openings, pickled, reproduce, trained

import crossgate.corpora.table as table_module
import crossgate.evaluation.sealed as sealed_module
import crossgate.experiments.reproduction.run as reproduction_module
from community_pickles import SIZES, community, write
from crossgate.cli.main import main
from crossgate.corpora.community import import_community
from crossgate.corpora.table import open_table
from crossgate.errors import InputError
from crossgate.experiments.benchmark.settings import LEGACY, experiment_of
from crossgate.experiments.reproduction.published import PUBLISHED
from crossgate.experiments.reproduction.settings import (
    ReproductionSettings,
    honest_benchmark,
    published_settings,
)


def record(run: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((run / "run.json").read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def iemocap(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a reproduction on IEMOCAP with one seed."""
    folder = tmp_path_factory.mktemp("iemocap")
    assert reproduce("iemocap", pickled(folder, "iemocap"), folder / "out", seeds=1) == 0
    return folder / "out"


def test_iemocap_is_selected_by_sessions_and_trained_on_all_of_them(iemocap: Path) -> None:
    for model in ("crossgate", "sdt"):
        honest = iemocap / "honest" / "iemocap" / model / "seed-0"
        assert {path.name for path in (honest / "folds").iterdir() if path.is_dir()} == {"Ses01", "Ses02"}
        entry = trained(iemocap, model, "honest")
        assert entry["chosen_on"] == "leaving one session out"
        # The final fit takes the course of the legacy run as far as the folds tell it to.
        losses = [row["train/loss"] for row in curve(honest)]
        on_test = curve(iemocap / f"{LEGACY}-runs" / model / "seed-0")
        assert losses == [row["train/loss"] for row in on_test][: entry["seeds"][0]["epoch"]]
        assert entry["scores"]["weighted_f1"]["mean"] == pytest.approx(
            on_test[entry["seeds"][0]["epoch"] - 1]["validation/weighted_f1"]
        )
    page = (iemocap / "reproduction.md").read_text(encoding="utf-8")
    assert "| SDT, as published | best epoch chosen on the test set | 73.95 | 74.08 |" in page
    assert "validation dialogues as training" not in page


def test_the_legacy_table_says_what_it_is_and_is_the_test_split(iemocap: Path) -> None:
    table, copied = open_table(iemocap / "table"), open_table(iemocap / LEGACY)
    assert copied.manifest.name.endswith(LEGACY)
    assert copied.manifest.notes[0].startswith(
        f"{LEGACY}: the split called validation here is the TEST split of iemocap-community"
    )
    assert copied.manifest.notes[1:] == table.manifest.notes
    assert list(copied.manifest.splits) == ["train", "validation"]
    assert pq.read_table(iemocap / LEGACY / "validation.parquet").equals(
        pq.read_table(iemocap / "table" / "test.parquet")
    )
    assert pq.read_table(iemocap / LEGACY / "train.parquet").equals(
        pq.read_table(iemocap / "table" / "train.parquet")
    )
    legacy = record(iemocap / f"{LEGACY}-runs" / "sdt" / "seed-0")
    assert LEGACY in legacy["experiment"]["name"]
    assert legacy["data"]["name"] == copied.manifest.name


def test_the_test_split_is_opened_by_nobody_unrecorded_and_never_by_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, opened = tmp_path / "out", []
    original, benchmark = table_module.read_split, reproduction_module.run_benchmark

    def stack() -> list[tuple[str, str]]:
        return [(one.frame.f_globals.get("__name__", ""), one.function) for one in inspect.stack()]

    def through_the_seal(table: Any, name: str) -> Any:
        assert not [module for module, _ in stack() if module.startswith("crossgate.training")]
        opened.append(name)
        return original(table, name)

    def elsewhere(table: Any, name: str) -> Any:
        # A table that is written is read back once, by the rules of the reader.
        assert name != "test" or (table_module.__name__, "write_table") in stack()
        return original(table, name)

    def without_the_file(*arguments: Any, **named: Any) -> Any:
        file, hidden = out / "table" / "test.parquet", tmp_path / "hidden"
        file.rename(hidden)
        result = benchmark(*arguments, **named)
        hidden.rename(file)
        return result

    monkeypatch.setattr(sealed_module, "read_split", through_the_seal)
    monkeypatch.setattr(table_module, "read_split", elsewhere)
    monkeypatch.setattr(reproduction_module, "run_benchmark", without_the_file)
    source = pickled(tmp_path, "meld", test={4: [0, -1, 4], 5: [-1] * 3})
    assert reproduce("meld", source, out, seeds=1) == 0
    # Of a test part with some labels those are scored.
    assert content(out)["scored"] == {"utterances": 2, "conversations": 1}
    entries = openings(out)
    assert len(entries) == len(opened) == 2
    scored, copied = (entry["outcome"] for entry in entries)
    assert set(scored) == {f"honest/meld/{model}/seed-0" for model in ("crossgate", "sdt")}
    for model in ("crossgate", "sdt"):
        found = trained(out, model, "honest")["scores"]["weighted_f1"]["mean"]
        assert scored[f"honest/meld/{model}/seed-0"]["weighted_f1"] == pytest.approx(found)
        # The run tells of the opening that served it.
        assert openings(out / "honest" / "meld" / model / "seed-0") == entries[:1]
    assert copied == {"protocol": LEGACY, "copied_to": f"{LEGACY}/validation.parquet"}
    assert all(entry["command"].startswith("crossgate") for entry in entries)


def test_a_test_part_without_labels_is_not_opened_and_that_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = pickled(tmp_path, "meld", test={4: [-1] * 3, 5: [None] * 3})
    assert reproduce("meld", source, tmp_path / "out", seeds=1) == 0
    said = capsys.readouterr()
    assert "nothing can be scored" in said.out
    assert "- test: 6 of 6 utterances have no label" in said.out
    assert "2 of 2  meld, sdt, seed 0" in said.err
    found = content(tmp_path / "out")
    assert (found["scored"], found["habit"]) == (None, [])
    assert openings(tmp_path / "out") == []
    assert not (tmp_path / "out" / LEGACY).exists()
    assert record(tmp_path / "out" / "honest" / "meld" / "crossgate" / "seed-0")["status"] == "finished"


def test_of_the_older_layout_and_without_a_validation_split_dialogues_are_left_out(tmp_path: Path) -> None:
    train = {number: [number % 7, 0, 1, 2] for number in (0, 1, 10)}
    source = pickled(tmp_path, "meld", "one", train=train, test={4: [-1] * 3})
    assert reproduce("meld", source, tmp_path / "out", seeds=1) == 0
    assert trained(tmp_path / "out", "sdt", "honest")["chosen_on"].startswith("dialogues left out in turn")
    run = tmp_path / "out" / "honest" / "meld" / "sdt" / "seed-0"
    assert {path.name for path in (run / "folds").iterdir() if path.is_dir()} == {"0", "1"}
    features = record(run)["experiment"]["features"]
    assert (features["text"], features["average"]) == (["community6"], [])
    page = (tmp_path / "out" / "reproduction.md").read_text(encoding="utf-8")
    assert "validation dialogues as training" not in page


@pytest.mark.parametrize(("corpus", "tau", "weighting"), [("iemocap", 1.0, 1.0), ("meld", 8.0, 0.0)])
def test_what_is_trained_is_what_was_published(
    corpus: str, tau: float, weighting: float, tmp_path: Path
) -> None:
    source = write(tmp_path / "f.pkl", community(corpus, "roberta"))
    table = import_community(source, tmp_path / "table", corpus=corpus)
    honest = honest_benchmark(ReproductionSettings(corpus), table)  # type: ignore[arg-type]
    ours, sdt = (experiment_of(honest.corpora[0], model) for model in honest.models)
    configured = published_settings(corpus)
    assert ours.features == sdt.features == configured.features
    assert (ours.model, ours.objective, ours.training) == (
        configured.model,
        configured.objective,
        configured.training,
    )
    assert SIZES[corpus, "roberta"][0] == sdt.model.hidden == 1024
    assert (sdt.model.kind, sdt.training.class_weighting, sdt.training.hide_modality) == ("sdt", weighting, 0)
    # As the docstring of models/baselines/sdt.py has it.
    assert sdt.objective.hard_singles == 3
    assert sdt.objective.soft_singles == pytest.approx(3 / tau**2)
    assert sdt.objective.temperature == tau
    assert not sdt.objective.detach_teacher
    assert honest.seeds == (0, 1, 2, 3, 4)


def test_published_figures_are_percentages_of_both_corpora() -> None:
    for one in PUBLISHED:
        assert set(one.figures) == {"iemocap", "meld"}
        for accuracy, weighted in one.figures.values():
            assert weighted is not None
            for printed in (accuracy, weighted):
                assert printed is None or all(50 < float(end) < 80 for end in printed.split("-"))


def test_a_pickle_of_the_other_corpus_is_refused_naming_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert reproduce("iemocap", pickled(tmp_path, "meld"), tmp_path / "out") == 2
    said = capsys.readouterr().err
    assert "features of meld, not of iemocap" in said
    assert str(tmp_path / "meld.pkl") in said
    assert not (tmp_path / "out" / "table").exists()
    # Nothing was begun there, so the right one may be.
    monkeypatch.setattr(reproduction_module, "honest_benchmark", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        reproduce("meld", tmp_path / "meld.pkl", tmp_path / "out")
    assert open_table(tmp_path / "out" / "table").manifest.name == "meld-community"
    for source, words in (
        (pickled(tmp_path, "iemocap"), "of meld-community, not of iemocap"),
        (tmp_path / "absent.pkl", "no such file"),
    ):
        assert reproduce("iemocap", source, tmp_path / "out") == 2
        assert words in capsys.readouterr().err
    other = pickled(tmp_path, "meld", seed=1)
    assert reproduce("meld", other, tmp_path / "out") == 2
    assert "made from another pickle" in capsys.readouterr().err


def test_a_folder_of_something_else_is_refused_and_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = pickled(tmp_path, "meld"), tmp_path / "out"
    assert reproduce("meld", source, out, "--report-only") == 2
    assert "nothing to report" in capsys.readouterr().err
    assert not out.exists()
    out.mkdir()
    (out / "thesis.tex").touch()
    assert reproduce("meld", source, out) == 2
    assert "is no reproduction" in capsys.readouterr().err
    assert [path.name for path in out.iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--set", "model.kind=sdt"], "others than those that are compared"),
        (["--set", "objective.temperature=2"], "others than those that are compared"),
        (["--set", "model.hiden=16"], "--set: 'model.hiden=16'"),
        (["--set", "model.hidden=many"], "--set: "),
        (["--seeds", "0"], "--seeds is 0"),
        (["--workers", "0"], "--workers is 0"),
    ],
)
def test_settings_that_do_not_go_together_are_refused_before_the_import(
    words: list[str], complaint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    start = ["reproduce", "meld", "--features", str(tmp_path / "absent.pkl"), "--out", str(tmp_path / "out")]
    assert main([*start, *words]) == 2
    assert complaint in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_another_corpus_has_no_settings() -> None:
    with pytest.raises(InputError, match="iemocap or meld"):
        published_settings("emorynlp")
