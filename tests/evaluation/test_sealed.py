from __future__ import annotations

import json
import multiprocessing
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from crossgate.corpora.manifest import sha256_of
from crossgate.corpora.table import CorpusTable, open_table
from crossgate.errors import InputError
from crossgate.evaluation import sealed
from crossgate.evaluation.sealed import RECORD_FILE, open_sealed, read_any, record_of

COMMAND = "crossgate evaluate runs/one --split test"


@pytest.fixture
def table(make_table: Callable[..., CorpusTable], tmp_path: Path) -> CorpusTable:
    return make_table(tmp_path)


@pytest.fixture
def record(tmp_path: Path) -> Path:
    return tmp_path / "run" / RECORD_FILE


def entries(record: Path) -> list[dict]:
    return json.loads(record.read_text(encoding="utf-8"))


def test_the_opening_and_its_outcome_are_recorded(table: CorpusTable, record: Path) -> None:
    with open_sealed(table, "test", record, COMMAND) as reading:
        assert reading.split.name == "test"
        (entry,) = entries(record)
        assert entry["outcome"] is None
        reading.outcome = {"weighted_f1": 0.5}
    (entry,) = entries(record)
    assert entry["outcome"] == {"weighted_f1": 0.5}
    assert (entry["command"], entry["corpus"], entry["split"]) == (COMMAND, "toy", "test")
    assert entry["sha256"] == sha256_of(table.folder / "test.parquet")
    assert datetime.fromisoformat(entry["when"]).utcoffset() == timedelta(0)


def test_it_is_recorded_before_it_is_read(
    table: CorpusTable, record: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def spy(table: CorpusTable, name: str) -> None:
        seen.append(entries(record))
        raise RuntimeError("stop here")

    monkeypatch.setattr(sealed, "read_split", spy)
    with pytest.raises(RuntimeError), open_sealed(table, "test", record, COMMAND):
        pass
    assert seen[0][0]["outcome"] is None
    assert entries(record)[0]["outcome"] == {"error": "RuntimeError: stop here"}


def test_nothing_is_handed_over_without_the_block(table: CorpusTable, record: Path) -> None:
    reading = open_sealed(table, "test", record, COMMAND)
    with pytest.raises(RuntimeError, match="inside the `with` block"):
        _ = reading.split
    assert not record.exists()
    with reading:
        assert reading.split.rows
    with pytest.raises(RuntimeError):
        _ = reading.split


@pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt, SystemExit])
def test_a_failure_is_an_outcome(table: CorpusTable, record: Path, kind: type[BaseException]) -> None:
    def work() -> None:
        with open_sealed(table, "test", record, COMMAND) as reading:
            reading.outcome = "half done"
            raise kind("it broke")

    with pytest.raises(kind):
        work()
    assert entries(record)[0]["outcome"] == {"error": f"{kind.__name__}: it broke"}


def test_an_unstated_outcome_is_said_to_be_so(table: CorpusTable, record: Path) -> None:
    with open_sealed(table, "test", record, COMMAND):
        pass
    assert entries(record)[0]["outcome"] == "finished, no outcome was stated"


def test_an_outcome_json_cannot_hold_is_kept_in_words(table: CorpusTable, record: Path) -> None:
    with open_sealed(table, "test", record, COMMAND) as reading:
        reading.outcome = {"path": Path("/somewhere")}
    assert "/somewhere" in entries(record)[0]["outcome"]


def test_openings_add_up_in_order(table: CorpusTable, record: Path) -> None:
    for number in range(3):
        with open_sealed(table, "test", record, f"command {number}") as reading:
            reading.outcome = number
    assert [(one["command"], one["outcome"]) for one in entries(record)] == [
        ("command 0", 0),
        ("command 1", 1),
        ("command 2", 2),
    ]
    assert [path.name for path in record.parent.iterdir()] == [RECORD_FILE]


def test_two_openings_at_once_keep_their_own_outcomes(table: CorpusTable, record: Path) -> None:
    with open_sealed(table, "test", record, "outer") as outer:
        with open_sealed(table, "test", record, "inner") as inner:
            inner.outcome = 2
        outer.outcome = 1
    assert [(one["command"], one["outcome"]) for one in entries(record)] == [("outer", 1), ("inner", 2)]


def _open_once(folder: Path, record: Path, number: int) -> None:
    with open_sealed(open_table(folder), "test", record, str(number)) as reading:
        reading.outcome = number


def test_processes_do_not_overwrite_each_other(table: CorpusTable, record: Path) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_open_once, args=(table.folder, record, n)) for n in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert sorted(one["outcome"] for one in entries(record)) == [0, 1, 2]


def test_a_half_written_record_never_takes_the_old_ones_place(
    table: CorpusTable, record: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_sealed(table, "test", record, COMMAND):
        pass
    before = record.read_bytes()
    monkeypatch.setattr("os.fsync", _full_disk)
    with (
        pytest.raises(InputError, match=r"cannot be kept: .*No space left"),
        open_sealed(table, "test", record, COMMAND),
    ):
        pytest.fail("the split was handed over without a record")
    assert record.read_bytes() == before


def _full_disk(handle: int) -> None:
    raise OSError(28, "No space left on device")


def test_the_first_error_is_the_one_that_is_seen(
    table: CorpusTable, record: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work() -> None:
        with open_sealed(table, "test", record, COMMAND):
            monkeypatch.setattr("os.fsync", _full_disk)
            raise ValueError("the work failed")

    with pytest.raises(ValueError, match="the work failed") as caught:
        work()
    assert "could not be written" in caught.value.__notes__[0]
    assert entries(record)[0]["outcome"] is None


@pytest.mark.parametrize("content", ["{not json", '{"when": 1}', "[1]", "\xff"])
def test_a_damaged_record_keeps_the_split_shut(table: CorpusTable, record: Path, content: str) -> None:
    record.parent.mkdir()
    record.write_text(content, encoding="latin1")
    with pytest.raises(InputError, match=RECORD_FILE), open_sealed(table, "test", record, COMMAND):
        pytest.fail("the split was handed over")
    assert record.read_text(encoding="latin1") == content


def test_a_lost_entry_is_an_error(table: CorpusTable, record: Path) -> None:
    with pytest.raises(InputError, match="vanished"), open_sealed(table, "test", record, COMMAND):
        record.write_text("[]", encoding="utf-8")


def test_an_opening_that_serves_several_runs_is_recorded_for_each(
    table: CorpusTable, record: Path, tmp_path: Path
) -> None:
    runs = [tmp_path / name / RECORD_FILE for name in ("seed-0", "seed-1")]
    with open_sealed(table, "test", record, COMMAND, runs) as reading:
        assert [entry["outcome"] for one in runs for entry in entries(one)] == [None, None]
        reading.outcome = "scored both"
    assert entries(record)[0]["outcome"] == "scored both"
    assert all(entries(one) == entries(record) for one in runs)


def test_where_one_of_several_records_cannot_be_kept_the_split_stays_shut(
    table: CorpusTable, record: Path, tmp_path: Path
) -> None:
    damaged = tmp_path / RECORD_FILE
    damaged.write_text("{not json", encoding="utf-8")
    with pytest.raises(InputError, match="damaged"), open_sealed(table, "test", record, COMMAND, [damaged]):
        pytest.fail("the split was handed over")


def test_training_and_unknown_splits_do_not_open_this_way(table: CorpusTable, record: Path) -> None:
    with pytest.raises(InputError, match="the train split is not sealed"):
        open_sealed(table, "train", record, COMMAND)
    with pytest.raises(InputError, match="no split 'dev'"):
        open_sealed(table, "dev", record, COMMAND)
    assert not record.exists()


def test_a_missing_file_is_not_an_opening(table: CorpusTable, record: Path) -> None:
    (table.folder / "test.parquet").unlink()
    with (
        pytest.raises(InputError, match=r"test\.parquet: .*not there"),
        open_sealed(table, "test", record, COMMAND),
    ):
        pass
    assert not record.exists()


def test_a_changed_file_stays_shut(table: CorpusTable, record: Path) -> None:
    (table.folder / "test.parquet").write_bytes((table.folder / "validation.parquet").read_bytes())
    with pytest.raises(InputError, match="SHA-256 differs"), open_sealed(table, "test", record, COMMAND):
        pass
    assert not record.exists()  # it was not opened


def test_a_run_and_its_checkpoint_share_one_record(tmp_path: Path) -> None:
    (tmp_path / "run" / "checkpoint").mkdir(parents=True)
    (tmp_path / "run" / "run.json").write_text("{}", encoding="utf-8")
    assert record_of(tmp_path / "run" / "checkpoint") == record_of(tmp_path / "run")
    assert record_of(tmp_path / "elsewhere") == tmp_path / "elsewhere" / RECORD_FILE


def test_any_split_can_be_read_and_only_the_sealed_one_leaves_a_trace(
    table: CorpusTable, record: Path
) -> None:
    with read_any(table, "validation", record, COMMAND) as reading:
        assert reading.split.name == "validation"
        reading.outcome = "kept nowhere"
    assert not record.exists()
    with read_any(table, "test", record, COMMAND) as reading:
        assert reading.split.name == "test"
        reading.outcome = "kept"
    assert entries(record)[0]["outcome"] == "kept"
    with pytest.raises(InputError, match="no split"), read_any(table, "dev", record, COMMAND):
        pass
