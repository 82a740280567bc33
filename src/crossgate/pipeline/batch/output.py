"""The folder of a batch: a result a recording, one data set of all utterances, and nothing half written."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crossgate.errors import InputError
from crossgate.locking import LOCK_FILE
from crossgate.pipeline.batch.manifest import Entry
from crossgate.pipeline.batch.places import Folder
from crossgate.pipeline.batch.recordings import Recording

if TYPE_CHECKING:
    from crossgate.report.result import Result

BATCH_FILE = "batch.json"
"""What the batch is of: settings, model, versions."""

RESULTS = "results"
UTTERANCES = "utterances"

ENTRY_FILE = "recording.json"
"""In a result's folder, written last: the recording's line of the manifest. A folder without it is half."""

DRAFTS = ".*.tmp"
"""Names of what was being written when its writer was killed."""


@dataclass(frozen=True)
class Written:
    """How results are written.

    Attributes:
        out: path or URL of the batch's folder.
        settings: hash of the batch's settings.
        formats: of a result, besides JSON.
        embed: whether the page holds the recording.
    """

    out: str
    settings: str
    formats: Sequence[str]
    embed: bool


def begin(out: Folder, settings: Mapping[str, Any]) -> None:
    """Say what the folder is of, or see that it is of the same; remove what a killed one left half written.

    Raises InputError where it holds something else, or a batch with other settings.
    """
    content = out.read(BATCH_FILE)
    if content is None:
        refuse_strange(out)
        out.write(BATCH_FILE, (json.dumps(settings, indent=2, ensure_ascii=False) + "\n").encode())
    elif (before := json.loads(content)) != json.loads(json.dumps(settings)):
        other = [name for name in settings if before.get(name) != json.loads(json.dumps(settings[name]))]
        raise InputError(
            f"a batch was begun here with another {', '.join(other) or 'layout'}",
            where=out.root,
            fix="give the same settings, or name another folder: results of two kinds are not mixed",
        )
    if out.local is not None:
        for inner in (RESULTS, UTTERANCES):
            for path in (out.local / inner).rglob(DRAFTS):
                out.remove(str(path.relative_to(out.local)))


def refuse_strange(out: Folder) -> None:
    """Raise InputError where the folder holds anything that is no batch's."""
    if out.read(BATCH_FILE) is not None or out.empty:
        return
    if out.local is not None and out.local.is_dir() and [p.name for p in out.local.iterdir()] == [LOCK_FILE]:
        return
    raise InputError(
        "exists already and is no batch's", where=out.root, fix="name another folder, or remove it"
    )


def folder_of(name: str) -> str:
    """Where a recording's result lies, below the batch's folder."""
    return f"{RESULTS}/{name}"


def shard_of(name: str) -> str:
    """Where a recording's utterances lie, below the batch's folder: one file of one of 256 parts."""
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{UTTERANCES}/shard=h{digest[:2]}/{digest[:32]}.parquet"


def whole_one(out: Folder, recording: Recording, settings: str) -> Entry | None:
    """What is written of this very recording already; None where it is missing, older or half."""
    content = out.read(f"{folder_of(recording.name)}/{ENTRY_FILE}")
    if content is None or not out.holds(shard_of(recording.name)):
        return None
    try:
        entry = Entry.from_json(json.loads(content))
    except (ValueError, TypeError):
        return None
    return entry if entry.is_of(recording, settings) else None


def write_result(how: Written, result: Result, entry: Entry, recording: Path) -> None:
    """Write one result, in the place of an older one: whole as soon as its `recording.json` is there.

    Args:
        how: where and what.
        result: of the analysis.
        entry: of the manifest.
        recording: the file that was analysed, for the page.
    """
    out, name = Folder(how.out), folder_of(entry.recording)
    out.remove(f"{name}/{ENTRY_FILE}")
    # A page finds its recording where both keep their places: not in a store, and not a copy that goes.
    playable = how.embed or (out.local is not None and str(recording) == entry.source)
    media = recording if playable and result.media.kind != "text" else None
    with tempfile.TemporaryDirectory() as scratch:
        table = Path(scratch) / "utterances.parquet"
        _write_table(result, entry, table)
        out.put(table, shard_of(entry.recording))
        out.remove(name)
        if out.local is not None:
            result.write(out.local / name, how.formats, media=media, embed=how.embed)
        else:
            for path in result.write(Path(scratch) / "result", how.formats, media=media, embed=how.embed):
                out.put(path, f"{name}/{path.name}")
    out.write(f"{name}/{ENTRY_FILE}", (json.dumps(entry.to_json(), indent=2) + "\n").encode())


def remove(out: Folder, name: str) -> None:
    """Remove all that is written of a recording, of an older state of its file."""
    out.remove(shard_of(name))
    out.remove(folder_of(name))


def written_names(out: Folder) -> set[str]:
    """The names below the folder of everything that `whole_one` asks for."""
    return {*(n for n in out.files(RESULTS) if n.endswith(f"/{ENTRY_FILE}")), *out.files(UTTERANCES)}


def _write_table(result: Result, entry: Entry, path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from crossgate.report.exports.parquet_table import table_of

    table = table_of(result)
    name = pa.array([_text(entry.recording)] * len(table), type=pa.string())
    pq.write_table(table.add_column(0, "recording", name), path)


def _text(name: str) -> str:
    """A name as UTF-8 has it: half a surrogate pair, as names of files may have on Linux, becomes a `?`."""
    return name.encode("utf-8", "replace").decode("utf-8")
