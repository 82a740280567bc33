"""Eight prosodic measurements with Praat: the ones of the published MELD table.

In this order: duration (s), mean intensity (dB, averaged as energy), standard deviation of intensity (dB),
mean F0, standard deviation of F0, range of F0 (Hz), articulation rate (syllable nuclei a second), mean
harmonicity of voiced frames (dB).

Praat's default settings throughout. How near that comes to the published values, by the clip of MELD's test
dialogue 0, utterance 0 (measured with parselmouth 0.4.7):

| | published | both channels | their mean |
|---|---|---|---|
| duration | 2.27 | 2.270 | 2.270 |
| mean intensity | 60.326 | 60.327 | 60.318 |
| std of intensity | 9.525 | 9.575 | 9.578 |
| mean F0 | 168.86 | 168.856 | 168.851 |
| std of F0 | 56.304 | 56.304 | 56.297 |
| range of F0 | 184.29 | 184.301 | 184.290 |
| articulation rate | 5.286 | 5.286 | 5.286 |
| harmonicity | 6.799 | 6.833 | 6.883 |

So a sound with two channels is given to Praat with both, where they are at hand (`StereoSound`): Praat
averages the channels' energies and autocorrelations, which the mean of the samples does not. Standard
deviations divide by the number of frames, not by one less. No time step, rate or weight of the channels
gave 9.525 and 6.799; the table was likely measured on another copy of the sound.

Of the 9,988 rows of MELD's train part that are there: where no frame is voiced, mean F0 is missing, but its
deviation and range are 0. The articulation rate is missing where no nucleus is found, never 0. Times the
duration it is a whole number in all clips under half a second, but only in 77 % of those of 2 to 3 s and in
21 % of those over 10 s: it is the rate in the time that is not silent, as de Jong and Wempe define it. In
the clip above nothing is silent, and 12 nuclei are found in 2.27 s.
"""

from __future__ import annotations

import warnings
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from crossgate.conversation import FeatureSpec
from crossgate.errors import InputError
from crossgate.features.audio.harmonicity import harmonicity
from crossgate.media.clips import Sound, StereoSound

NAMES = (
    "duration",
    "intensity_mean",
    "intensity_std",
    "f0_mean",
    "f0_std",
    "f0_range",
    "articulation_rate",
    "harmonicity_mean",
)

SPEC = FeatureSpec("audio", "praat8", "1", len(NAMES), "Praat through parselmouth, default settings")

INSTALL = "pip install 'crossgate[prosody]'"

# de Jong and Wempe, "Praat script to detect syllable nuclei and measure speech rate automatically",
# Behavior Research Methods 41 (2009); the values of their script.
NUCLEUS_FLOOR = 50.0
"""Hz: the lowest pitch for the intensity in which nuclei are looked for."""

SILENCE = -25.0
"""dB under the loudest (its 99 % quantile): no nucleus is softer, and what stays softer is a pause."""

DIP = 2.0
"""dB by which the intensity must fall between a nucleus and the next peak."""

PAUSE = 0.3
"""Seconds of the shortest pause."""

SOUNDING = 0.1
"""Seconds of the shortest stretch between pauses."""


def available() -> bool:
    """Whether parselmouth is installed."""
    try:
        import parselmouth  # noqa: F401
    except ImportError:
        return False
    return True


class Praat8:
    """The measurements as an `AudioExtractor`. Raises InputError where parselmouth is not installed."""

    spec = SPEC
    rate: int | None = None

    def __init__(self) -> None:
        if not available():
            raise InputError("praat-parselmouth is not installed", where="audio features praat8", fix=INSTALL)

    def __call__(self, sound: Sound) -> npt.NDArray[np.float32]:
        """The vector (8,) of a sound; see `praat8`."""
        return praat8(sound)


def praat8(sound: Sound) -> npt.NDArray[np.float32]:
    """Measure a sound at its own rate.

    Args:
        sound: both channels of a `StereoSound` are measured.

    Returns:
        (8,) float32 in the order of `NAMES`; NaN where Praat finds nothing to measure. All NaN, so not
        present, where the sound is digital silence or too short for its intensity (64 ms).

    Raises InputError where parselmouth is not installed.
    """
    try:
        import parselmouth
    except ImportError as error:
        raise InputError(
            "praat-parselmouth is not installed", where="audio features praat8", fix=INSTALL
        ) from error
    values = np.full(len(NAMES), np.nan, np.float32)
    samples = sound.channels if isinstance(sound, StereoSound) else sound.samples[None]
    if not samples.size or np.ptp(samples) == 0:
        return values
    clip = parselmouth.Sound(samples.astype(np.float64), float(sound.rate))
    measured: list[float] = [sound.seconds]
    for measure, size in ((_intensity, 2), (_pitch, 3), (_articulation_rate, 1)):
        try:
            with warnings.catch_warnings():
                # Of steady sound, in which there is no pause to find.
                warnings.simplefilter("ignore", parselmouth.PraatWarning)
                measured += measure(clip)
        except parselmouth.PraatError:  # the sound is shorter than the analysis needs
            measured += [np.nan] * size
    if np.isnan(measured[1]):
        return values
    ratios = harmonicity(samples, sound.rate)
    values[:] = [*measured, ratios.mean() if len(ratios) else np.nan]
    return values


def _intensity(clip: Any) -> list[float]:
    from parselmouth.praat import call

    intensity = clip.to_intensity()
    return [call(intensity, "Get mean", 0, 0, "energy"), float(intensity.values[0].std())]


def _pitch(clip: Any) -> list[float]:
    frequencies = clip.to_pitch().selected_array["frequency"]
    voiced = frequencies[frequencies > 0]
    if not len(voiced):
        return [np.nan, 0.0, 0.0]
    return [float(voiced.mean()), float(voiced.std()), float(np.ptp(voiced))]


def _articulation_rate(clip: Any) -> list[float]:
    """Syllable nuclei a second that is not silent, after de Jong and Wempe.

    A nucleus is a peak of intensity that is not much softer than the loudest, is followed by a dip before the
    next peak (so that the last peak is none), is voiced, and is in no pause.
    """
    from parselmouth.praat import call

    intensity = clip.to_intensity(minimum_pitch=NUCLEUS_FLOOR)
    levels, times = intensity.values[0], intensity.xs()
    loudest = call(intensity, "Get quantile", 0, 0, 0.99)
    softest = call(intensity, "Get minimum", 0, 0, "Parabolic")
    highest = call(intensity, "Get maximum", 0, 0, "Parabolic")
    threshold = max(loudest + SILENCE, softest)
    inner = levels[1:-1]
    peaks = 1 + np.flatnonzero((inner > levels[:-2]) & (inner >= levels[2:]) & (inner > threshold))
    # Praat's command counts from the highest value, the threshold from the quantile.
    silence = SILENCE - (highest - loudest)
    pauses = call(intensity, "To TextGrid (silences)", silence, PAUSE, SOUNDING, "silent", "sounding")
    sounding = [
        (call(pauses, "Get start time of interval", 1, k), call(pauses, "Get end time of interval", 1, k))
        for k in range(1, call(pauses, "Get number of intervals", 1) + 1)
        if call(pauses, "Get label of interval", 1, k) == "sounding"
    ]
    pitch = call(clip, "To Pitch (ac)", 0.02, 30, 4, "no", 0.03, 0.25, 0.01, 0.35, 0.25, 450)
    nuclei = 0
    for peak, following in pairwise(peaks):
        time = times[peak]
        falls = levels[peak] - levels[peak : following + 1].min() > DIP
        voiced = not np.isnan(pitch.get_value_at_time(time))
        nuclei += falls and voiced and any(start <= time < end for start, end in sounding)
    seconds = sum(end - start for start, end in sounding)
    return [nuclei / seconds if nuclei else np.nan]
