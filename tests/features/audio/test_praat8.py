"""Praat's measurements: a published row, sounds of known values, sounds with nothing to measure."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossgate.features.audio.praat8 import NAMES, SPEC, Praat8, praat8
from crossgate.media.clips import Sound, Span, StereoSound
from crossgate.media.recording import open_recording

pytest.importorskip("parselmouth", reason="praat-parselmouth is not installed")

RATE = 16000

PUBLISHED = {
    "duration": 2.27,
    "intensity_mean": 60.326,
    "intensity_std": 9.525,
    "f0_mean": 168.86,
    "f0_std": 56.304,
    "f0_range": 184.29,
    "articulation_rate": 5.286,
    "harmonicity_mean": 6.799,
}


def tone(frequency: float, seconds: float, amplitude: float = 0.5, rate: int = RATE) -> np.ndarray:
    """A voice-like sound: four harmonics."""
    time = np.arange(round(seconds * rate)) / rate
    harmonics = sum(np.sin(2 * np.pi * frequency * k * time) / k for k in range(1, 5))
    return (amplitude * harmonics / 2).astype(np.float32)


def measured(samples: np.ndarray, rate: int = RATE) -> dict[str, float]:
    return dict(zip(NAMES, praat8(Sound(samples, rate)).tolist(), strict=True))


def test_the_published_row_is_reproduced(shared_media: Path) -> None:
    with open_recording(shared_media / "meld_test_dia0_utt0.wav") as recording:
        ((_, sound),) = recording.sounds([Span(0, recording.info.duration)])
    found = dict(zip(NAMES, praat8(sound).tolist(), strict=True))
    for name, value in PUBLISHED.items():
        assert found[name] == pytest.approx(value, rel=0.15 if name == "articulation_rate" else 0.01), name


def test_a_steady_voice() -> None:
    samples = tone(150, 1.0)
    found = measured(samples)
    assert found["duration"] == pytest.approx(1)
    # dB re 2e-5 Pa of the mean square, Praat's definition.
    level = 10 * np.log10(np.mean(samples.astype(float) ** 2) / 4e-10)
    assert found["intensity_mean"] == pytest.approx(level, abs=0.1)
    assert found["intensity_std"] < 0.5
    assert found["f0_mean"] == pytest.approx(150, abs=0.5)
    assert found["f0_std"] < 0.5
    assert found["f0_range"] < 1
    assert found["harmonicity_mean"] > 20


def syllables(count: int, pause: float = 0.0) -> np.ndarray:
    """So many bursts of voice of 0.15 s, 0.1 s apart, with silence in the middle, each softer by a trace."""
    hum = 0.02 * tone(150, 0.05)
    parts: list[np.ndarray] = []
    for k in range(count):
        if k == count // 2:
            parts.append(np.zeros(round(pause * RATE), np.float32))
        parts += [hum, (1 - 0.01 * k) * tone(150, 0.15) * np.hanning(round(0.15 * RATE)), hum]
    return np.concatenate(parts).astype(np.float32)


@pytest.mark.parametrize("count", [5, 8])
def test_syllables_are_counted(count: int) -> None:
    found = measured(syllables(count))
    # The last peak is followed by no other and does not count.
    assert found["articulation_rate"] * 0.25 * count == pytest.approx(count - 1, abs=0.2)


def test_pauses_do_not_slow_the_articulation() -> None:
    straight, paused = measured(syllables(8)), measured(syllables(8, pause=1.0))
    assert paused["duration"] == pytest.approx(straight["duration"] + 1)
    assert paused["articulation_rate"] == pytest.approx(straight["articulation_rate"], rel=0.2)


def test_noise_has_no_pitch_but_no_spread_of_it_either() -> None:
    noise = 0.1 * np.random.default_rng(0).standard_normal(RATE // 5).astype(np.float32)
    found = measured(noise)
    assert np.isnan(found["f0_mean"])
    assert (found["f0_std"], found["f0_range"]) == (0, 0)
    assert np.isfinite(found["intensity_mean"])
    assert np.isnan(found["articulation_rate"])


@pytest.mark.parametrize(
    "samples", [np.zeros(0), np.zeros(RATE), np.full(RATE, 0.25), tone(150, 0.03), np.array([0.1])]
)
def test_nothing_to_measure_is_not_present(samples: np.ndarray) -> None:
    assert np.isnan(praat8(Sound(samples.astype(np.float32), RATE))).all()


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    size=st.integers(0, 8000),
    rate=st.sampled_from([8000, 16000, 44100]),
    kind=st.sampled_from(["noise", "tone", "click", "loud"]),
    channels=st.sampled_from([1, 2]),
)
def test_no_sound_makes_it_fail(size: int, rate: int, kind: str, channels: int) -> None:
    random = np.random.default_rng(size)
    samples = {
        "noise": 0.1 * random.standard_normal(size),
        "tone": tone(220, size / rate, rate=rate)[:size],
        "click": (np.arange(size) == size // 2).astype(float),
        "loud": 50 * random.standard_normal(size),
    }[kind].astype(np.float32)
    sound = Sound(samples, rate)
    if channels == 2:
        sound = StereoSound(samples, rate, channels=np.stack([samples, samples]))
    vector = praat8(sound)
    assert vector.shape == (8,)
    assert vector.dtype == np.float32
    assert not np.isinf(vector).any()
    assert np.isnan(vector).all() or vector[0] == pytest.approx(size / rate)


def test_sound_that_cancels_in_the_mean_is_heard() -> None:
    voice = tone(150, 1.0)
    stereo = StereoSound(np.zeros_like(voice), RATE, channels=np.stack([voice, -voice]))
    np.testing.assert_allclose(praat8(stereo), praat8(Sound(voice, RATE)), rtol=0.02, atol=0.05)


def test_the_extractor_names_the_definition() -> None:
    extract = Praat8()
    assert (extract.spec, extract.rate) == (SPEC, None)
    assert (SPEC.column, SPEC.version, SPEC.dimension) == ("audio_praat8", "1", 8)
    np.testing.assert_array_equal(extract(Sound(tone(150, 1), RATE)), praat8(Sound(tone(150, 1), RATE)))
