"""Time and memory of training: our `paper` preset against a plain SDT, in one run on the same tensors.

    python benchmarks/training.py                    # three epochs of 1038 conversations each
    python benchmarks/training.py --quick            # one epoch of 200
    python benchmarks/training.py --threads "[1, 2]" --json training.json

Both contestants have SDT's sizes (hidden 256, 8 heads, batches of 8), MELD's feature dimensions and random
conversations of MELD's lengths. Each runs in a fresh process with the same number of torch threads, warms up,
and then trains an epoch when it is its turn: they alternate, so that what else the machine does meets both.
CPU seconds count only the time a contestant was at work; trust them where the machine is shared.

Memory is the most a process held while training, less what it held after imports and data, before its model
was built: weights, gradients, optimizer, the weight average where there is one, activations, and what torch
and its libraries set aside for their work. The peak is reset before the model is built: imports do not count.

Targets are printed beside what was measured and never asserted: a timing is no test.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from rich.console import Console
from rich.table import Table
from torch import __version__ as torch_version

from contestants import BATCH_SIZE, Name, Task, as_json, conversation_lengths
from crossgate.cli.command import parser_of

TARGETS = {"seconds": 1 / 4, "memory": 1 / 2}
"""The most of SDT's time and memory we want to need."""

CHILD = Path(__file__).with_name("contestants.py")

TITLES: dict[Name, str] = {"crossgate": "paper preset", "sdt": "SDT"}

COMPARED = ("seconds", "fastest", "processor", "memory", "parameters")
"""Figures of which the table gives the ratio."""

MIB = 1024**2

Figures = dict[str, Any]


@dataclass(frozen=True)
class TrainingBenchmark:
    """Measure seconds an epoch and peak memory of our `paper` preset and of a plain SDT."""

    positional: ClassVar[tuple[str, ...]] = ()

    threads: tuple[int, ...] = (1,)
    """Torch threads of each contestant; with several numbers the race is run once for each."""
    epochs: int = 3
    """Timed epochs of each contestant."""
    conversations: int = 1038
    """Conversations in an epoch; MELD's train split has 1038."""
    warm_up: int = 10
    """Steps before the first timed epoch."""
    seed: int = 0
    """Of data, weights and order."""
    freeze_gates: bool = False
    """Keep SDT's nine branch gates at the identity, as its code does for MELD but not for IEMOCAP."""
    quick: bool = False
    """One epoch of 200 conversations."""
    json: Path | None = None
    """Write all figures to this file, too."""

    def run(self) -> int:
        """Race, print, write."""
        console = Console()
        epochs, conversations = (1, 200) if self.quick else (self.epochs, self.conversations)
        lengths = conversation_lengths(conversations, self.seed)
        machine = machine_figures()
        data = {
            "conversations": conversations,
            "utterances": sum(lengths),
            "length_mean": statistics.mean(lengths),
            "length_deviation": statistics.pstdev(lengths),
            "length_min": min(lengths),
            "length_max": max(lengths),
            "batch_size": BATCH_SIZE,
        }
        console.print("{processor}, {cores} cores, torch {torch}, Python {python}".format(**machine))
        console.print(
            "{conversations} conversations of {length_min} to {length_max} turns (mean {length_mean:.1f}, "
            "deviation {length_deviation:.1f}), batches of {batch_size}".format(**data)
        )
        races = []
        for threads in self.threads:
            tasks = [
                Task(name, threads, self.seed, conversations, self.warm_up, self.freeze_gates)
                for name in TITLES
            ]
            races.append(race(tasks, epochs))
            console.print(table_of(races[-1]))
        if self.json:
            report = {"machine": machine, "data": data, "targets": TARGETS, "races": races}
            self.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
        return 0


class Child:
    """A contestant in a process of its own, waiting for its turn."""

    def __init__(self, task: Task) -> None:
        # The environment's own thread counts would reach libraries before torch's setting does.
        environment = {**os.environ, "OMP_NUM_THREADS": str(task.threads)}
        self.task = task
        self.process = subprocess.Popen(
            [sys.executable, str(CHILD), as_json(task)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )

    def epoch(self) -> Figures:
        """Train one epoch and say how it went."""
        assert self.process.stdin is not None
        self.process.stdin.write("epoch\n")
        self.process.stdin.flush()
        return self.answer()

    def answer(self) -> Figures:
        """The next line of figures. Raises RuntimeError where the process ended instead."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(
                f"{TITLES[self.task.contestant]} ended with exit code {self.process.wait()} before its turn "
                "was over; its own message stands above"
            )
        figures: Figures = json.loads(line)
        return figures

    def end(self) -> None:
        """Let it end: there is nothing more to train."""
        for stream in (self.process.stdin, self.process.stdout):
            if stream:
                stream.close()
        self.process.wait()


def race(tasks: list[Task], epochs: int) -> Figures:
    """Epochs of all contestants in turn; figures of each and what the first needs of the second's."""
    children = [Child(task) for task in tasks]
    try:
        results = [{"contestant": child.task.contestant, **child.answer()} for child in children]
        for result in results:
            result |= {"epochs": [], "processor_epochs": [], "losses": []}
        for _ in range(epochs):
            for child, result in zip(children, results, strict=True):
                figures = child.epoch()
                result["epochs"].append(figures["seconds"])
                result["processor_epochs"].append(figures["processor"])
                result["losses"].append(figures["loss"])
                result["peak"] = figures["peak"]
    finally:
        for child in children:
            child.end()
    for result in results:
        result["seconds"] = statistics.median(result["epochs"])
        result["fastest"] = min(result["epochs"])
        result["processor"] = statistics.median(result["processor_epochs"])
        result["memory"] = result["peak"] - result["before"]
    ours, theirs = results
    ratios = {name: ours[name] / theirs[name] for name in COMPARED}
    return {
        "threads": tasks[0].threads,
        "freeze_gates": tasks[0].freeze_gates,
        "results": results,
        "ratios": ratios,
    }


def table_of(figures: Figures) -> Table:
    """One race as a table."""
    count = figures["threads"]
    gates = "frozen" if figures["freeze_gates"] else "trained"
    table = Table(
        title=f"{count} thread{'s' if count > 1 else ''}; SDT's branch gates {gates}", title_justify="left"
    )
    table.add_column("")
    for name in ("s/epoch", "fastest", "CPU s", "MiB", "parameters", "process MiB"):
        table.add_column(name, justify="right")
    for result in figures["results"]:
        table.add_row(
            TITLES[result["contestant"]],
            *(f"{result[name]:.2f}" for name in ("seconds", "fastest", "processor")),
            f"{result['memory'] / MIB:.0f}",
            f"{result['parameters']:,}",
            f"{result['peak'] / MIB:.0f}",
        )
    table.add_section()
    table.add_row("measured ratio", *(f"{figures['ratios'][name]:.2f}" for name in COMPARED))
    seconds, memory = (f"{TARGETS[name]:.2f}" for name in ("seconds", "memory"))
    table.add_row("target ratio", seconds, seconds, seconds, memory)
    if not all(result["peak_was_reset"] for result in figures["results"]):
        table.caption = "This system cannot reset the peak: memory may include imports."
    return table


def machine_figures() -> Figures:
    """What it ran on."""
    processor = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        models = [line for line in info.read_text(encoding="utf-8").splitlines() if "model name" in line]
        processor = models[0].partition(":")[2].strip() if models else processor
    return {
        "processor": processor,
        "cores": os.cpu_count(),
        "torch": str(torch_version),
        "python": platform.python_version(),
        "system": platform.platform(),
    }


if __name__ == "__main__":
    parser = parser_of(TrainingBenchmark)
    settings = parser.instantiate(parser.parse_args())
    sys.exit(TrainingBenchmark(**vars(settings)).run())
