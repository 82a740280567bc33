"""Harmonicity: equal to Praat's, and right where it is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from crossgate.features.audio import harmonicity as module
from crossgate.features.audio.harmonicity import harmonicity
from crossgate.media.clips import Span
from crossgate.media.recording import open_recording


def praats(samples: np.ndarray, rate: int) -> np.ndarray:
    parselmouth = pytest.importorskip("parselmouth", reason="praat-parselmouth is not installed")
    values = parselmouth.Sound(samples.astype(float), float(rate)).to_harmonicity_cc().values[0]
    return values[values != -200]


def voice(seconds: float, rate: int, noise: float, seed: int) -> np.ndarray:
    """(1, sample): a gliding voice of ten harmonics that fades, with low-passed noise."""
    random = np.random.default_rng(seed)
    time = np.arange(round(seconds * rate)) / rate
    phase = 2 * np.pi * np.cumsum(120 + 60 * np.sin(2 * time + seed)) / rate
    hiss = np.convolve(random.standard_normal(len(time)), np.hanning(16) / 8, mode="same")
    samples = np.exp(-time) * sum(np.sin(k * phase) / k for k in range(1, 11)) + noise * hiss
    return samples[None].astype(np.float32) / 4


@pytest.mark.parametrize("rate", [8000, 16000, 44100, 48000])
@pytest.mark.parametrize("noise", [0.05, 0.5])
def test_it_is_praats(rate: int, noise: float) -> None:
    for seed in range(3):
        samples = voice(1.5, rate, noise, seed)
        expected, found = praats(samples, rate), harmonicity(samples, rate)
        assert abs(len(found) - len(expected)) <= 1
        assert found.mean() == pytest.approx(expected.mean(), rel=0.005, abs=0.05)
        if len(found) == len(expected):
            assert np.median(np.abs(found - expected)) < 0.001


@pytest.mark.parametrize("name", ["meld_test_dia0_utt0.wav", "grid_meeting.mp4", "debate_5s.mp4"])
def test_it_is_praats_on_real_speech(shared_media: Path, name: str) -> None:
    with open_recording(shared_media / name) as recording:
        for _, sound in recording.sounds([Span(0, 2.27), Span(2.5, 4.5)]):
            if sound.seconds:
                samples = sound.channels  # type: ignore[attr-defined]
                expected = praats(samples, sound.rate)
                found = harmonicity(samples, sound.rate)
                assert len(found) == len(expected)
                assert found.mean() == pytest.approx(expected.mean(), abs=0.005)


@pytest.mark.parametrize("ratio", [10.0, 20.0])
def test_a_tone_in_noise_has_its_ratio(ratio: float) -> None:
    random = np.random.default_rng(0)
    time = np.arange(32000) / 16000
    tone = np.sqrt(2) * np.sin(2 * np.pi * 100 * time)
    noise = random.standard_normal(len(time)) * 10 ** (-ratio / 20)
    # The highest of many peaks is somewhat higher than the true one.
    assert harmonicity((tone + noise)[None].astype(np.float32), 16000).mean() == pytest.approx(ratio, abs=1.2)


def test_channels_are_added() -> None:
    samples = voice(0.5, 16000, 0.2, 0)
    twice = harmonicity(np.concatenate([samples, samples]), 16000)
    np.testing.assert_allclose(twice, harmonicity(samples, 16000), atol=1e-6)


@pytest.mark.parametrize("size", [0, 1, 200, 426])
def test_too_short_or_silent(size: int) -> None:
    assert len(harmonicity(np.ones((1, size), np.float32), 16000)) == 0
    assert len(harmonicity(np.zeros((2, 16000), np.float32), 16000)) == 0
    noise = np.random.default_rng(0).standard_normal((1, size)).astype(np.float32)
    assert len(harmonicity(noise, 16000)) == 0


def test_batches_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    samples = voice(2.0, 16000, 0.2, 1)
    whole = harmonicity(samples, 16000)
    monkeypatch.setattr(module, "BATCH", 16)
    np.testing.assert_allclose(harmonicity(samples, 16000), whole, atol=1e-9)
