"""What befalls the process that decodes: `crossgate analyze` says so, ends, and leaves nothing half done."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from promise import Effort, Outcome

PROMISE = "a decoder that crashes, hangs or eats memory ends in words, and leaves no half results"
LIMIT = 300

ACTING = """
import ctypes, os, signal, sys, time
from pathlib import Path
from crossgate.cli.analyze import Analyze
from crossgate.cli.main import main
from crossgate.cli.progress import progress
from crossgate.files import new_folder
from crossgate.media.decoding.standard_input import spooled

def run(self):
    with progress() as step, spooled(), new_folder(Path(self.out)) as draft:
        step("looking at the faces", 0.4)
        (draft / "result.json").write_text("half")
        time.sleep({after})
        {does}
        time.sleep(60)

Analyze.run = run
sys.exit(main())
"""
"""The command, but for what it does: it has read its input and begun to write, and something befalls it."""

SILENT = "made no progress"

FATES = {
    "segmentation fault": ("ctypes.string_at(0)", "crashed (SIGSEGV)"),
    "abort": ("os.abort()", "crashed (SIGABRT)"),
    "arithmetic": ("os.kill(os.getpid(), signal.SIGFPE)", "crashed (SIGFPE)"),
    "illegal instruction": ("os.kill(os.getpid(), signal.SIGILL)", "crashed (SIGILL)"),
    "killed by the system": ("os.kill(os.getpid(), signal.SIGKILL)", "most likely for want of memory"),
    "memory at once": ("held = b'x' * (600 << 20)", "took more than 300 MB"),
    "memory, more and more": (
        "held = []\n        while True: held.append(b'x' * (1 << 20)); time.sleep(0.001)",
        "took more than 300 MB",
    ),
    "hangs idle": ("time.sleep(60)", SILENT),
    "hangs at work": ("while True: pass", SILENT),
    "hangs, deaf to all signals": (
        "signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65)); time.sleep(60)",
        SILENT,
    ),
    "a child of its own goes on": ("os.fork() or time.sleep(60); ctypes.string_at(0)", "crashed (SIGSEGV)"),
}
"""What happens -> how, and what has to be said of it."""


def check(effort: Effort) -> Outcome:
    """Let every fate befall it, at several moments."""
    outcome, random = Outcome(), np.random.default_rng(effort.seed)
    names = list(FATES)
    for case in range(effort.cases(4 * len(names))):
        name = names[case % len(names)]
        folder = effort.work / str(case)
        folder.mkdir()
        broken = befallen(folder, *FATES[name], after=float(random.uniform(0, 0.3)))
        if broken:
            outcome.broken(f"{name}: {broken}")
        else:
            outcome.met()
    return outcome


def befallen(folder: Path, does: str, said: str, after: float) -> str:
    """How the command breaks the promise when it happens; empty where it does not."""
    words = ["analyze", "-", "--out", str(folder / "out"), "--megabytes", "300"]
    words += ["--silent_minutes", "0.02" if said == SILENT else "5"]
    process = subprocess.Popen(
        [sys.executable, "-c", ACTING.format(does=does, after=after), *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(folder)},
        text=True,
        start_new_session=True,
    )
    try:
        _, errors = process.communicate("a recording", timeout=60)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 9)
        return "it did not end"
    left = [str(path.relative_to(folder)) for path in folder.rglob("*")]
    strays = [path.parent.name for path in Path("/proc").glob("[0-9]*/environ") if str(folder) in _text(path)]
    complaints = [
        process.returncode != 1 and f"exit code {process.returncode}",
        (said not in errors or "looking at the faces" not in errors) and f"it said {errors!r}",
        "Traceback" in errors and "a traceback",
        left and f"left behind: {left}",
        strays and f"processes that go on: {strays}",
    ]
    return ", ".join(str(complaint) for complaint in complaints if complaint)


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode(errors="replace")
    except OSError:  # gone, or another's
        return ""
