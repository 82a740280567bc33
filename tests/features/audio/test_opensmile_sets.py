"""openSMILE's functionals: their number and order, sounds with nothing to measure."""

from __future__ import annotations

import numpy as np
import pytest

from crossgate.errors import InputError
from crossgate.features.audio.opensmile_sets import RATE, OpenSmile
from crossgate.media.clips import Sound

pytest.importorskip("opensmile", reason="opensmile is not installed")


def voice(frequency: float) -> Sound:
    time = np.arange(RATE) / RATE
    samples = sum(0.2 / k * np.sin(2 * np.pi * frequency * k * time) for k in range(1, 9))
    return Sound(np.asarray(samples, np.float32), RATE)


@pytest.mark.parametrize(("name", "dimension"), [("is10", 1582), ("egemaps88", 88)])
def test_a_vector_of_each_set(name: str, dimension: int) -> None:
    extract = OpenSmile(name)
    assert extract.spec.column == f"audio_{name}"
    assert extract.spec.dimension == dimension == len(extract.names)
    vector = extract(voice(150))
    assert vector.shape == (dimension,)
    assert vector.dtype == np.float32
    assert np.isfinite(vector).all()
    np.testing.assert_array_equal(vector, extract(voice(150)))


def test_a_higher_voice_has_a_higher_pitch() -> None:
    extract = OpenSmile("egemaps88")
    place = extract.names.index("F0semitoneFrom27.5Hz_sma3nz_amean")
    octave = extract(voice(240))[place] - extract(voice(120))[place]
    assert octave == pytest.approx(12, abs=0.5)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("size", [0, 1, 300, RATE])
def test_silence_and_too_little_are_not_present(size: int) -> None:
    assert np.isnan(OpenSmile("egemaps88")(Sound(np.zeros(size, np.float32), RATE))).all()
    short = np.random.default_rng(0).standard_normal(min(size, 300)).astype(np.float32)
    assert np.isnan(OpenSmile("is10")(Sound(short, RATE))).all()


def test_another_rate_is_refused() -> None:
    with pytest.raises(InputError, match="44100"):
        OpenSmile("egemaps88")(Sound(np.zeros(10, np.float32), 44100))
