"""Harmonicity of a sound: how much stronger its periodic part is than the rest, in dB.

The definition is Praat's "To Harmonicity (cc)" with its default settings (Boersma, "Accurate short-term
analysis of the fundamental frequency and the harmonics-to-noise ratio of a sampled sound", IFA Proceedings
17, 1993, with cross-correlation in place of autocorrelation). Praat adds every product of every
correlation, which takes 0.11 s for a second of stereo at 44.1 kHz; here Fourier transforms do it in 0.02 s.
On recorded speech the mean differs from Praat's by less than 0.005 dB; on white noise by 0.12 dB, as narrow
peaks between samples are not all looked at. A test compares the two.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import fft

FLOOR = 75.0
"""Hz: the lowest pitch; the window is one period of it."""

STEP = 0.01
"""Seconds between frames."""

SILENCE = 0.1
"""Of the sound's peak: in frames whose own peak is less, the periodic part must be the stronger to count."""

DEPTH = 70
"""Samples to each side that interpolate a peak."""

PEAKS = 6
"""The highest peaks of a frame's correlation that are looked at between the samples."""

NEAR = 0.15
"""Only those that are lower than the highest by less than this, before they are looked at."""

BATCH = 256
"""Frames at once."""

Values = npt.NDArray[np.float64]


def harmonicity(samples: npt.NDArray[np.float32], rate: int) -> Values:
    """The harmonicity of each voiced frame.

    Args:
        samples: (channel, sample); the channels' correlations are added.
        rate: samples a second.

    Returns:
        (voiced frame,) dB: 10 log10(r / (1 - r)) of the highest peak r of the normalised correlation. Frames
        that are silent are left out; there is none in a sound shorter than two periods of the lowest pitch.
    """
    period = int(rate / FLOOR)
    starts, lefts = _frames(samples.shape[1], rate)
    if not len(starts) or _window(period) < 8:
        return np.zeros(0)
    peak = np.abs(samples - samples.mean(axis=1, keepdims=True, dtype=np.float64)).max()
    if peak == 0:
        return np.zeros(0)
    # Rounding may put the first and last frame one sample outside.
    margin = 2 * period
    padded = np.pad(samples.astype(np.float64), ((0, 0), (margin, margin)))
    found = []
    for first in range(0, len(starts), BATCH):
        start, left = starts[first : first + BATCH] + margin, lefts[first : first + BATCH] + margin
        strength, loudness = _strengths(padded, start, left, period)
        needed = np.maximum(0.0, 2 - np.minimum(1.0, loudness / peak) / SILENCE)
        voiced = (strength > needed) & (strength > 0)
        found.append(strength[voiced])
    r = np.clip(np.concatenate(found), 1e-15, 1 - 1e-15)
    return np.asarray(10 * np.log10(r / (1 - r)))


def _window(period: int) -> int:
    """Samples of a window of one period: a little less, and even."""
    return 2 * (period // 2 - 1)


def _frames(size: int, rate: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """For each frame the first sample of its correlation, and the last sample not after its middle.

    The frames are `STEP` apart, and as many as have two periods of the lowest pitch inside the sound; what is
    over is left out in equal parts at both ends.
    """
    apart = 1 / rate
    seconds, span = size * apart, 2 / FLOOR
    if seconds < span:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    count = int((seconds - span) / STEP) + 1
    times = seconds / 2 - 0.5 * (count * STEP) + 0.5 * STEP + np.arange(count) * STEP
    # Sample k stands for the time (k + 1/2) / rate. Often that is the very time of a frame, so that rounding
    # decides: to have the same frames as Praat, the arithmetic must be in the same order.
    start, left = (np.floor((t - 0.5 * apart) / apart).astype(np.int64) for t in (times - 0.5 * span, times))
    return np.maximum(start, 0), left


def _strengths(
    padded: Values,
    start: npt.NDArray[np.int64],
    left: npt.NDArray[np.int64],
    period: int,
) -> tuple[Values, Values]:
    """Each frame's highest peak of the correlation, 0 where there is none, and its own loudest sample."""
    window = _window(period)
    longest = window  # lag
    size = fft.next_fast_len(window + longest, real=True)
    products: Values = np.zeros((len(start), longest + 1))
    first_energy, energy = np.zeros((len(start), 1)), np.zeros((len(start), longest + 1))
    loudness = np.zeros(len(start))
    for channel in padded:
        around = channel[left[:, None] + np.arange(1 - period, period + 1)]
        mean = around.mean(axis=1, keepdims=True)
        half = min(period // 2 + 1, window // 2)
        near = channel[left[:, None] + np.arange(1 - half, half + 1)]
        loudness = np.maximum(loudness, np.abs(near - mean).max(axis=1))
        span = channel[start[:, None] + np.arange(window + longest)] - mean
        spectrum = fft.rfft(span[:, :window], size).conj() * fft.rfft(span, size)
        products += fft.irfft(spectrum, size)[:, : longest + 1]
        squares = np.concatenate([np.zeros((len(start), 1)), np.cumsum(span**2, axis=1)], axis=1)
        energy += squares[:, window:] - squares[:, : longest + 1]
        first_energy += squares[:, window : window + 1]
    norm = np.sqrt(np.maximum(first_energy * energy, 0.0))
    correlation = np.divide(products, norm, out=np.zeros_like(products), where=norm > 1e-30)
    correlation[:, 0] = 1.0
    return _highest_peaks(correlation), loudness


def _highest_peaks(correlation: Values) -> Values:
    """The highest peak between the samples, 0 where a row has none; (frame, lag) -> (frame,)."""
    before, inner, after = correlation[:, 1:-2], correlation[:, 2:-1], correlation[:, 3:]
    rows, places = np.nonzero((inner > 0) & (inner > before) & (inner >= after))
    slope = after[rows, places] - before[rows, places]
    bend = 2 * inner[rows, places] - after[rows, places] - before[rows, places]
    # By a parabola, which is near enough to tell which peaks may be the highest.
    heights = np.full(inner.shape, -1.0)
    heights[rows, places] = inner[rows, places] + slope**2 / (8 * bend)
    offsets = np.zeros(inner.shape)
    offsets[rows, places] = slope / (2 * bend)
    best = np.zeros(len(correlation))
    count = min(PEAKS, inner.shape[1])
    top = np.argpartition(heights, -count, axis=1)[:, -count:]
    highest = heights.max(axis=1)
    for k in range(count):
        place = top[:, k]
        height = np.take_along_axis(heights, place[:, None], axis=1)[:, 0]
        rows = np.flatnonzero((height > 0) & (height > highest - NEAR))
        if len(rows):
            at = place[rows]
            between = _between_samples(correlation[rows], at + 2, offsets[rows, at])
            # The last lag has nothing behind it to interpolate with.
            height = np.where(at == inner.shape[1] - 1, inner[rows, at], between)
            best[rows] = np.maximum(best[rows], np.where(height > 1, 1 / height, height))
    return best


def _between_samples(correlation: Values, lag: npt.NDArray[np.int64], offset: Values) -> Values:
    """The height of each row's peak near `lag + offset`, interpolated by a sinc under a raised cosine."""
    longest = correlation.shape[1] - 1
    near = lag[:, None] + np.arange(-DEPTH - 1, DEPTH + 2)
    inside = np.abs(near) <= longest
    samples = np.take_along_axis(correlation, np.where(inside, np.abs(near), 0), axis=1) * inside
    middle, step = lag + np.clip(offset, -0.5, 0.5), 0.2
    height = np.zeros(len(lag))
    for _ in range(3):
        trial = middle[:, None] + step * np.array([-1.0, 0.0, 1.0])
        levels = _sinc(samples, near, trial, longest)
        slope, bend = levels[:, 2] - levels[:, 0], 2 * levels[:, 1] - levels[:, 0] - levels[:, 2]
        shift = np.clip(np.divide(slope, 2 * bend, out=np.zeros_like(bend), where=bend > 0), -2, 2)
        height = np.maximum(height, levels.max(axis=1))
        middle = np.clip(middle + step * shift, lag - 1.0, lag + 1.0)
        step *= 0.3
    return height


def _sinc(samples: Values, near: npt.NDArray[np.int64], trial: Values, longest: int) -> Values:
    """Values at (row, trial) of rows of samples that stand at `near`; the window ends where the lags do."""
    below = np.floor(trial)
    depth = np.minimum(DEPTH, longest - below)[..., None]
    away = trial[..., None] - near[:, None, :]
    after = (trial - below)[..., None]
    reach = depth + np.where(away > 0, after, 1 - after)
    weight = np.sinc(away) * (0.5 + 0.5 * np.cos(np.pi * np.minimum(1.0, np.abs(away) / reach)))
    return np.asarray(np.einsum("rtn,rn->rt", weight, samples))
