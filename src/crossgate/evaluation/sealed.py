"""The only way to a test split, and the record of everyone who took it.

A test split tells the truth once; each further look at it is a chance to choose by it. The look is therefore
written down before the split is handed over, with what came of it afterwards, and training cannot get here.
"""

from __future__ import annotations

import json
import os
import sys
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from crossgate.corpora.manifest import sha256_of
from crossgate.corpora.table import SEALED, CorpusTable, Split, read_split
from crossgate.errors import InputError
from crossgate.evaluation.run_folder import CHECKPOINT_FOLDER, RUN_FILE
from crossgate.files import write_json

if sys.platform != "win32":
    import fcntl

RECORD_FILE = "test_reads.json"
"""Name of the record in a run's folder."""


class Reading:
    """A split while it is being worked with; use it in a `with` block and state the `outcome` before its end.

    Attributes:
        outcome: what came of it, plain JSON values; kept in the record where the split is sealed.
    """

    outcome: Any = None

    def __init__(self, table: CorpusTable, name: str) -> None:
        self._table = table
        self._name = name
        self._split: Split | None = None

    @property
    def split(self) -> Split:
        """The split. Raises RuntimeError outside the `with` block: nothing is handed over unrecorded."""
        if self._split is None:
            raise RuntimeError(f"the {self._name} split is only to be had inside the `with` block")
        return self._split

    def __enter__(self) -> Self:
        self._split = self._table.split(self._name)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._split = None


class SealedSplit(Reading):
    """A sealed split: entering the block records the opening, leaving it records the outcome or the error."""

    def __init__(self, table: CorpusTable, name: str, records: Sequence[Path], command: str) -> None:
        super().__init__(table, name)
        self._records = records
        self._command = command
        self._id = uuid.uuid4().hex

    def __enter__(self) -> Self:
        path = self._table.folder / self._table.manifest.splits[self._name].file
        if not path.is_file():
            raise InputError("the manifest names this file, but it is not there", where=str(path))
        found = sha256_of(path)
        if found != self._table.manifest.splits[self._name].sha256:
            raise InputError(
                "the file is not the one the manifest describes (its SHA-256 differs)",
                where=str(path),
                fix="fetch or import the corpus again; if the change was meant, delete manifest.json",
            )
        entry = {
            "id": self._id,
            "when": datetime.now(UTC).isoformat(timespec="seconds"),
            "command": self._command,
            "corpus": self._table.manifest.name,
            "split": self._name,
            # Of the file as it lies there now, which may not be what the manifest promised.
            "sha256": found,
            "outcome": None,
        }
        for record in self._records:
            with _entries(record) as entries:
                entries.append(entry)
        try:
            self._split = read_split(self._table, self._name)
        except BaseException as error:
            self._finish(_in_words(error))
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        if error is None:
            self._finish("finished, no outcome was stated" if self.outcome is None else self.outcome)
            return
        try:
            self._finish(_in_words(error))
        except Exception as second:
            # The first error is the one the user needs; the opening itself stands in the record already.
            error.add_note(f"and the outcome could not be written: {second}")

    def _finish(self, outcome: Any) -> None:
        """Write the outcome into this opening's entries. Raises InputError where one was lost."""
        try:
            json.dumps(outcome)
        except (TypeError, ValueError):
            outcome = repr(outcome)  # losing the record over its wording would be the worse fault
        for record in self._records:
            with _entries(record) as entries:
                own = [entry for entry in entries if entry.get("id") == self._id]
                if not own:
                    raise InputError(
                        f"the entry {self._id} of this opening has vanished",
                        where=str(record),
                        fix="nobody but this package may write the record; restore it from the run's copy",
                    )
                own[0]["outcome"] = outcome


def record_of(run: Path) -> Path:
    """Where the openings of a run are recorded, be it named itself or by its checkpoint."""
    inside = run.name == CHECKPOINT_FOLDER and (run.parent / RUN_FILE).exists()
    return (run.parent if inside else run) / RECORD_FILE


def count_openings(record: Path) -> int:
    """How many openings a record tells of; none where there is no record. Raises InputError if damaged."""
    return len(_read(record))


def open_sealed(
    table: CorpusTable, split: str, record: Path, command: str, also: Sequence[Path] = ()
) -> SealedSplit:
    """Open a sealed split and record it in `record` (`test_reads.json` of a run).

    One opening that serves several runs is recorded for each of them: `also` are their records.

    Use it as `with open_sealed(...) as reading:`, take `reading.split`, set `reading.outcome`. The record is
    a JSON list; each entry has `id, when` (ISO 8601, UTC), `command, corpus, split, sha256` (of the file) and
    `outcome`: null while the work goes on (or was killed), then what was stated, or the error.

    Raises InputError for a split that is not sealed or not there, and where the record cannot be kept: then
    the split is not handed over either.
    """
    if split not in table.manifest.splits:
        raise InputError(
            f"no split {split!r}; the table has {', '.join(table.manifest.splits)}", where=str(table.folder)
        )
    if split.lower() not in SEALED:
        raise InputError(
            f"the {split} split is not sealed; the sealed ones are {', '.join(sorted(SEALED))}",
            where=str(table.folder),
            fix=f"read it with table.split({split!r}); the record is for test splits alone",
        )
    return SealedSplit(table, split, (Path(record), *also), command)


def read_any(table: CorpusTable, split: str, record: Path, command: str) -> Reading:
    """Open any split for evaluation or prediction: a sealed one with a record, any other plainly.

    Both are used alike: `with read_any(...) as reading:`. Raises InputError as `open_sealed` and
    `CorpusTable.split` do.
    """
    return open_sealed(table, split, record, command) if split.lower() in SEALED else Reading(table, split)


@contextmanager
def _entries(record: Path) -> Iterator[list[dict[str, Any]]]:
    """The entries of a record, written back in one step when the block ends well. Raises InputError."""
    try:
        record.parent.mkdir(parents=True, exist_ok=True)
        with _alone(record.parent):
            entries = _read(record)
            yield entries
            write_json(record, entries)
    except OSError as error:
        raise InputError(
            f"the record of test readings cannot be kept: {error}",
            where=str(record),
            fix="the test split opens only where that can be written down: name a folder you may write",
        ) from error


def _read(record: Path) -> list[dict[str, Any]]:
    """The entries so far; none where there is no record yet. Raises InputError where it is damaged."""
    if not record.exists():
        return []
    try:
        entries = json.loads(record.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(
            f"the record is damaged: {error}",
            where=str(record),
            fix="repair or move it away; it is never overwritten",
        ) from error
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise InputError("expected a JSON list of objects", where=str(record))
    return entries


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep other processes out of a folder's record, so that two openings at once are both written down."""
    if sys.platform == "win32":  # pragma: no cover - no flock there; the single write is still atomic
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _in_words(error: BaseException) -> dict[str, str]:
    """An error as an outcome."""
    return {"error": f"{type(error).__name__}: {error}"}
