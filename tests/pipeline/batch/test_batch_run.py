"""Batches of toy analyses in real worker processes: what is written, what fails, what is done again."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow.dataset as ds
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from crossgate.errors import CrossgateError, InputError
from crossgate.locking import alone
from crossgate.pipeline.batch.run import Standing
from crossgate.pipeline.batch.settings import Limits
from toy_batches import LOG, batch, entries, recordings
from toy_makers import dies_at_once, no_model

MANY = {"one": "ok", "deep__two": "ok", "deep__down__three": "ok"}


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    return recordings(tmp_path / "calls", **MANY)


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where every analysis that is begun is noted."""
    path = tmp_path / "log"
    path.touch()
    monkeypatch.setenv(LOG, str(path))
    return path


def state(folder: Path) -> dict[str, int]:
    """Every file and when it was written, but for what tells of the last command, and the lock."""
    left_out = ("summary.json", "lock", "manifest.jsonl")
    paths = (path for path in folder.rglob("*") if path.is_file() and path.name not in left_out)
    return {str(path.relative_to(folder)): path.stat().st_mtime_ns for path in paths}


def test_a_folder_becomes_results_a_data_set_a_manifest_and_a_summary(calls: Path, tmp_path: Path) -> None:
    (calls / "deep" / "two.txt").write_text("no recording")
    (calls / "deep" / "two.csv").write_text("You did what?")
    out = tmp_path / "out"
    told: list[Standing] = []
    summary = batch(calls, out, formats=("csv",), told=told.append)
    names = ["deep/down/three.wav", "deep/two.wav", "one.wav"]
    assert sorted(entries(out)) == names
    for name in names:
        assert {path.name for path in (out / "results" / name).iterdir()} == {
            "result.json",
            "turns.csv",
            "recording.json",
        }
        assert json.loads((out / "results" / name / "recording.json").read_text()) == entries(out)[name]
    table = ds.dataset(out / "utterances", partitioning="hive").to_table()
    assert sorted(table.column("recording").to_pylist()) == [
        "deep/down/three.wav",
        *3 * ["deep/two.wav"],
        "one.wav",
    ]
    assert len(pd.read_parquet(out / "utterances")) == 5
    assert (summary.recordings, summary.done, summary.utterances) == (3, 3, 5)
    assert summary.hours == pytest.approx(3 * 2.5 / 3600, abs=1e-6)
    assert json.loads((out / "summary.json").read_text())["failed"] == 0
    assert [one.ended for one in told] == [0, 1, 2, 3]
    assert told[-1].share == 1


def test_a_second_time_nothing_is_done(calls: Path, tmp_path: Path, log: Path) -> None:
    recordings(calls, bad="refuse")
    batch(calls, tmp_path / "out")
    before, said = state(tmp_path / "out"), log.read_text()
    manifest = (tmp_path / "out" / "manifest.jsonl").read_bytes()
    summary = batch(calls, tmp_path / "out")
    assert (summary.run.done, summary.run.failed, summary.done) == (0, 0, 3)
    assert state(tmp_path / "out") == before
    assert (tmp_path / "out" / "manifest.jsonl").read_bytes() == manifest
    assert log.read_text() == said


def test_what_is_missing_new_changed_or_removed_from_the_results_is_done(
    calls: Path, tmp_path: Path, log: Path
) -> None:
    out = tmp_path / "out"
    batch(calls, out)
    log.write_text("")
    recordings(calls, new="ok", one="ok again")
    (calls / "deep" / "two.csv").write_text("Words at last")  # a transcript that was not there
    (out / "results" / "deep" / "down" / "three.wav" / "recording.json").unlink()
    assert batch(calls, out).run.done == 4
    assert sorted(log.read_text().split()) == ["new.wav", "one.wav", "three.wav", "two.wav"]
    assert entries(out)["deep/two.wav"]["utterances"] == 3
    assert len(ds.dataset(out / "utterances", partitioning="hive").to_table()) == 6


def causes(out: Path) -> dict[str, tuple[str, int]]:
    """Recording -> cause of failure, attempts."""
    return {name: (one["cause"], one["attempts"]) for name, one in entries(out).items()}


def test_every_kind_of_failure_is_counted_with_its_cause_and_stops_nothing(tmp_path: Path, log: Path) -> None:
    bad = {"a": "refuse", "b": "mistake", "c": "crash", "d": "killed", "g": "once"}
    calls = recordings(tmp_path / "calls", **bad, h="ok")
    summary = batch(calls, tmp_path / "out", workers=1)
    assert causes(tmp_path / "out") == {
        "a.wav": ("refused", 1),
        "b.wav": ("error", 1),
        "c.wav": ("crashed", 2),
        "d.wav": ("crashed", 2),
        "g.wav": ("", 2),
        "h.wav": ("", 1),
    }
    assert summary.causes == {"crashed": 2, "refused": 1, "error": 1}
    messages = {one["recording"]: one["message"] for one in summary.failures}
    assert "FFmpeg" in messages["a.wav"]
    assert "ZeroDivisionError" in messages["b.wav"]
    assert "SIGSEGV" in messages["c.wav"]
    assert "SIGKILL, most likely for want of memory" in messages["d.wav"]
    assert log.read_text().split().count("c.wav") == 2


@pytest.mark.parametrize(
    ("word", "limits", "cause"),
    [
        ("hang", Limits(silent_minutes=0.01), "hung"),
        ("hang", Limits(silent_minutes=0, minutes=0.01), "too long"),
        ("grow", Limits(silent_minutes=0, megabytes=300), "memory"),
    ],
)
def test_a_worker_that_goes_past_a_limit_is_ended(
    word: str, limits: Limits, cause: str, tmp_path: Path
) -> None:
    calls = recordings(tmp_path / "calls", a=word)
    batch(calls, tmp_path / "out", workers=1, attempts=1, limits=limits)
    assert causes(tmp_path / "out") == {"a.wav": (cause, 1)}


def test_what_failed_is_left_until_it_is_asked_for_or_the_file_is_another(tmp_path: Path, log: Path) -> None:
    calls = recordings(tmp_path / "calls", a="refuse", b="refuse", c="ok")
    batch(calls, tmp_path / "out")
    recordings(calls, b="ok now")
    assert batch(calls, tmp_path / "out").run.done == 1
    assert log.read_text().split().count("a.wav") == 1
    batch(calls, tmp_path / "out", retry_failed=True)
    assert log.read_text().split().count("a.wav") == 2
    assert entries(tmp_path / "out")["b.wav"]["status"] == "done"


def test_of_a_file_that_is_broken_now_nothing_old_is_left(tmp_path: Path) -> None:
    calls = recordings(tmp_path / "calls", a="ok", b="ok")
    batch(calls, tmp_path / "out")
    recordings(calls, a="refuse")
    summary = batch(calls, tmp_path / "out")
    assert (summary.done, len(summary.failures)) == (1, 1)
    assert not (tmp_path / "out" / "results" / "a.wav").exists()
    assert ds.dataset(tmp_path / "out" / "utterances", partitioning="hive").to_table().num_rows == 1


def test_a_manifest_that_breaks_off_or_is_gone_costs_nothing(calls: Path, tmp_path: Path, log: Path) -> None:
    out = tmp_path / "out"
    batch(calls, out)
    whole = (out / "manifest.jsonl").read_bytes()
    log.write_text("")
    for left in (whole[: len(whole) // 2], b""):
        (out / "manifest.jsonl").write_bytes(left)
        batch(calls, out)
        assert (out / "manifest.jsonl").read_bytes() == whole
    assert log.read_text() == ""  # the results told it


def test_half_written_results_of_one_that_was_killed_are_removed(calls: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    batch(calls, out)
    before = state(out)
    for draft in ("results/deep/.two.wav.abc.tmp/result.json", "utterances/shard=h00/.x.parquet.7.tmp"):
        (out / draft).parent.mkdir(parents=True, exist_ok=True)
        (out / draft).write_text("half")
    (out / "utterances" / "shard=h00" / "orphan.parquet").write_bytes(b"of a recording nobody knows")
    batch(calls, out)
    assert state(out) == before


def test_a_folder_of_something_else_and_other_settings_are_refused(calls: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "diary.txt").write_text("mine")
    with pytest.raises(InputError, match="no batch's"):
        batch(calls, tmp_path / "mine")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["diary.txt"]
    batch(calls, tmp_path / "out")
    before = state(tmp_path / "out")
    with pytest.raises(InputError, match="another formats"):
        batch(calls, tmp_path / "out", formats=("csv",))
    assert state(tmp_path / "out") == before


def test_of_two_at_once_the_second_is_refused(calls: Path, tmp_path: Path) -> None:
    with alone(tmp_path / "out"), pytest.raises(InputError, match="another process"):
        batch(calls, tmp_path / "out")
    batch(calls, tmp_path / "out")


@pytest.mark.parametrize(
    ("make", "kind", "words"),
    [
        (no_model, InputError, "no checkpoint of that name"),
        (dies_at_once, CrossgateError, "3 workers in a row"),
    ],
)
def test_where_no_worker_can_begin_the_batch_stops_and_blames_no_recording(
    make: object, kind: type[Exception], words: str, calls: Path, tmp_path: Path
) -> None:
    with pytest.raises(kind, match=words):
        batch(calls, tmp_path / "out", workers=1, attempts=5, make=make)
    assert not (tmp_path / "out" / "manifest.jsonl").exists()


def test_an_interrupt_ends_the_workers_and_the_batch_goes_on(tmp_path: Path) -> None:
    calls = recordings(tmp_path / "calls", a="ok", b="hang", c="ok")

    def interrupt(standing: Standing) -> None:
        if standing.ended == 1:
            raise KeyboardInterrupt

    before = children()
    with pytest.raises(KeyboardInterrupt):
        batch(calls, tmp_path / "out", workers=1, told=interrupt)
    assert children() == before
    recordings(calls, b="ok")
    assert batch(calls, tmp_path / "out").done == 3


def children() -> set[int | None]:
    """Processes that this one has begun by `multiprocessing` and that live."""
    return {one.pid for one in multiprocessing.active_children()}


@pytest.fixture
def store(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of an empty folder in a store."""
    files = MemoryFileSystem()
    root = f"memory://{request.node.name}"
    yield root
    if files.exists(root):
        files.rm(root, recursive=True)


def test_a_store_is_written_to_by_the_same_names(calls: Path, store: str, log: Path) -> None:
    summary = batch(calls, store, formats=("csv",))
    assert summary.done == 3
    files = MemoryFileSystem()
    lines = [json.loads(line) for line in files.cat(f"{store}/manifest.jsonl").splitlines()]
    assert [line["recording"] for line in lines] == ["deep/down/three.wav", "deep/two.wav", "one.wav"]
    assert files.exists(f"{store}/results/one.wav/turns.csv")
    tables = f"{store}/utterances".removeprefix("memory:/")
    assert len(ds.dataset(tables, filesystem=files, partitioning="hive").to_table()) == 3
    log.write_text("")
    assert batch(calls, store, formats=("csv",)).run.done == 0
    files.rm(f"{store}/manifest.jsonl")
    files.rm(f"{store}/results/one.wav/recording.json")
    assert batch(calls, store, formats=("csv",)).done == 3
    assert log.read_text().split() == ["one.wav"]


def test_recordings_and_transcripts_are_fetched_from_a_store(calls: Path, store: str, tmp_path: Path) -> None:
    (calls / "one.csv").write_text("Three words here")
    MemoryFileSystem().put(f"{calls}/", store, recursive=True)
    for again in (3, 0):
        summary = batch(f"{store}/**/*.wav", tmp_path / "out")
        assert (summary.done, summary.utterances, summary.run.done) == (3, 5, again)
    assert entries(tmp_path / "out")["one.wav"]["transcript"].endswith(f"{store.rpartition('/')[2]}/one.csv")


def test_a_store_that_loses_a_file_is_a_failure_of_that_file(calls: Path, store: str, tmp_path: Path) -> None:
    files = MemoryFileSystem()
    files.put(f"{calls}/", store, recursive=True)

    def lose(standing: Standing) -> None:
        if standing.last is None:
            files.rm(f"{store}/one.wav")

    batch(f"{store}/**/*.wav", tmp_path / "out", told=lose)
    assert causes(tmp_path / "out")["one.wav"] == ("store", 2)
    assert sum(cause == "" for cause, _ in causes(tmp_path / "out").values()) == 2
