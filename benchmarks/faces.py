"""Faces a second on one core: the face-expression network against VGG13, the network of the FER+ paper.

    python benchmarks/faces.py                    # two seconds a measurement, five rounds
    python benchmarks/faces.py --quick            # once round, shortly
    python benchmarks/faces.py --network runs/face/checkpoint --json faces.json

Both read random faces in batches of the same size, in 32 bits, with the same number of torch threads and
channels last, which is the faster order of memory for both; they take turns, so that what else the machine
does meets both. VGG13 is built as Barsoum et al. describe it (ICMI 2016): 64 x 64 grey pixels, convolutions
of 64, 64, 128, 128, 256 x 3, 256 x 3 channels, each group followed by max pooling and dropout, two dense
layers of 1024. Beside them stand our network in 16 bits, and the encoder from pixels to vectors: of 48 x 48,
with mirror images averaged, and from crops of 112 x 112 colour pixels, resizing included.

CPU seconds count only the time a contestant was at work. Targets are printed beside what was measured and
never asserted: a timing is no test.
"""

from __future__ import annotations

import json
import platform
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from torch import nn

from crossgate.cli.command import parser_of
from crossgate.conversation import FeatureSpec
from crossgate.features.visual.face_network import FaceNetwork, load_face_network
from crossgate.features.visual.face_settings import EXPRESSIONS, SIDE, FaceSettings
from crossgate.features.visual.faces import FaceEncoder

TARGETS = {"faces a second": 200, "wanted later": 400}


@dataclass(frozen=True)
class FaceBenchmark:
    """Measure faces a second of the face network and of VGG13, and the ratio."""

    positional: ClassVar[tuple[str, ...]] = ()

    network: Path | None = None
    """Folder of a network; without it one of the default size with random weights, which is as fast."""
    threads: int = 1
    """Torch threads."""
    batch: int = 64
    """Faces at once."""
    rounds: int = 5
    """Turns of each contestant; the median counts."""
    seconds: float = 2.0
    """Length of a turn, at least."""
    quick: bool = False
    """One short turn each."""
    json: Path | None = None
    """Write all figures to this file, too."""

    def run(self) -> int:
        """Race, print, write."""
        torch.set_num_threads(self.threads)
        torch.manual_seed(0)
        rounds, seconds = (1, 0.2) if self.quick else (self.rounds, self.seconds)
        network = load_face_network(self.network) if self.network else FaceNetwork(FaceSettings()).eval()
        rival = vgg13().eval()
        contestants = self._contestants(network, rival)
        speeds: dict[str, list[float]] = {name: [] for name in contestants}
        with torch.inference_mode():
            for work in contestants.values():
                work()
            for _ in range(rounds):
                for name, work in contestants.items():
                    speeds[name].append(self.batch * calls_a_second(work, seconds))
        figures = {name: statistics.median(found) for name, found in speeds.items()}
        parameters = {"face network": size_of(network), "VGG13": size_of(rival)}
        table = Table("contestant", "faces / s", "to VGG13", "parameters", box=None)
        for name, speed in figures.items():
            count = f"{parameters[name]:,}" if name in parameters else ""
            table.add_row(name, f"{speed:,.0f}", f"{speed / figures['VGG13']:.1f} x", count)
        console = Console()
        console.print(
            f"{platform.processor() or platform.machine()}, torch {torch.__version__}, "
            f"{self.threads} thread, batches of {self.batch}, median of {rounds}"
        )
        console.print(table)
        console.print(
            f"targets: {TARGETS['faces a second']} faces / s, later {TARGETS['wanted later']}", style="dim"
        )
        if self.json:
            report: dict[str, Any] = {"speeds": speeds, "medians": figures, "parameters": parameters}
            report |= {"torch": torch.__version__, "threads": self.threads, "batch": self.batch}
            self.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
        return 0

    def _contestants(self, network: FaceNetwork, rival: nn.Module) -> dict[str, Callable[[], object]]:
        faces = torch.rand(self.batch, 1, SIDE, SIDE)
        larger = torch.rand(self.batch, 1, 64, 64)
        random = np.random.default_rng(0)
        crops = random.integers(0, 256, size=(self.batch, 112, 112, 3), dtype=np.uint8)
        spec = FeatureSpec("visual", "face", "benchmark", network.settings.embedding, "benchmark")
        once, both = FaceEncoder(network, spec), FaceEncoder(network, spec, flip=True)
        small = random.integers(0, 256, size=(self.batch, SIDE, SIDE), dtype=np.uint8)

        def in_16_bits() -> object:
            with torch.autocast("cpu", torch.bfloat16):
                return network(faces)

        return {
            "face network": lambda: network(faces),
            "VGG13": lambda: rival(larger),
            "face network, bfloat16": in_16_bits,
            "encoder, grey 48 x 48": lambda: once.encode(small),
            "encoder, colour 112 x 112": lambda: once.encode(crops),
            "encoder, grey 48 x 48, mirrored too": lambda: both.encode(small),
        }


def vgg13() -> nn.Module:
    """The network of Barsoum et al.; (face, 1, 64, 64) to (face, expression)."""
    layers: list[nn.Module] = []
    channels = 1
    for group in ((64, 64), (128, 128), (256, 256, 256), (256, 256, 256)):
        for width in group:
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU(inplace=True)]
            channels = width
        layers += [nn.MaxPool2d(2), nn.Dropout(0.25)]
    layers += [nn.Flatten(), nn.Linear(256 * 4 * 4, 1024), nn.ReLU(inplace=True), nn.Dropout(0.5)]
    layers += [nn.Linear(1024, 1024), nn.ReLU(inplace=True), nn.Dropout(0.5)]
    layers.append(nn.Linear(1024, len(EXPRESSIONS)))
    return nn.Sequential(*layers).to(memory_format=torch.channels_last)


def calls_a_second(work: Callable[[], object], seconds: float) -> float:
    """By the processor's clock of this process: waiting for others does not count."""
    calls, began, started = 0, time.perf_counter(), time.process_time()
    while time.perf_counter() - began < seconds or not calls:
        work()
        calls += 1
    return calls / (time.process_time() - started)


def size_of(network: nn.Module) -> int:
    """Number of parameters."""
    return sum(parameter.numel() for parameter in network.parameters())


if __name__ == "__main__":
    parser = parser_of(FaceBenchmark)
    sys.exit(FaceBenchmark(**vars(parser.instantiate(parser.parse_args()))).run())
