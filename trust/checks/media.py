"""Broken, lying and hostile recordings: each gives a result or words, soon, and touches nothing else."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from checks._media_cases import Case, cases
from checks._watched import Canaries
from crossgate.serving.work.process import WorkerProcess
from crossgate.serving.work.worker.analysing import recognizer_analysis
from crossgate.serving.work.worker.messages import Analyse
from crossgate.serving.work.workers import EndedError
from promise import Effort, Outcome

PROMISE = (
    "a broken or hostile recording gives a result or words, in bounded "
    "time and memory, and nothing else is read or written"
)
LIMIT = 1500

WHOLE = 300
COMMANDS = 10
"""So many of them go through the command itself."""

SECONDS = 60.0
"""Of computing, for each."""

PATIENCE = 600.0
"""Seconds by the clock, for each, on a machine that may be busy."""

MEGABYTES = 2500.0
"""Of the process that analyses, its model (about 800) included."""

SIBLINGS = ("talk.sub", "talk.m00", "talk.srt", "talk.vtt")

SETTINGS = {"detector": "haar"}
"""YuNet's file would be looked for on the network."""


def check(effort: Effort) -> Outcome:
    """Try every file, in two processes side by side."""
    outcome, came = Outcome(), Counter[str]()
    watched = effort.work / "watched"
    watched.mkdir()
    with Canaries(watched) as canaries:
        wanted = effort.cases(WHOLE, at_least=8)
        waiting: queue.SimpleQueue[tuple[int, Case]] = queue.SimpleQueue()
        for numbered in enumerate(cases(effort.work, watched, canaries.port, WHOLE, wanted, effort.seed)):
            waiting.put(numbered)
        canaries.touched()  # they were written
        every = max(1, wanted // max(1, effort.cases(COMMANDS)))

        def work() -> None:
            worker = Reader()
            while not waiting.empty():
                number, case = waiting.get()
                folder = effort.work / str(number)
                lay_out(case, folder, watched)
                by_command = number % every == 0
                how, broken = command(case, folder) if by_command else worker.read(case, folder)
                broken = ", ".join(filter(None, (broken, canaries.touched(), strangers(folder, case))))
                came[how] += 1
                if broken:
                    outcome.broken(f"{case.name}: {broken}")
                else:
                    outcome.met()
            worker.end()

        with ThreadPoolExecutor(2) as threads:
            for ended in [threads.submit(work) for _ in range(2)]:
                ended.result()
    outcome.said = ", ".join(f"{number} {how}" for how, number in sorted(came.items()))
    return outcome


TORCH = str(Path(tempfile.gettempdir()) / "crossgate-trust-torch")
"""Where torch makes a folder for its compiler as soon as transformers is imported: not in the watched one."""


class Reader:
    """A process that has its model and analyses one file after another, a new one where it dies."""

    def __init__(self) -> None:
        self._worker: WorkerProcess | None = None

    def read(self, case: Case, folder: Path) -> tuple[str, str]:
        """(what came of it, how that breaks the promise)."""
        largest = 0
        try:
            worker = self._ready()
            begun, used = time.monotonic(), self._computed()
            worker.send(errand(case, folder))
            while self._computed() - used < SECONDS and time.monotonic() - begun < PATIENCE:
                answer = worker.answer(0.1)
                largest = max(largest, worker.bytes_in_memory())
                if largest > 1e6 * MEGABYTES:
                    self.end()
                    return "too large", f"it took {largest / 1e6:.0f} MB"
                if answer is None or answer["answer"] == "step":
                    continue
                if answer["answer"] == "done":
                    json.loads((folder / "work" / "result" / "result.json").read_text(encoding="utf-8"))
                    return "results", ""
                if answer["answer"] == "refused" and answer["theirs"]:
                    return "refused", "" if answer["what"] else "it was refused without a word"
                self.end()
                return "failed", f"{answer['answer']}: {answer.get('trace', answer.get('what'))}"
        except EndedError as error:  # the command says so in words: see the check `crashes`
            self._worker = None
            return f"crash contained ({error})", "" if (error.exit_code or 0) < 0 else f"it ended: {error}"
        self.end()
        return "hung", f"no answer after {SECONDS:.0f} s of computing, or {PATIENCE:.0f} s by the clock"

    def _computed(self) -> float:
        """Seconds of computing that the process has used."""
        pid = self._worker and self._worker._process.pid
        try:
            words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            return 0.0
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")

    def _ready(self) -> WorkerProcess:
        if self._worker is None:
            self._worker = WorkerProcess(partial(recognizer_analysis, Path("crossgate-meld")))
            answer = self._worker.answer(LIMIT)
            assert answer == {"answer": "ready"}, answer
        return self._worker

    def end(self) -> None:
        """End the process."""
        if self._worker is not None:
            self._worker.kill()
            self._worker = None


def lay_out(case: Case, folder: Path, watched: Path) -> None:
    """A folder with the file of a case, and beside it what some formats look for under its name."""
    (folder / "work").mkdir(parents=True)
    (folder / case.file).write_bytes(case.content)
    for sibling in set(SIBLINGS) - {case.file}:
        (folder / sibling).symlink_to(watched / "film.mp4")


def errand(case: Case, folder: Path) -> Analyse:
    """Of a case."""
    path = folder / case.file
    return Analyse(
        folder=str(folder / "work"),
        source=str(path),
        transcript=None,
        settings=SETTINGS,
        longest=24 * 3600.0,
        names={},
        name=case.file,
        transcript_name=None,
    )


def command(case: Case, folder: Path) -> tuple[str, str]:
    """What `crossgate analyze` makes of a case: as `Reader.read`."""
    words = ["analyze", f"./{case.file}", "--out", "out", "--format", "csv", "--detector", "haar"]
    try:
        done = subprocess.run(
            [sys.executable, "-m", "crossgate", *words, "--megabytes", str(MEGABYTES)],
            cwd=folder,
            env={**os.environ, "TMPDIR": str(folder / "work"), "TORCHINDUCTOR_CACHE_DIR": TORCH},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "hung", f"no answer after {PATIENCE:.0f} s"
    there = {path.name for path in (folder / "out").iterdir()} if (folder / "out").exists() else set()
    if "Traceback" in done.stderr:
        return "failed", done.stderr[-1000:]
    if done.returncode == 0 and there == {"result.json", "turns.csv"}:
        return "results", ""
    if done.returncode == 2 and "crossgate: " in done.stderr and not there:
        return "refused", ""
    if done.returncode == 1 and "crashed" in done.stderr and not there:
        return "crash contained", ""
    return "failed", f"exit code {done.returncode}, files {there}: {done.stderr[-1000:]}"


def strangers(folder: Path, case: Case) -> str:
    """What was written besides the results, in words."""
    left = {str(path.relative_to(folder)) for path in folder.rglob("*")}
    left -= {
        *SIBLINGS,
        case.file,
        "out",
        "out/result.json",
        "out/turns.csv",
        "work",
        "work/result",
        "work/result/result.json",
    }
    return f"files were left: {sorted(left)[:5]}" if left else ""
