"""Many recordings: what is left after `kill -9`; two workers beside one, and Ray beside both.

    .venv/bin/python benchmarks/batch.py --proof --engine local
    .venv/bin/python benchmarks/batch.py --proof --engine ray
    .venv/bin/python benchmarks/batch.py

The proof analyses 40 recordings cut from the sample, three of them broken, kills the command twice in the
middle, gives it again, and counts. The other one analyses eight recordings by one local worker, by two and by
two actors of Ray, and prints recordings a second twice: over the whole command, and from the first recording
that ended to the last, without the loading of the models and the start of Ray; and the memory of a worker.
Targets are printed and never asserted: a timing is no test.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import av
from rich.console import Console
from rich.table import Table

from crossgate.cli.command import parser_of
from crossgate.files import write_json
from crossgate.pipeline.batch.crew import Engine
from crossgate.pipeline.batch.run import How, Standing, run_batch
from crossgate.pipeline.batch.settings import BatchSettings
from crossgate.pipeline.processes.child import resident_bytes
from crossgate.pipeline.settings import AnalysisSettings
from crossgate.sample import RECORDING

RECORDINGS, BROKEN, LENGTH = 40, 3, 24.0
TARGETS = {"two local workers / one": 1.8, "two workers on Ray / two local": 0.85}


@dataclass(frozen=True)
class BatchBenchmark:
    """Kill a batch and count what is left, or measure its throughput."""

    positional: ClassVar[tuple[str, ...]] = ()

    proof: bool = False
    """Kill and count, in the place of measuring."""
    engine: Literal["local", "ray"] = "local"
    """Of the proof."""
    recordings: int = 8
    """To measure with."""
    seconds: float = 5.0
    """That each of them lasts; those of the proof last two."""
    modalities: str = "tav"
    """That are measured, as of `crossgate analyze`."""
    without_ray: bool = False
    """Measure local workers alone."""
    json: Path | None = None
    """Write what was measured to this file, too."""

    def run(self) -> int:
        """Do it and print."""
        # Sockets of Ray want a short path.
        with tempfile.TemporaryDirectory(prefix="batch-", ignore_cleanup_errors=True) as work:
            os.environ.setdefault("RAY_TMPDIR", work)
            return self._prove(Path(work)) if self.proof else self._measure(Path(work))

    def _prove(self, work: Path) -> int:
        calls, out = work / "calls", work / "out"
        make_recordings(calls, RECORDINGS - BROKEN, 2.0)
        whole = (calls / "r00.mp4").read_bytes()
        (calls / "truncated.mp4").write_bytes(whole[: len(whole) // 8])
        (calls / "page.mp4").write_text("<html>not a film</html>")
        (calls / "empty.mp4").touch()
        arguments = [sys.executable, "-m", "crossgate", "analyze", f"{calls}/**/*.mp4", "--out", str(out)]
        arguments += ["--workers", "2", "--engine", self.engine, "--modalities", self.modalities]
        arguments += ["--format", "csv"]
        for lines in (8, 20):
            process = subprocess.Popen(arguments)
            while lines_of(out) < lines and process.poll() is None:
                time.sleep(0.02)
            process.send_signal(signal.SIGKILL)
            process.wait()
            print(f"killed with {lines_of(out)} of {RECORDINGS} in the manifest", flush=True)
        subprocess.run(arguments, check=False)
        return 0 if print_what_is_there(out) else 1

    def _measure(self, work: Path) -> int:
        calls = work / "calls"
        make_recordings(calls, self.recordings, self.seconds)
        with peak_of_children() as bytes_of:
            figures = {"one local worker": self._rates(calls, work / "one", 1, None)}
        figures["two local workers"] = self._rates(calls, work / "two", 2, None)
        if not self.without_ray:
            from crossgate.scale.ray_batch import ray_batch_engine

            engine = ray_batch_engine(str(work / "ray"), workers=2)
            figures["two workers on Ray"] = self._rates(calls, work / "ray", 2, engine)
        show(figures, self.recordings, self.seconds)
        print(f"memory of one local worker, at most: {bytes_of() / 1e6:.0f} MB")
        if self.json is not None:
            write_json(self.json, figures)
        return 0

    def _rates(self, calls: Path, out: Path, workers: int, engine: Engine | None) -> tuple[float, float]:
        """Recordings a second: over the whole command, and between the first that ended and the last."""
        ends: list[float] = []

        def tell(standing: Standing) -> None:
            if standing.last is not None:
                ends.append(time.monotonic())

        settings = BatchSettings(AnalysisSettings(modalities=self.modalities), formats=("csv",))
        summary = run_batch([str(calls)], str(out), settings, How(workers=workers, begin=engine), told=tell)
        assert summary.done == self.recordings
        return summary.run.recordings_per_hour / 3600, (len(ends) - 1) / max(ends[-1] - ends[0], 1e-9)


@contextmanager
def peak_of_children() -> Iterator[Callable[[], int]]:
    """What the processes that this one begins hold in memory at most, in bytes, as seen 20 times a second."""
    peak, over = 0, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not over.wait(0.05):
            here = int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
            peak = max(peak, resident_bytes(os.getpid()) - here)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield lambda: peak
    finally:
        over.set()
        thread.join()


def make_recordings(folder: Path, count: int, seconds: float) -> None:
    """Stretches of the sample with its picture and sound, each from another second on."""
    folder.mkdir()
    for number in range(count):
        start = (number * 1.7) % max(LENGTH - seconds, 1.0)
        with av.open(str(RECORDING)) as source, av.open(str(folder / f"r{number:02}.mp4"), "w") as target:
            source.seek(round(start * av.time_base))
            streams: dict[int, Any] = {s.index: target.add_stream_from_template(s) for s in source.streams}
            first: dict[int, int] = {}
            for packet in source.demux():
                if packet.dts is None:
                    continue
                zero = first.setdefault(packet.stream.index, packet.dts)
                if (packet.dts - zero) * packet.time_base > seconds:
                    continue
                packet.pts, packet.dts = packet.pts - zero, packet.dts - zero
                packet.stream = streams[packet.stream.index]
                target.mux(packet)


def lines_of(out: Path) -> int:
    """Of the manifest."""
    path = out / "manifest.jsonl"
    return path.read_bytes().count(b"\n") if path.is_file() else 0


def print_what_is_there(out: Path) -> bool:
    """Count results, failures and what is there twice; whether it is as it should be."""
    import pyarrow.dataset as ds

    entries = [json.loads(line) for line in (out / "manifest.jsonl").read_text("utf-8").splitlines()]
    names = [one["recording"] for one in entries]
    done = [one["recording"] for one in entries if one["status"] == "done"]
    failed = {one["recording"]: one["cause"] for one in entries if one["status"] != "done"}
    table = ds.dataset(out / "utterances", partitioning="hive").to_table().select(["recording", "id"])
    rows = [tuple(row.values()) for row in table.to_pylist()]
    results = len(list((out / "results").glob("*/result.json")))
    print(f"{results} results, {len(done)} done in the manifest, {len(failed)} failed: {failed}")
    doubles = [len(names) - len(set(names)), len(rows) - len(set(rows))]
    print(f"twice in the manifest: {doubles[0]}, of the utterances: {doubles[1]}")
    return (
        (results, len(done)) == (RECORDINGS - BROKEN, RECORDINGS - BROKEN)
        and len(failed) == BROKEN
        and doubles == [0, 0]
        and {name for name, _ in rows} <= set(done)
    )


def share_a_core(*cpus: int) -> bool:
    """Whether the machine has these CPUs alone, and they are threads of one core; False where nobody says."""
    if os.cpu_count() != len(cpus):
        return False
    try:
        path = "/sys/devices/system/cpu/cpu{}/topology/thread_siblings_list"
        return len({Path(path.format(cpu)).read_text() for cpu in cpus}) == 1
    except OSError:
        return False


def show(figures: dict[str, tuple[float, float]], count: int, seconds: float) -> None:
    """Print the figures and what they are beside each other."""
    console = Console(highlight=False)
    console.print(
        f"{count} recordings of {seconds:g} s; {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}"
    )
    table = Table("what", "whole command", "first end to last", "target", box=None)
    for name, rates in figures.items():
        table.add_row(f"{name}, recordings/s", *(f"{rate:.3f}" for rate in rates), "")
    pairs = [("two local workers", "one local worker"), ("two workers on Ray", "two local workers")]
    for (above, below), (name, target) in zip(pairs, TARGETS.items(), strict=True):
        if above in figures:
            ratios = [a / b for a, b in zip(figures[above], figures[below], strict=True)]
            table.add_row(name, *(f"{ratio:.2f}" for ratio in ratios), f"{target:g}")
    console.print(table)
    if share_a_core(0, 1):
        console.print("The two CPUs are threads of one core: two workers cannot be twice as fast as one.")


if __name__ == "__main__":
    parser = parser_of(BatchBenchmark)
    sys.exit(BatchBenchmark(**vars(parser.instantiate(parser.parse_args()))).run())
