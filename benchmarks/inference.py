"""How long an answer takes: the fusion, a live turn, faces, a corpus; PyTorch beside ONNX Runtime.

    python benchmarks/inference.py                # five rounds
    python benchmarks/inference.py --quick        # once round, shortly
    python benchmarks/inference.py --json inference.json

1. The fusion of one conversation of 100 turns from features, and of a single turn.
2. A live turn from features (`Live.add` with vectors), the 10th, 100th and 1,000th; beside it what the turn
   would cost if the whole conversation were read anew.
3. Crops of 112 x 112 colour pixels a second through the face encoder, on one thread.
4. 10,000 utterances of features through `predict_split`: seconds, and the most memory this process held, its
   libraries included.
5. Windows of turns through the text encoder; no target.

Contestants take turns, so that what else the machine does meets both. Milliseconds are of this process's CPU
time, all threads together, and of the wall's clock; on a machine that does nothing else, with one thread,
they are the same. Targets are printed beside what was measured and never asserted: a timing is no test.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

import crossgate
import memory
from crossgate.cli.command import parser_of
from crossgate.conversation import Conversation, Modality, Utterance
from crossgate.corpora.table import FeatureColumn, Split
from crossgate.evaluation.members import examples_of, predict_split
from crossgate.evaluation.predictor import predict
from crossgate.features.dataset import Example, collate
from crossgate.features.graphs import Graph, Session, traced
from crossgate.features.runtime import ENVIRONMENT
from crossgate.features.visual.faces import FaceEncoder
from crossgate.models.checkpoint import Checkpoint
from crossgate.models.fusion_graph import fusion_graph
from crossgate.pipeline.predictions import predictions_of

TARGETS = {
    "fusion of 100 turns, ms": 15,
    "live turn from features, ms": 4,
    "faces a second a core": 400,
    "10,000 utterances, s": 10,
    "10,000 utterances, GB": 1.5,
}

Works = dict[str, Callable[[], object]]


@dataclass(frozen=True)
class Taken:
    """Milliseconds of a call: median of the rounds, by the process's CPU time and by the wall's clock."""

    cpu: float
    wall: float


@dataclass(frozen=True)
class InferenceBenchmark:
    """Measure inference beside its targets, PyTorch beside ONNX Runtime."""

    positional: ClassVar[tuple[str, ...]] = ()

    model: str = "crossgate-meld"
    """Checkpoint for the fusion, the corpus and the texts."""
    live: str = "crossgate-meld-live"
    """Checkpoint for live turns."""
    threads: int = 2
    """Threads of the fusion, live turns and the corpus; faces and texts have one."""
    utterances: int = 10_000
    """Utterances of the corpus."""
    turns: tuple[int, ...] = (10, 100, 1000)
    """Which live turns are measured."""
    rounds: int = 5
    """Turns of each contestant; the median counts."""
    seconds: float = 0.5
    """Length of a turn, at least."""
    quick: bool = False
    """One short turn each."""
    json: Path | None = None
    """Write all figures to this file, too."""

    def run(self) -> int:
        """Race, print, write."""
        checkpoint = crossgate.load(self.model).checkpoint
        torch.set_num_threads(self.threads)
        load = os.getloadavg()[0]
        corpus = self.corpus(checkpoint)  # first, so that nothing else is in memory
        figures = self.fusion(checkpoint, 100) | self.fusion(checkpoint, 1)
        figures |= self.live_turns(crossgate.load(self.live).checkpoint)
        torch.set_num_threads(1)
        faces = self.faces()
        figures |= self.texts(checkpoint)
        table = Table("", "ms, CPU", "ms, wall", "target", box=None)
        for name, taken in figures.items():
            target = next((f"{value}" for key, value in TARGETS.items() if name.startswith(key[:-4])), "")
            table.add_row(name, f"{taken.cpu:,.2f}", f"{taken.wall:,.2f}", target)
        rates = Table("", "measured", "target", box=None)
        for name, rate in faces.items():
            rates.add_row(f"crops a second, {name}", f"{rate:,.0f}", str(TARGETS["faces a second a core"]))
        size = f"{self.utterances:,} utterances"
        rates.add_row(f"{size}, s", f"{corpus['seconds']:.2f}", str(TARGETS["10,000 utterances, s"]))
        rates.add_row(f"{size}, GB", f"{corpus['gigabytes']:.2f}", str(TARGETS["10,000 utterances, GB"]))
        console = Console()
        console.print(
            f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, "
            f"torch {torch.__version__}, median of {1 if self.quick else self.rounds}, "
            f"load {load:.1f} before and {os.getloadavg()[0]:.1f} after"
        )
        console.print(table)
        console.print(rates)
        if self.json:
            report: dict[str, Any] = {"milliseconds": {n: vars(taken) for n, taken in figures.items()}}
            report |= {"faces": faces, "corpus": corpus, "targets": TARGETS, "load": load}
            report |= {"torch": torch.__version__, "threads": self.threads}
            self.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
        return 0

    def corpus(self, checkpoint: Checkpoint) -> dict[str, float]:
        """Seconds and peak memory of `predict_split` over conversations of ten turns."""
        split = drawn_split(checkpoint, self.utterances, 10)
        memory.settle()
        memory.forget_peak()
        began = time.perf_counter()
        predict_split(checkpoint, split)
        return {"seconds": time.perf_counter() - began, "gigabytes": memory.peak() / 1e9}

    def fusion(self, checkpoint: Checkpoint, turns: int) -> dict[str, Taken]:
        """One conversation through `predict`, and through ONNX Runtime."""
        (example,) = examples_of(checkpoint, drawn_split(checkpoint, turns, turns), cache=False)
        dimensions: dict[Modality, int] = {m: len(s.mean) for m, s in checkpoint.standardizers.items()}
        works: Works = {
            "PyTorch": lambda: predict(checkpoint.network, [example], temperature=checkpoint.temperature)
        }
        session = session_of(fusion_graph(checkpoint.network, dimensions, checkpoint.temperature))
        if session is not None:
            works["ONNX Runtime"] = lambda: session(fusion_inputs(example))
        name = f"fusion of {turns} turn{'s' * (turns > 1)}"
        return {f"{name}, {by}": taken for by, taken in self.race(works).items()}

    def live_turns(self, checkpoint: Checkpoint) -> dict[str, Taken]:
        """Turns of a conversation as it goes on, and the same by reading the whole anew."""
        recognizer = crossgate.load(self.live)
        random = np.random.default_rng(0)
        found: dict[str, Taken] = {}
        measured = 1 if self.quick else 20
        live = recognizer.live()
        said = 0

        def add() -> None:
            vectors = {
                m: random.normal(size=sum(spec.dimension for spec in specs)).astype(np.float32)
                for m, specs in checkpoint.specs.items()
                if m != "text"
            }
            live.add(speaker="AB"[said % 2], vectors=vectors)

        for turn in self.turns:
            while said < turn - 1:
                add()
                said += 1
            times = []
            for _ in range(measured):
                times.append(timed(add, 1))
                said += 1
            found[f"live turn from features, turn {turn}"] = median(times)
            (example,) = examples_of(checkpoint, drawn_split(checkpoint, turn, turn), cache=False)
            work = partial(predictions_of, checkpoint, [example])
            anew = [timed(work, 1) for _ in range(min(measured, 5))]
            found[f"  the whole read anew, turn {turn}"] = median(anew)
        return found

    def faces(self) -> dict[str, float]:
        """Crops a second of CPU time."""
        random = np.random.default_rng(0)
        crops = random.integers(0, 256, size=(64, 112, 112, 3), dtype=np.uint8)
        works: Works = {}
        for name, backend in (("PyTorch", "torch"), ("ONNX Runtime", "onnx")):
            encoder = FaceEncoder.load()

            def encode(encoder: FaceEncoder = encoder, backend: str = backend) -> object:
                os.environ[ENVIRONMENT] = backend
                return encoder.encode(crops)

            works[name] = encode
        if not has_onnx():
            del works["ONNX Runtime"]
        return {name: 64_000 / taken.cpu for name, taken in self.race(works).items()}

    def texts(self, checkpoint: Checkpoint) -> dict[str, Taken]:
        """Windows of turns through the text encoder, as it stands and by ONNX Runtime."""
        if checkpoint.encoder is None or not has_onnx():
            return {}
        from crossgate.features.text.turn_embedder import turn_embedder
        from crossgate.features.text.turn_graph import reader_of, text_graph

        embedder = turn_embedder(checkpoint.encoder)
        session = session_of(text_graph(embedder, checkpoint.features.turns))
        assert session is not None
        other = replace(embedder, reader=reader_of(session))
        found = {}
        for windows, turns in ((1, 1), (1, 10), (8, 10)):
            names = ["AB"[turn % 2] for turn in range(turns)]
            talk = [embedder.turns(names, ["you did what with the old sofa"] * turns)] * windows
            works: Works = {
                "PyTorch": lambda talk=talk: embedder.vectors(talk),  # type: ignore[misc]
                "ONNX Runtime": lambda talk=talk: other.vectors(talk),  # type: ignore[misc]
            }
            for by, taken in self.race(works).items():
                found[f"text encoder, {windows} x {turns} turns, {by}"] = taken
        return found

    def race(self, works: Works) -> dict[str, Taken]:
        """Every contestant once to warm up, then in turns."""
        rounds, seconds = (1, 0.0) if self.quick else (self.rounds, self.seconds)
        for work in works.values():
            work()
        times: dict[str, list[Taken]] = {name: [] for name in works}
        for _ in range(rounds):
            for name, work in works.items():
                times[name].append(timed(work, 1, seconds))
        return {name: median(found) for name, found in times.items()}


def timed(work: Callable[[], object], least: int, seconds: float = 0.0) -> Taken:
    """Milliseconds a call, over calls that take so many seconds together."""
    calls, began, started = 0, time.perf_counter(), time.process_time()
    while calls < least or time.perf_counter() - began < seconds:
        work()
        calls += 1
    cpu, wall = time.process_time() - started, time.perf_counter() - began
    return Taken(1000 * cpu / calls, 1000 * wall / calls)


def median(times: list[Taken]) -> Taken:
    """Of both clocks."""
    return Taken(
        statistics.median(taken.cpu for taken in times), statistics.median(taken.wall for taken in times)
    )


def has_onnx() -> bool:
    """Whether ONNX Runtime can be raced against."""
    try:
        import onnxruntime  # noqa: F401
    except ImportError:
        return False
    return True


def session_of(graph: Graph) -> Session | None:
    """The graph at work; None where ONNX Runtime is not installed."""
    return Session(traced(graph)) if has_onnx() else None


def fusion_inputs(example: Example) -> dict[str, torch.Tensor]:
    """What the fusion's graph reads of a conversation."""
    batch = collate([example])
    return {**batch.values, "present": batch.present, "speakers": batch.speakers, "turns": batch.turns}


def drawn_split(checkpoint: Checkpoint, utterances: int, turns: int) -> Split:
    """Random vectors of a checkpoint's features, in conversations of so many turns."""
    random = np.random.default_rng(0)
    talks = tuple(
        Conversation(
            str(first),
            tuple(Utterance(str(turn), "AB"[turn % 2]) for turn in range(min(turns, utterances - first))),
        )
        for first in range(0, utterances, turns)
    )
    columns = {
        f"{modality}_{name}": FeatureColumn(
            spec,
            random.normal(size=(utterances, spec.dimension)).astype(np.float32),
            np.ones(utterances, dtype=bool),
        )
        for modality, specs in checkpoint.specs.items()
        for name, spec in zip(checkpoint.features.names(modality), specs, strict=True)
    }
    return Split("drawn", talks, columns, sha256="")


if __name__ == "__main__":
    parser = parser_of(InferenceBenchmark)
    sys.exit(InferenceBenchmark(**vars(parser.instantiate(parser.parse_args()))).run())
