"""Time of several seeds trained at once against one seed alone, on the device there is.

    python benchmarks/seeds.py                # ten seeds, the `paper` preset, an epoch of 1038 conversations
    python benchmarks/seeds.py --quick        # three seeds, an epoch of 60

Both run the loops of `crossgate train`, by turns in one process: `fit` for one seed, `fit_together` for all.
The target, ten seeds in at most twice the time of one, is meant for a GPU, which one network leaves idle; a
CPU that one network keeps busy has nothing to gain. It is printed beside what was measured, never asserted.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import torch

from contestants import BATCH_SIZE, DIMENSIONS, random_examples
from crossgate.cli.command import parser_of
from crossgate.emotions import MELD
from crossgate.models.crossgate import CrossGate
from crossgate.models.settings import ModelSettings
from crossgate.objectives.settings import ObjectiveSettings
from crossgate.training.device import pick_device, uses_bfloat16
from crossgate.training.loop import fit
from crossgate.training.randomness import Purpose, make_deterministic, seed_torch
from crossgate.training.settings import TrainingSettings
from crossgate.training.together import fit_together

TARGET = 2.0
"""The most of one seed's time that ten at once are to take, on a GPU."""


@dataclass(frozen=True)
class SeedsBenchmark:
    """Measure an epoch of several seeds at once, and of one alone."""

    positional: ClassVar[tuple[str, ...]] = ()

    seeds: int = 10
    """Trained at once."""
    conversations: int = 1038
    """Conversations in an epoch."""
    rounds: int = 3
    """Times each is measured; the fastest counts."""
    device: str = "auto"
    """Where to train; `auto` is the GPU where there is one."""
    quick: bool = False
    """Three seeds, 60 conversations, one round."""

    def run(self) -> int:
        """Measure by turns and print."""
        seeds, conversations, rounds = (
            (3, 60, 1) if self.quick else (self.seeds, self.conversations, self.rounds)
        )
        settings = TrainingSettings(epochs=1, batch_size=BATCH_SIZE, device=self.device)
        make_deterministic(settings.threads)
        train = random_examples(conversations, 0)
        shared: dict[str, Any] = {"objective_settings": ObjectiveSettings(), "settings": settings}

        def one() -> None:
            with tempfile.TemporaryDirectory() as folder:
                fit(fresh(0), train, [], seed=0, state_folder=Path(folder), **shared)

        def several() -> None:
            with tempfile.TemporaryDirectory() as folder:
                numbers = range(seeds)
                fit_together(
                    [fresh(seed) for seed in numbers],
                    train,
                    [],
                    seeds=numbers,
                    state_folders=[Path(folder) / str(seed) for seed in numbers],
                    on_epoch=[lambda _: None] * seeds,
                    **shared,
                )

        device = pick_device(self.device)
        for warm_up in (one, several) if device.type != "cpu" else ():
            warm_up()
        figures = [(seconds(one), seconds(several)) for _ in range(rounds)]
        (alone, busy_alone), (at_once, busy_at_once) = (min(times) for times in zip(*figures, strict=True))
        name = torch.cuda.get_device_name() if device.type == "cuda" else device.type
        precision = "bfloat16" if uses_bfloat16(settings, device) else "float32"
        print(f"{name}, {precision}, torch {torch.__version__}")
        print(f"one seed: {alone:.2f} s an epoch, {busy_alone:.2f} CPU s")
        print(f"{seeds} seeds at once: {at_once:.2f} s an epoch, {busy_at_once:.2f} CPU s")
        print(
            f"ratio {at_once / alone:.2f} (CPU s {busy_at_once / busy_alone:.2f}); one after the other "
            f"{seeds}; target on a GPU, ten seeds: {TARGET:.0f}"
        )
        return 0


def fresh(seed: int) -> CrossGate:
    """The `paper` preset before training."""
    seed_torch(seed, Purpose.WEIGHTS)
    return CrossGate(ModelSettings(), DIMENSIONS, len(MELD))


def seconds(work: Callable[[], None]) -> tuple[float, float]:
    """Wall and CPU seconds of a training."""
    started, busy = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - started, time.process_time() - busy


if __name__ == "__main__":
    parser = parser_of(SeedsBenchmark)
    sys.exit(SeedsBenchmark(**vars(parser.instantiate(parser.parse_args()))).run())
