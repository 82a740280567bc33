"""How a voice sounds in numbers that need no trained network: mel cepstra and the fundamental frequency."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.fft import dct

from crossgate.media.clips import Samples
from crossgate.media.voices.blocks import RATE

Array = npt.NDArray[np.float64]

HOP = 160
"""Samples from frame to frame: 10 ms."""

WINDOW = 640
"""Samples in a frame: 40 ms hold three periods of the lowest voice."""

TRANSFORM = 1024
"""Samples of the Fourier transform: a frame and the longest period, so that no period wraps around."""

BANDS = 30
LOWEST, HIGHEST = 100.0, 7000.0
"""Hz of the mel bands: below is hum, above most microphones and codecs differ."""

COEFFICIENTS = 20
LOWEST_PITCH, HIGHEST_PITCH = 70.0, 400.0
VOICED = 0.5
"""Autocorrelation at the pitch period, relative to that at 0, from which a frame counts as voiced. Praat's
default threshold is 0.45 (Boersma 1993)."""


class VoiceFrames(NamedTuple):
    """What was measured in the voiced frames.

    Attributes:
        cepstra: (frame, coefficient) mel cepstra 1 to `COEFFICIENTS`; the 0th, the loudness, is left out.
        pitch: (frame) Hz.
    """

    cepstra: Array
    pitch: Array


def voiced_frames(samples: Samples) -> VoiceFrames:
    """Measure the voiced frames of (sample,) sound at 16 kHz; there may be none."""
    if len(samples) < WINDOW:
        return VoiceFrames(np.empty((0, COEFFICIENTS)), np.empty(0))
    frames = np.lib.stride_tricks.sliding_window_view(samples.astype(np.float64), WINDOW)[::HOP]
    frames = frames - frames.mean(axis=1, keepdims=True)
    strength, pitch = _pitch(frames)
    loudness = (frames**2).mean(axis=1)
    # 30 dB below the loudest frame, room and noise prevail.
    chosen = (strength >= VOICED) & (loudness > loudness.max() * 1e-3) & (loudness > 0)
    return VoiceFrames(_cepstra(frames[chosen]), pitch[chosen])


def _pitch(frames: Array) -> tuple[Array, Array]:
    """Strength of the periodicity and its frequency in Hz, both (frame).

    The autocorrelation of the windowed frame over that of the window, as in Boersma (1993).
    """
    window = np.hanning(WINDOW)
    ours = _autocorrelation(frames * window)
    ours = ours / np.maximum(ours[:, :1], 1e-12)
    windows = _autocorrelation(window[None])
    ratio = ours / np.maximum(windows / windows[:, :1], 1e-3)
    shortest, longest = int(RATE / HIGHEST_PITCH), int(RATE / LOWEST_PITCH)
    lags = np.arange(shortest, longest + 1)
    before, here, after = (ratio[:, lags + step] for step in (-1, 0, 1))
    # A parabola through three lags: the period of a high voice lies between two of them, and much of its
    # peak would be lost.
    bend = before + after - 2 * here
    peaked = (here >= before) & (here >= after) & (bend < 0)
    shift = np.where(peaked, (before - after) / np.where(peaked, 2 * bend, 1.0), 0.0)
    height = here - (before - after) * shift / 4
    # A small price for long periods: twice the period fits a periodic sound as well (Boersma's octave cost).
    best = (height - 0.01 * np.log2(lags / shortest)).argmax(axis=1)
    rows = np.arange(len(frames))
    return height[rows, best], RATE / (lags[best] + shift[rows, best])


def _autocorrelation(frames: Array) -> Array:
    return np.fft.irfft(np.abs(np.fft.rfft(frames, TRANSFORM)) ** 2)


def _cepstra(frames: Array) -> Array:
    emphasized = frames[:, 1:] - 0.97 * frames[:, :-1]
    power = np.abs(np.fft.rfft(emphasized * np.hamming(WINDOW - 1), TRANSFORM)) ** 2
    energies = np.log(power @ _mel_filters().T + 1e-10)
    return np.asarray(dct(energies, norm="ortho")[:, 1 : COEFFICIENTS + 1])


@cache
def _mel_filters() -> Array:
    """(band, frequency) triangles, evenly spaced on the mel scale 2595 log10(1 + f / 700)."""
    ends = 2595 * np.log10(1 + np.array([LOWEST, HIGHEST]) / 700)
    corners = 700 * (10 ** (np.linspace(ends[0], ends[1], BANDS + 2) / 2595) - 1)
    frequencies = np.fft.rfftfreq(TRANSFORM, 1 / RATE)
    rising = (frequencies - corners[:-2, None]) / (corners[1:-1] - corners[:-2])[:, None]
    falling = (corners[2:, None] - frequencies) / (corners[2:] - corners[1:-1])[:, None]
    return np.asarray(np.maximum(0, np.minimum(rising, falling)), np.float64)
