"""`packed.json`: where a packed checkpoint comes from and what was measured of it, for programs."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from crossgate.corpora.table import Split
from crossgate.errors import InputError
from crossgate.evaluation.run_folder import RUN_FILE

PACKED_FILE = "packed.json"
FORMAT = "crossgate-packed"
FORMAT_VERSION = 1


def read_finished_run(folder: Path) -> dict[str, Any]:
    """The record of a finished run. Raises InputError where there is none, or the run is not finished."""
    path = folder / RUN_FILE
    if not path.is_file():
        raise InputError(
            "no run here, so nobody can say where the checkpoint comes from",
            where=str(folder),
            fix=f"name a folder `crossgate train` wrote to; it holds {RUN_FILE}",
        )
    record = _object(path)
    if record.get("status") != "finished":
        raise InputError(
            "the run is not finished", where=str(folder), fix="go on with `crossgate train ... --resume`"
        )
    return record


def read_packed(folder: Path) -> dict[str, Any]:
    """The record of a packed checkpoint; empty where it was not packed. Raises InputError where damaged."""
    path = folder / PACKED_FILE
    return _object(path) if path.is_file() else {}


def origin_of(record: dict[str, Any], run: Path) -> dict[str, Any]:
    """What a packed checkpoint keeps of its run: all that made it, nothing of the machine it was made on.

    Args:
        record: the run's `run.json`.
        run: its folder; `seeds.json` beside it tells of the other seeds.
    """
    seeds = run.parent / "seeds.json"
    manifest = record.get("manifest", {})
    return {
        **{
            name: record.get(name)
            for name in ("command", "crossgate", "versions", "seed", "data", "experiment", "outcome")
        },
        "python": record.get("machine", {}).get("python"),
        "finished": record.get("finished"),
        "corpus": {name: manifest.get(name) for name in ("name", "licence", "source", "notes")},
        "seeds": _object(seeds) if seeds.is_file() else None,
    }


def digest_of(split: Split) -> str:
    """SHA-256 of what is said by whom, whatever features stand beside it: knows a split in any table."""
    digest = hashlib.sha256()
    for conversation in split.conversations:
        for utterance in conversation.utterances:
            row = [conversation.id, utterance.id, utterance.speaker, utterance.text, utterance.emotion]
            digest.update(json.dumps(row).encode())
    return digest.hexdigest()


def _object(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"not JSON: {error}", where=str(path)) from error
    if not isinstance(content, dict):
        raise InputError(f"expected an object, got {type(content).__name__}", where=str(path))
    return content
