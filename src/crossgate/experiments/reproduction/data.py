"""The tables of a reproduction: the pickle, imported and audited, and the copy that the habit needs."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from crossgate.corpora.audit import audit
from crossgate.corpora.community import import_community
from crossgate.corpora.flat import FlatSplit
from crossgate.corpora.manifest import sha256_of
from crossgate.corpora.table import CorpusTable, open_table, write_table
from crossgate.errors import InputError
from crossgate.evaluation.sealed import RECORD_FILE, open_sealed
from crossgate.experiments.benchmark.settings import LEGACY
from crossgate.files import write_json
from crossgate.locking import LOCK_FILE

TABLE_FOLDER = "table"
AUDIT_FILE = "audit.json"
LEGACY_FOLDER = LEGACY
"""The table whose validation split is the test split."""


def imported(corpus: str, source: Path | None, folder: Path) -> CorpusTable:
    """The pickle as a table in `folder/table`: written, or found there from an earlier time.

    `source` is None where nothing is to be made, for a report. Raises InputError where the pickle is none of
    `corpus`, where the table there is of another pickle or corpus, and whatever `import_community` refuses.
    """
    target = folder / TABLE_FOLDER
    if source is not None and not source.is_file():
        raise InputError("no such file", where=str(source), fix="name the feature pickle")
    if source is not None and not target.is_dir():
        return import_community(source, target, corpus=corpus)
    table = open_table(target)
    other = None
    if table.manifest.name != f"{corpus}-community":
        other = f"the table there is of {table.manifest.name}, not of {corpus}"
    elif source is not None and not table.manifest.source.endswith(sha256_of(source)):
        other = f"the table there was made from another pickle than {source} ({table.manifest.source})"
    if other:
        raise InputError(other, where=str(target), fix="name another --out")
    return table


def refuse_strange(folder: Path, report_only: bool) -> None:
    """Raise InputError where a folder holds something that is no reproduction, or nothing to report."""
    if (folder / TABLE_FOLDER).is_dir():
        return
    if report_only:
        raise InputError("no reproduction here, so there is nothing to report", where=str(folder))
    if not folder.exists():
        return
    # What a reproduction leaves that was killed before its table stood.
    own = {LOCK_FILE, *(draft.name for draft in folder.glob(f".{TABLE_FOLDER}.*.tmp"))}
    if not folder.is_dir() or {one.name for one in folder.iterdir()} - own:
        raise InputError("exists already and is no reproduction", where=str(folder), fix="name another --out")


def audited(source: Path | None, folder: Path) -> dict[str, Any]:
    """The audit of the pickle, as JSON values; made once and kept in `audit.json`.

    Of the pickle and not of the table: the table has its gaps closed and its shared dialogues taken out.
    """
    path = folder / AUDIT_FILE
    if not path.is_file():
        if source is None:
            raise InputError("the reproduction here has not come as far as its audit", where=str(folder))
        write_json(path, audit(source).to_json())
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def labelled_in_test(found: dict[str, Any]) -> int:
    """How many utterances of the test split have a label, by the audit, which counts them."""
    return sum(sum(split["emotions"].values()) for split in found["splits"] if split["name"] == "test")


def legacy_table(table: CorpusTable, folder: Path, command: str) -> CorpusTable:
    """The table with its test split copied into the place of the validation split: written, or found there.

    Its train split is the table's. The test split is opened through its seal, with a record in `folder`.
    Raises InputError where what is there was made from another table.
    """
    target = folder / LEGACY_FOLDER
    hashes = {name: split.sha256 for name, split in table.manifest.splits.items()}
    note = (
        f"{LEGACY}: the split called validation here is the TEST split of {table.manifest.name} "
        f"(SHA-256 {hashes['test'][:12]}, train {hashes['train'][:12]}). What is chosen on it is chosen on "
        "test data; it is there to measure what that habit adds, and for nothing else"
    )
    if target.is_dir():
        found = open_table(target)
        if found.manifest.notes[:1] != (note,):
            raise InputError(
                "the table there was made from another table", where=str(target), fix="name another --out"
            )
        return found
    train = FlatSplit.of(table.split("train")).to_arrow()
    manifest = replace(
        table.manifest,
        name=f"{table.manifest.name}-{LEGACY}",
        splits={},
        notes=(note, *table.manifest.notes),
    )
    with open_sealed(table, "test", folder / RECORD_FILE, command) as reading:
        tested = FlatSplit.of(reading.split).to_arrow()
        written = write_table(target, manifest, {"train": train, "validation": tested})
        reading.outcome = {"protocol": LEGACY, "copied_to": f"{LEGACY_FOLDER}/validation.parquet"}
    return written
