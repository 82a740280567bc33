"""A full disk ends a command in words; what was there is there, and with room again the end is the same."""

from __future__ import annotations

import random
import resource
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

from checks._forked import Ended, files_of, forked
from checks._trainings import Trainings
from crossgate.cli.main import main
from crossgate.report.writing import write_result
from promise import Effort, Outcome

sys.path.append(str(Path(__file__).resolve().parents[2] / "tests" / "report"))

PROMISE = "a full disk ends a command in words and loses nothing; with room again the end is the same"
LIMIT = 400

FORMATS = ("csv", "vtt", "srt", "rttm", "eaf", "textgrid", "parquet", "html")


def check(effort: Effort) -> Outcome:
    """Let trainings and results run into limits of file sizes and, where one may mount, into a full disk."""
    outcome, drawn = Outcome(), random.Random(effort.seed)
    trainings = Trainings(effort.work / "trainings")
    largest = 2 * max(path.stat().st_size for path in (trainings.work / "whole").rglob("*") if path.is_file())
    for case in range(effort.cases(25, 3)):
        name = f"limit-{case}"
        limit = int(largest ** drawn.uniform(0.2, 1.1))
        ended = trainings.train(name, wound=partial(_limit, limit))
        _judge(outcome, trainings, name, ended, f"files of {limit} bytes at most")
    whole = partial(_written, effort.work / "whole-result")
    if forked(whole).code:
        raise RuntimeError("a result cannot be written at all")
    sizes = sorted(path.stat().st_size for path in (effort.work / "whole-result").iterdir())
    for case in range(effort.cases(25, 3)):
        limit = drawn.choice(sizes) - 1 - drawn.randrange(50)
        _result(outcome, effort.work / f"result-{case}", partial(_limit, limit), f"files of {limit} bytes")
    outcome.said = _mounted(outcome, trainings, effort, drawn)
    return outcome


def _limit(size: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def _judge(outcome: Outcome, trainings: Trainings, name: str, ended: Ended, how: str) -> None:
    """Whether a training ended in words, and goes on to the same end when there is room."""
    if ended.code not in (0, 1) or "Traceback" in ended.said:
        outcome.broken(f"{how}: exit code {ended.code}, {ended.said[-700:]}")
        return
    if ended.code and "cannot be written" not in ended.said:
        outcome.broken(f"{how}: it is not said what is wrong: {ended.said[-500:]}")
        return
    again = trainings.train(name, "--resume")
    wrong = again.said[-500:] if again.code else trainings.difference(name)
    if wrong:
        outcome.broken(f"{how}, then room: {wrong}")
    else:
        outcome.met()


def _result(outcome: Outcome, folder: Path, wound: Any, how: str) -> None:
    """Whether a result that finds no room is not there, and is there whole when it finds some."""
    folder.mkdir()
    (folder / "mine.txt").write_text("mine", encoding="utf-8")

    def refused() -> int:
        wound()
        return _written(folder / "result")

    ended = forked(refused)
    left = sorted(path.name for path in folder.iterdir())
    if ended.code not in (0, 1) or "Traceback" in ended.said:
        outcome.broken(f"a result, {how}: exit code {ended.code}, {ended.said[-500:]}")
    elif left != ["mine.txt", *(["result"] if ended.code == 0 else [])]:
        outcome.broken(f"a result, {how}: {left} are there, exit code {ended.code}")
    elif ended.code and forked(partial(_written, folder / "result")).code:
        outcome.broken(f"a result, {how}: it is not written when there is room")
    else:
        outcome.met()


def _written(folder: Path) -> int:
    """Write a result as a command does that ends in words."""
    from toy_results import toy_result

    import crossgate.cli.main as front

    class Write:
        def run(self) -> int:
            write_result(toy_result(turns=30), folder, FORMATS)
            return 0

    front._run = lambda *_: Write().run()  # type: ignore[assignment]
    return main([])


def _mounted(outcome: Outcome, trainings: Trainings, effort: Effort, drawn: random.Random) -> str:
    """Trainings on a small disk of their own that grows afterwards; returns what to say of it."""
    disk = trainings.work / "disk"
    disk.mkdir()
    begun = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)], check=False, capture_output=True
    )
    if begun.returncode:
        return "limits of file sizes alone, since no disk may be mounted here"
    try:
        for case in range(effort.cases(15, 2)):
            pages = drawn.randint(1, 60)
            _size(disk, pages)
            ended = trainings.train(f"disk/{case}")
            _size(disk, 100_000)
            _judge(outcome, trainings, f"disk/{case}", ended, f"a disk of {4 * pages} KiB")
            if files_of(disk):
                subprocess.run(["find", str(disk), "-mindepth", "1", "-delete"], check=True)
    finally:
        subprocess.run(["umount", str(disk)], check=True)
    return "also on a disk of a few KiB that grew afterwards"


def _size(disk: Path, pages: int) -> None:
    subprocess.run(["mount", "-o", f"remount,size={4 * pages}k", str(disk)], check=True)
