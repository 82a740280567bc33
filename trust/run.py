"""Put every promise of docs/promises.md to the test and print a line each.

    python trust/run.py                          # all of it, under 40 minutes on two cores
    python trust/run.py --share 0.1              # a tenth of the cases and seconds
    python trust/run.py --only "[pickles]" --json trust.json

A check is a module of trust/checks with a PROMISE, a LIMIT of seconds, and `check(effort)`. Each runs in a
process of its own, so that none can take the others down; what is BESIDE runs beside all others from the
start. A check that crashes, or is not done at its limit, has broken its promise. The exit code is 1 where
one is broken.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from types import ModuleType
from typing import ClassVar

from rich.console import Console

from crossgate.cli.command import parser_of
from crossgate.files import write_json
from promise import Effort, Outcome

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Trust:
    """Put promises to the test."""

    positional: ClassVar[tuple[str, ...]] = ()

    only: tuple[str, ...] = ()
    """Names of checks; all of them where none is given."""
    at_once: int = 2
    """Checks at a time, beside those that run all along: some wait more than they compute."""
    share: float = 1.0
    """Of the cases and seconds of the whole."""
    seed: int = 0
    """Of everything that is drawn."""
    json: Path | None = None
    """Write the outcomes to this file, too."""
    inside: Path | None = None
    """For the process of one check: the folder it works in."""

    def run(self) -> int:
        """Run the checks, or be the process of one."""
        if self.inside is not None:
            return self._inside(self.inside)
        # Also a run that is told to end has to end its checks.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
        names = list(self.only) or names_of_checks()
        console, broken, rows = Console(width=200, highlight=False, markup=False), 0, {}
        beside = [name for name in names if getattr(module_of(name), "BESIDE", False)]
        others = sorted(set(names) - set(beside), key=lambda name: -module_of(name).LIMIT)  # the long first
        with tempfile.TemporaryDirectory(prefix="crossgate-trust-") as work, ExitStack() as ended:

            def begin(name: str) -> Child:
                child = Child(name, self, Path(work))
                ended.callback(child.end)  # none outlives the block
                return child

            waiting = [begin(name) for name in beside]
            while waiting or others:
                while others and sum(child.name not in beside for child in waiting) < self.at_once:
                    waiting.append(begin(others.pop(0)))
                child = next((child for child in waiting if child.over()), None)
                if child is None:
                    time.sleep(0.1)
                    continue
                waiting.remove(child)
                outcome = child.outcome()
                broken += bool(outcome.lost)
                rows[child.name] = {"promise": child.promise, "seconds": child.seconds} | asdict(outcome)
                console.print(line(child, outcome), soft_wrap=True)
        if self.json is not None:
            write_json(self.json, {"share": self.share, "seed": self.seed, "checks": rows})
        console.print(f"{len(rows)} promises, {broken} broken")
        return 1 if broken else 0

    def _inside(self, work: Path) -> int:
        outcome: Outcome = module_of(self.only[0]).check(Effort(work / "files", self.share, self.seed))
        write_json(work / "outcome.json", asdict(outcome))
        return 0


class Child:
    """The process of one check, with a folder that goes when all are done."""

    def __init__(self, name: str, asked: Trust, work: Path) -> None:
        module = module_of(name)
        self.name = name
        self.promise: str = module.PROMISE
        self.limit: float = module.LIMIT * max(1.0, asked.share)
        self.begun = time.monotonic()
        self.seconds = 0.0
        self.work = work / name
        (self.work / "files").mkdir(parents=True)
        arguments = ["--only", json.dumps([name]), "--share", str(asked.share), "--seed", str(asked.seed)]
        path = os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")])
        with (self.work / "said").open("wb") as said:
            self.process = subprocess.Popen(
                [sys.executable, __file__, *arguments, "--inside", str(self.work)],
                stdout=said,
                stderr=subprocess.STDOUT,
                env={**os.environ, "PYTHONPATH": path},
                start_new_session=True,
            )

    def over(self) -> bool:
        """Whether it has ended, or should have."""
        return self.process.poll() is not None or time.monotonic() - self.begun > self.limit

    def outcome(self) -> Outcome:
        """What came of it, now that it is over."""
        code = self.process.poll()
        self.seconds = time.monotonic() - self.begun
        self.end()
        if code == 0:
            return Outcome(**json.loads((self.work / "outcome.json").read_text(encoding="utf-8")))
        how = f"not done after {self.limit:.0f} s" if code is None else f"ended with exit code {code}"
        tail = (self.work / "said").read_text(encoding="utf-8", errors="replace")[-2000:]
        return Outcome(lost=[f"the check itself {how}: {tail}"])

    def end(self) -> None:
        """End whatever of it still runs, its own children too."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        self.process.wait()


def line(child: Child, outcome: Outcome) -> str:
    """What is printed of a check."""
    if outcome.skipped:
        return f"skipped  {child.name}: {child.promise} ({outcome.skipped})"
    tried = f"{outcome.tried} tried, {outcome.survived} survived, {len(outcome.lost)} lost"
    said = f"; {outcome.said}" if outcome.said else ""
    lost = "".join(f"\n         {each}" for each in outcome.lost[:20])
    kept = "BROKEN " if outcome.lost else "kept   "
    return f"{kept}  {child.name}: {child.promise}: {tried}, {child.seconds:.0f} s{said}{lost}"


def names_of_checks() -> list[str]:
    """All checks, in order of their names."""
    return sorted(path.stem for path in (HERE / "checks").glob("*.py") if not path.stem.startswith("_"))


def module_of(name: str) -> ModuleType:
    """The module of a check."""
    sys.path[:0] = [] if str(HERE) in sys.path else [str(HERE)]
    return importlib.import_module(f"checks.{name}")


if __name__ == "__main__":
    parser = parser_of(Trust)
    sys.exit(Trust(**vars(parser.instantiate(parser.parse_args()))).run())
