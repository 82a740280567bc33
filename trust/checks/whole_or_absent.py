"""Whatever is being written when a process is killed is whole afterwards, or not there."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from checks._forked import changes_of, die_at_change, files_of, forked
from crossgate.files import write_json
from crossgate.models.checkpoint import load_checkpoint
from crossgate.report.writing import export, write_result
from promise import Effort, Outcome

TESTS = Path(__file__).resolve().parents[2] / "tests"
sys.path += [str(TESTS), str(TESTS / "report")]

PROMISE = "what is being written when its process is killed is whole or not there, and can be written then"
LIMIT = 300

FORMATS = ("csv", "vtt", "srt", "rttm", "eaf", "textgrid", "parquet", "html")

DATE = re.compile(rb' DATE="[^"]*"')
"""Of an EAF file: when it was written."""

Write = Callable[[Path], Any]


def check(effort: Effort) -> Outcome:
    """Kill every writer before each of its changes of the disk in turn, then let it write."""
    outcome, changes = Outcome(), 0
    for name, write in _writers(effort.work).items():
        whole = effort.work / "whole" / name
        whole.parent.mkdir(exist_ok=True)
        _before(whole, name)
        count = changes_of(lambda write=write, whole=whole: _done(write, whole))  # type: ignore[misc]
        changes += count
        wanted = _content(whole)
        for number in range(1, count + 1, max(1, round(1 / effort.share))):
            place = effort.work / name / str(number) / "out"
            place.parent.mkdir(parents=True)
            old = _before(place, name)
            ended = forked(partial(_killed, write, place, number))
            found = _content(place)
            if not ended.killed:
                outcome.broken(f"{name}, change {number} of {count}: it was not killed: {ended.said[-300:]}")
            elif found not in (old, wanted):
                outcome.broken(f"{name}, before change {number} of {count}: it is half there")
            elif found == old and (again := forked(partial(_done, write, place))).code:
                outcome.broken(f"{name}, change {number} of {count}: not written after: {again.said[-300:]}")
            elif _content(place) != wanted:
                outcome.broken(f"{name}, change {number} of {count}: it is another one when written after")
            else:
                outcome.met()
    outcome.said = f"{changes} changes of the disk in all"
    return outcome


def _writers(work: Path) -> dict[str, Write]:
    """What writes: results, their exports, checkpoints with their text encoder, files that are replaced."""
    from toy_results import toy_result

    from toy_checkpoints import toy_checkpoint

    result = toy_result(turns=8)
    write_result(result, work / "made" / "result", ())
    checkpoint = toy_checkpoint(work / "made")
    checkpoint.save(work / "made" / "checkpoint")
    loaded = load_checkpoint(work / "made" / "checkpoint")
    return {
        "result": lambda path: write_result(result, path, FORMATS),
        "export": lambda path: export(work / "made" / "result", ("csv", "eaf"), path),
        "checkpoint": loaded.save,
        "half": lambda path: loaded.save(path, half=True),
        "replaced": lambda path: write_json(path, {"content": "new"}),
    }


def _before(place: Path, name: str) -> Any:
    """What is there before: an old file, where one is replaced."""
    if name == "replaced":
        place.write_text("old", encoding="utf-8")
    return _content(place)


def _content(place: Path) -> Any:
    if place.is_dir():
        return {name: DATE.sub(b"", content) for name, content in files_of(place).items()}
    return place.read_bytes() if place.exists() else None


def _killed(write: Write, place: Path, number: int) -> int:
    die_at_change(number)
    return _done(write, place)


def _done(write: Write, place: Path) -> int:
    write(place)
    return 0
