"""Two trainings, benchmarks or text encoders in one folder: the second is refused, the first undisturbed."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import crossgate.training.loop as loop
import crossgate.training.text.trainer as text_trainer
from checks._forked import at_call, begin, forked
from checks._trainings import Trainings
from crossgate.cli.main import main
from promise import Effort, Outcome

TESTS = Path(__file__).resolve().parents[2] / "tests"
sys.path.append(str(TESTS))

PROMISE = "of two trainings in one folder, also benchmarks and text encoders, the second is refused"
LIMIT = 300

TEXT = """
name: tiny
sources: {{tiny: {{path: table}}}}
encoder: {{base: {base}, rank: 2, alpha: 4, max_tokens: 40, turn_tokens: 24}}
optimizer: {{rounds: 3, batch_tokens: 256}}
select: [tiny]
"""


def check(effort: Effort) -> Outcome:
    """Stop a process in its folder, send another one there, and let the first go on."""
    outcome = Outcome()
    trainings = {by: Trainings(effort.work / by, folds=by == "folds") for by in ("validation", "folds")}
    for case in range(effort.cases(10)):
        for one in trainings.values():
            name = f"case-{case}"
            command = one.arguments(name, "--resume")
            wrong = _meet(command, loop, 1 + case % 6) or one.difference(name)
            _tell(outcome, f"train, step {1 + case % 6}", wrong)
    for name, module, command in _others(effort.work, trainings["validation"].work / "table"):
        for case in range(effort.cases(3)):
            out = effort.work / f"{name}-{case}"
            _tell(outcome, name, _meet([*command, "--out", str(out)], module, 1 + case))
            if (out / "lock").exists():
                outcome.broken(f"{name}: a lock is left")
            shutil.rmtree(out)
    return outcome


def _others(work: Path, table: Path) -> list[tuple[str, Any, list[str]]]:
    """The other commands, with the module in whose steps they are stopped."""
    from tiny_base import tiny_base
    from toy_benchmarks import YAML

    (work / "toy.yaml").write_text(YAML.replace("trials: 2", "trials: 0"), encoding="utf-8")
    (work / "text.yaml").write_text(TEXT.format(base=tiny_base(work / "base")), encoding="utf-8")
    text = ["encoder", "train-text", str(work / "text.yaml"), "--data", str(table.parent), "--resume"]
    return [
        ("benchmark", loop, ["benchmark", str(work / "toy.yaml")]),
        ("train-text", text_trainer, text),
    ]


def _meet(command: Sequence[str], module: Any, step: int) -> str:
    """Let two processes meet; what is wrong, or empty."""

    def stopped() -> int:
        at_call(module, "update_average", step, partial(os.kill, os.getpid(), signal.SIGSTOP))
        return main(command)

    first = begin(stopped)
    try:
        first.stopped()
        second = forked(partial(main, command))
    finally:
        os.kill(first.pid, signal.SIGCONT)
    ended = first.ended()
    if second.code != 2 or f"id {first.pid}) works in here" not in second.said:
        return f"the second ended with exit code {second.code}: {second.said[-300:]}"
    return f"the first ended with exit code {ended.code}: {ended.said[-300:]}" if ended.code else ""


def _tell(outcome: Outcome, what: str, wrong: str) -> None:
    if wrong:
        outcome.broken(f"{what}: {wrong}")
    else:
        outcome.met()
