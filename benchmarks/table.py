"""Every target of speed beside what was measured, with the rival of each ratio: what `make bench` prints.

    python benchmarks/table.py                    # about ten minutes on two cores
    python benchmarks/table.py --quick            # shortly, and less sure
    python benchmarks/table.py --json docs/results/speed.json

Runs the other benchmarks one after the other, each in a process of its own. They say what they measure and
how; targets are printed and never asserted: a timing is no test.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from rich.console import Console
from rich.table import Table

from crossgate.cli.command import parser_of
from crossgate.files import write_json
from training import machine_figures

HERE = Path(__file__).resolve().parent

Figures = dict[str, dict[str, Any]]

QUICK = {"training": ["--quick"], "inference": ["--quick"], "pipeline": ["--minutes", "1"], "batch": []}


@dataclass(frozen=True)
class Row:
    """One target.

    Attributes:
        what: is measured.
        aim: in words.
        measured: in words.
        reached: whether it is.
        rival: of a ratio, or empty.
    """

    what: str
    aim: str
    measured: str
    reached: bool
    rival: str = ""


@dataclass(frozen=True)
class AllBenchmarks:
    """Print every target of speed beside what was measured."""

    positional: ClassVar[tuple[str, ...]] = ()

    quick: bool = False
    """Shorter runs."""
    json: Path | None = None
    """File for all figures."""

    def run(self) -> int:
        """Measure and print."""
        figures: Figures = {}
        with tempfile.TemporaryDirectory() as work:
            for name in QUICK:
                target = Path(work) / f"{name}.json"
                command = [sys.executable, str(HERE / f"{name}.py"), "--json", str(target)]
                subprocess.run([*command, *(QUICK[name] if self.quick else [])], check=True)
                figures[name] = json.loads(target.read_text(encoding="utf-8"))
        machine = machine_figures()
        table = Table("what", "to reach", "measured", "", "rival", box=None)
        for row in rows(figures):
            table.add_row(row.what, row.aim, row.measured, "reached" if row.reached else "MISSED", row.rival)
        console = Console(highlight=False)
        console.print(
            "\n{processor}, {cores} cores, torch {torch}, Python {python}".format(**machine)
            + f", load {os.getloadavg()[0]:.1f}"
        )
        console.print(table)
        if self.json is not None:
            write_json(self.json, {"machine": machine, "figures": figures})
        return 0


def rows(figures: Figures) -> Iterator[Row]:
    """The targets, from the other benchmarks' figures."""
    training, inference = figures["training"]["races"][0]["ratios"], figures["inference"]
    sdt = "a plain SDT of the same sizes"
    faster = 1 / training["processor"]
    yield Row("training, `paper` preset", "4 x faster", f"{faster:.1f} x (CPU s)", faster >= 4, sdt)
    memory = training["memory"]
    yield Row("memory of it", "half", f"{memory:.2f}", memory <= 0.5, sdt)
    yield from _milliseconds(inference["milliseconds"])
    factor = figures["pipeline"]["real-time factor"]
    yield Row(
        "recording to result, 360p, transcript",
        "0.08 of real time",
        f"{factor:.3f}",
        factor <= 0.08,
        f"{figures['pipeline']['analysis / plain decoding']:.0f} x PyAV decoding all of it",
    )
    crops = max(inference["faces"].values())
    yield Row("face network, crops a second a core", "400", f"{crops:.0f}", crops >= 400)
    corpus = inference["corpus"]
    said = f"{corpus['gigabytes']:.2f} GB, {corpus['seconds']:.1f} s"
    reached = corpus["gigabytes"] < 1.5 and corpus["seconds"] < 10
    yield Row("10,000 utterances of features", "1.5 GB, 10 s", said, reached)
    yield from _workers(figures["batch"])


def _milliseconds(taken: dict[str, dict[str, float]]) -> Iterator[Row]:
    fusions = {name: one["wall"] for name, one in taken.items() if name.startswith("fusion of 100")}
    quickest = fusions["fusion of 100 turns, PyTorch"]  # what the package runs
    yield Row("fusion of 100 turns from features", "15 ms", f"{quickest:.1f} ms", quickest <= 15)
    turns = [one["wall"] for name, one in taken.items() if name.startswith("live turn from features")]
    anew = [one["wall"] for name, one in taken.items() if "read anew" in name][-1]
    yield Row(
        "live turn from features, turns 10, 100, 1,000",
        "4 ms, flat",
        ", ".join(f"{one:.1f}" for one in turns) + " ms",
        max(turns) <= 4,
        f"{anew / turns[-1]:.0f} x quicker than reading all anew at the last",
    )


def _workers(rates: dict[str, list[float]]) -> Iterator[Row]:
    """Of recordings a second between the first that ended and the last."""
    one, two, ray = (
        rates[name][1] for name in ("one local worker", "two local workers", "two workers on Ray")
    )
    yield Row("two local workers on eight recordings", "1.8 x", f"{two / one:.2f} x", two >= 1.8 * one, "one")
    yield Row("Ray on two workers", "0.85 x", f"{ray / two:.2f} x", ray >= 0.85 * two, "two local workers")


if __name__ == "__main__":
    parser = parser_of(AllBenchmarks)
    sys.exit(AllBenchmarks(**vars(parser.instantiate(parser.parse_args()))).run())
