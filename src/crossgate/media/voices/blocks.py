"""Consecutive blocks of sound, cut into pieces of one size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from crossgate.media.clips import Samples, Sound

RATE = 16_000
"""Samples a second that everything in this folder takes."""


def finite(samples: Samples) -> Samples:
    """The samples, those that are no finite number as 0."""
    return np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)


def pieces(blocks: Iterable[Sound], size: int) -> Iterator[Sound]:
    """The same sound in pieces of `size` samples; the last may be shorter.

    Raises ValueError where a block is not mono at 16 kHz.
    """
    waiting: list[Samples] = []
    length = 0
    start: float | None = None
    for block in blocks:
        check_rate(block)
        start = block.start if start is None else start
        waiting.append(block.samples)
        length += len(block.samples)
        if length < size:
            continue
        samples = np.concatenate(waiting)
        whole = length - length % size
        for first in range(0, whole, size):
            yield Sound(samples[first : first + size], RATE, start + first / RATE)
        # A copy, or the rest would hold on to the whole block.
        waiting, length, start = [samples[whole:].copy()], length - whole, start + whole / RATE
    if length and start is not None:
        yield Sound(np.concatenate(waiting), RATE, start)


def check_rate(sound: Sound) -> None:
    """Raises ValueError where a sound is not mono at 16 kHz: its decoder was asked for something else."""
    if sound.rate != RATE or sound.samples.ndim != 1:
        raise ValueError(
            f"expected mono sound at {RATE} Hz, got {sound.rate} Hz and shape {sound.samples.shape}"
        )
