"""Fuzzes targets, each in processes of its own, as many at a time as there are processors to spare."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from checks._fuzz.targets import WHOLE, plans
from promise import Effort, Outcome

AT_ONCE = 2
"""Processes."""

STANDS_STILL = 60.0
"""Seconds in which a process must have begun another case; a case has 2 of the processor's time."""

TMPFS = Path("/dev/shm")
"""Files of a case are written and read again hundreds of times a second: in memory where there is a place."""


@dataclass
class Told:
    """What came of one process."""

    tried: int = 0
    read: int = 0
    added: float = 0.0
    slowest: float = 0.0
    faults: list[str] = field(default_factory=list)


def fuzz(effort: Effort, names: tuple[str, ...]) -> Outcome:
    """Fuzz some of the targets; `said` has the cases of each, those that were read, and the highest figures."""
    guided = find_spec("atheris") is not None
    jobs: list[tuple[str, str, int]] = []
    for name in names:
        plan = plans()[name]
        jobs.append((name, "mutated", min(effort.cases(plan.mutated, 20), max(WHOLE, plan.mutated))))
        if plan.structured:
            jobs.append((name, "structured", effort.cases(plan.structured, 20)))
        if guided and plan.guided:
            jobs.append((name, "guided", effort.cases(int(plan.guided), 2)))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        told = list(pool.map(lambda job: _run(effort, *job), jobs))
    outcome = Outcome()
    sums: dict[str, list[Told]] = {}
    for (name, how, _), one in zip(jobs, told, strict=True):
        sums.setdefault(name, []).append(one)
        outcome.tried += one.tried
        outcome.survived += one.tried - len(one.faults)
        outcome.lost += [f"{name}, {how}: {fault}" for fault in one.faults]
    each = "; ".join(
        f"{name} {sum(one.tried for one in found):,} ({sum(one.read for one in found):,} read)"
        for name, found in sums.items()
    )
    outcome.said = (
        f"{each}; the slowest case {max(one.slowest for one in told):.2f} s, "
        f"at most {max(one.added for one in told):.0f} MB added"
        + ("" if guided else "; not by coverage: atheris is not installed")
    )
    return outcome


def _run(effort: Effort, name: str, how: str, amount: int) -> Told:
    """One process, watched."""
    folder = Path(tempfile.mkdtemp(prefix="crossgate-fuzz-", dir=TMPFS if TMPFS.is_dir() else effort.work))
    limits = ["--seconds" if how == "guided" else "--cases", str(amount), "--seed", str(effort.seed)]
    with (folder / "said").open("wb") as said:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "checks._fuzz.child",
                name,
                "--how",
                how,
                *limits,
                "--folder",
                str(folder),
            ],
            stdout=said,
            stderr=subprocess.STDOUT,
        )
    try:
        fault = _watch(process, folder, amount if how == "guided" else None)
        told = Told(faults=[fault] if fault else [])
        if (folder / "counts").exists():
            counts = json.loads((folder / "counts").read_text(encoding="utf-8"))
            told.tried, told.read = counts["read"] + counts["refused"] + counts["fault"], counts["read"]
            told.added, told.slowest = counts["added"], counts["slowest"]
        if (folder / "faults").exists():
            lines = (folder / "faults").read_text(encoding="utf-8").splitlines()
            told.faults += [json.loads(line) for line in lines]
        return told
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _watch(process: subprocess.Popen[bytes], folder: Path, seconds: int | None) -> str:
    """Wait for the end; what went wrong with the process itself, or an empty text."""
    last, since = -1, time.monotonic()
    while process.poll() is None:
        time.sleep(0.1)
        number = _under_way(folder)[0]
        if number != last:
            last, since = number, time.monotonic()
        elif time.monotonic() - since > (STANDS_STILL if number else 5 * STANDS_STILL):  # imports come first
            process.send_signal(signal.SIGABRT)  # faulthandler says where it stands
            process.wait(10)
            return f"stands still: {_last_words(folder)}"
    if process.returncode == 0 and (last > 0 or _under_way(folder)[0]):
        return ""
    return f"the process ended with {process.returncode}: {_last_words(folder)}"


def _under_way(folder: Path) -> tuple[int, bytes]:
    """Number and bytes of the case that is tried."""
    try:
        content = (folder / "under-way").read_bytes()
    except OSError:
        return 0, b""
    size = int.from_bytes(content[8:16], "little")
    return int.from_bytes(content[:8], "little"), content[16 : 16 + size]


def _last_words(folder: Path) -> str:
    number, case = _under_way(folder)
    said = (folder / "said").read_text(encoding="utf-8", errors="replace")[-700:]
    return f"in case {number}, {case[:300]!r}; {said}"
