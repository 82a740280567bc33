"""How time and memory grow: with turns, minutes, recordings and workers. Draws docs/scaling.png.

    python benchmarks/scaling.py                              # quarter of an hour on two cores
    python benchmarks/scaling.py --quick                      # the short end of each curve
    python benchmarks/scaling.py --json docs/results/scaling.json --figure docs/scaling.png

Every point is measured in a process of its own, so that the peak of memory is that point's. Lines are fitted
by least squares to seconds; where growth is not a line, the residual says so. What a thousand hours would
cost is worked out from the slopes by docs/scaling.md, not here.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
from matplotlib import pyplot as plt
from rich.console import Console
from rich.table import Table

import pipeline
from crossgate.cli.command import parser_of
from crossgate.files import write_json
from crossgate.sample import RECORDING, TRANSCRIPT

Point = dict[str, float]

TURNS = (10, 30, 100, 300, 1000, 2000)
MINUTES = (1.0, 2.0, 4.0, 8.0)
RECORDINGS = (2, 4, 8)
WORKERS = (1, 2)

REPEATS = 5
"""Times a conversation is read; the median counts."""


@dataclass(frozen=True)
class ScalingBenchmark:
    """Measure how time and memory grow with turns, minutes, recordings and workers."""

    positional: ClassVar[tuple[str, ...]] = ()

    quick: bool = False
    """The short end of each curve."""
    json: Path | None = None
    """File for the figures."""
    figure: Path | None = None
    """PNG for the curves."""
    point: str = ""
    """For the process of one point: what it measures, and how much of it, `minutes 2`."""

    def run(self) -> int:
        """Measure every point, print, draw; or be the process of one point."""
        if self.point:
            what, _, amount = self.point.partition(" ")
            print(json.dumps(POINTS[what](float(amount))))
            return 0
        some = slice(2) if self.quick else slice(None)
        console = Console(highlight=False)
        curves = {
            "turns": [measured("turns", n) for n in TURNS[some]],
            "minutes": [measured("minutes", n) for n in MINUTES[some]],
        }
        curves |= {f"recordings, workers: {n}": batches(n, RECORDINGS[some]) for n in WORKERS}
        for name, points in curves.items():
            show(console, name, points)
        machine = {
            "processor": platform.processor() or platform.machine(),
            "cores": os.cpu_count(),
            "load": os.getloadavg()[0],
            "python": platform.python_version(),
        }
        if self.json is not None:
            lines = {name: fitted(points) for name, points in curves.items()}
            write_json(self.json, {"machine": machine, "curves": curves, "lines": lines})
        if self.figure is not None:
            draw(curves, self.figure)
        return 0


def measured(what: str, amount: float) -> Point:
    """A point, from a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--point", f"{what} {amount}"], capture_output=True, text=True, check=True
    )
    point: Point = json.loads(done.stdout.splitlines()[-1])
    return point


def turns(amount: float) -> Point:
    """Reading a conversation of so many turns from features, by the default checkpoint."""
    import torch

    import memory
    from crossgate.models.checkpoint import load_checkpoint
    from crossgate.packaged import checkpoint_folder

    count = int(amount)
    checkpoint = load_checkpoint(checkpoint_folder("crossgate-meld"))
    network = checkpoint.network.eval()
    values = {m: torch.randn(1, count, len(s.mean)) for m, s in checkpoint.standardizers.items()}
    present = torch.ones(len(values), 1, count, dtype=torch.bool)
    speakers, there = torch.arange(count)[None] % 3, torch.ones(1, count, dtype=torch.bool)
    memory.settle()
    before = memory.resident()
    spent = []
    with torch.inference_mode():
        for _ in range(REPEATS + 1):  # the first is for what is loaded late
            start = time.perf_counter()
            network(values, present, speakers, there)
            spent.append(time.perf_counter() - start)
    return {
        "amount": count,
        "seconds": float(np.median(spent[1:])),
        "megabytes": (memory.peak() - before) / 1e6,
    }


def minutes(amount: float) -> Point:
    """Analysing a recording of so many minutes, its transcript given."""
    import crossgate
    from crossgate.pipeline.memory import give_back_what_is_freed

    give_back_what_is_freed()  # as the command does
    recording = pipeline.MEETING if pipeline.MEETING.is_file() else RECORDING
    transcript = recording.with_suffix(".vtt")
    with tempfile.TemporaryDirectory() as work:
        long, words = Path(work) / "long.mkv", Path(work) / "long.json"
        seconds = pipeline.repeat(recording, long, 60 * amount)
        pipeline.repeat_transcript(transcript, words, seconds, 60 * amount)
        model = crossgate.load("crossgate-meld")
        model.analyze(recording, transcript)
        figures = pipeline.measure(lambda: model.analyze(long, words))
    return {
        "amount": figures["recording, s"] / 60,
        "seconds": figures["seconds"],
        "processor": figures["CPU seconds / seconds of recording"] * figures["recording, s"],
        "megabytes": figures["peak memory, MB"],
        "utterances": figures["utterances"],
    }


def batches(workers: int, counts: tuple[int, ...]) -> list[Point]:
    """`crossgate analyze` of so many copies of the sample, start of the workers included."""
    points = []
    for count in counts:
        with tempfile.TemporaryDirectory() as work:
            for number in range(count):
                shutil.copyfile(RECORDING, Path(work) / f"{number}.mp4")
                shutil.copyfile(TRANSCRIPT, Path(work) / f"{number}.vtt")
            command = ["analyze", f"{work}/*.mp4", "--out", f"{work}/out", "--workers", str(workers)]
            start = time.perf_counter()
            subprocess.run([sys.executable, "-m", "crossgate", *command], capture_output=True, check=True)
            points.append({"amount": count, "seconds": time.perf_counter() - start})
    return points


POINTS = {"turns": turns, "minutes": minutes}


def fitted(points: list[Point]) -> dict[str, float]:
    """The line through seconds: intercept, slope, and the largest residual as a share of the value."""
    amounts, seconds = (np.array([point[name] for point in points]) for name in ("amount", "seconds"))
    slope, intercept = np.polyfit(amounts, seconds, 1)
    residual = np.abs(intercept + slope * amounts - seconds) / seconds
    return {"intercept": float(intercept), "slope": float(slope), "largest residual": float(residual.max())}


def show(console: Console, name: str, points: list[Point]) -> None:
    """Print a curve and its line."""
    table = Table(title=name, box=None)
    for column in points[0]:
        table.add_column(column, justify="right")
    for point in points:
        table.add_row(*(f"{value:.4g}" for value in point.values()))
    console.print(table)
    line = fitted(points)
    console.print(
        f"seconds = {line['intercept']:.3g} + {line['slope']:.3g} a {name.split(',')[0].rstrip('s')}, "
        f"residuals up to {100 * line['largest residual']:.0f} %\n"
    )


def draw(curves: dict[str, list[Point]], path: Path) -> None:
    """Seconds over turns, minutes and recordings, side by side."""
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(10, 3), layout="constrained")
    for axes, names, label in (
        (left, ["turns"], "turns of a conversation"),
        (middle, ["minutes"], "minutes of a recording"),
        (right, [name for name in curves if name.startswith("recordings")], "recordings"),
    ):
        for name in names:
            amounts = [point["amount"] for point in curves[name]]
            axes.plot(amounts, [point["seconds"] for point in curves[name]], "o-", label=name)
        axes.set(xlabel=label, ylabel="seconds")
        axes.set_xlim(left=0)
        axes.set_ylim(bottom=0)
    right.legend(frameon=False)
    figure.savefig(path, dpi=150)
    plt.close(figure)


if __name__ == "__main__":
    parser = parser_of(ScalingBenchmark)
    sys.exit(ScalingBenchmark(**vars(parser.instantiate(parser.parse_args()))).run())
