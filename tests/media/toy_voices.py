"""Sound for the tests of voices: pulses through resonances, and the real recordings decoded."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter

from crossgate.media.clips import Sound, Span

RATE = 16_000

Samples = npt.NDArray[np.float32]


def decoded(path: Path) -> Samples:
    """(sample,) mono at 16 kHz."""
    with av.open(str(path)) as container:
        resampler = av.AudioResampler(format="fltp", layout="mono", rate=RATE)
        frames = [new for frame in container.decode(audio=0) for new in resampler.resample(frame)]
        frames += resampler.resample(None)
    return np.concatenate([frame.to_ndarray()[0] for frame in frames])


def in_blocks(samples: Samples, sizes: Iterable[int], start: float = 0.0) -> list[Sound]:
    """Consecutive blocks of the sizes given, the rest in one."""
    blocks, first = [], 0
    for size in sizes:
        blocks.append(Sound(samples[first : first + size], RATE, start + first / RATE))
        first += size
    blocks.append(Sound(samples[first:], RATE, start + first / RATE))
    return blocks


def cut_out(samples: Samples, spans: Iterable[Span]) -> list[tuple[int, Sound]]:
    """(place, sound) of each span."""
    return [
        (place, Sound(samples[round(span.start * RATE) : round(span.end * RATE)], RATE, span.start))
        for place, span in enumerate(spans)
    ]


def voice(pitch: float, tract: float, seconds: float, seed: int) -> Samples:
    """Pulses at a pitch (Hz) through three resonances that move from vowel to vowel.

    Args:
        tract: factor of the resonances' frequencies, 1 for a long vocal tract, 1.2 for a short one.
    """
    random = np.random.default_rng(seed)
    vowels = np.array([[730, 1090, 2440], [270, 2290, 3010], [300, 870, 2240], [530, 1840, 2480]])
    said = []
    for _ in range(max(1, round(seconds / 0.2))):
        length = RATE // 5
        heard = pitch * random.uniform(0.92, 1.08)
        source = np.diff(np.floor(np.arange(length + 1) * heard / RATE)) + 0.003 * random.normal(size=length)
        for formant in random.choice(vowels) * tract:
            radius, angle = np.exp(-np.pi * 90 / RATE), 2 * np.pi * formant / RATE
            source = lfilter([1 - radius], [1, -2 * radius * np.cos(angle), radius**2], source)
        said.append(source)
    together = np.concatenate(said)
    return (0.3 * together / np.abs(together).max()).astype(np.float32)
