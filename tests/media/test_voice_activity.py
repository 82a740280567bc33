"""Voice activity by silero-vad and by loudness, on made sound and on the real recordings."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file
from toy_voices import RATE, decoded, in_blocks, voice

from crossgate.errors import InputError
from crossgate.media.clips import Sound, Span
from crossgate.media.voices import activity, silero
from crossgate.media.voices.activity import (
    LoudnessVoiceActivity,
    SileroVoiceActivity,
    VoiceActivity,
    installed_voice_activity,
)
from crossgate.media.voices.silence import silent
from crossgate.media.voices.silero import SileroNetwork, SileroStream, load_silero

needs_silero = pytest.mark.skipif(silero.silero_weights() is None, reason="silero-vad is not installed")

METHODS = [
    pytest.param(LoudnessVoiceActivity, id="loudness"),
    pytest.param(SileroVoiceActivity, id="silero", marks=needs_silero),
]


@cache
def loaded(method: type[VoiceActivity]) -> VoiceActivity:
    """Loaded once for all examples."""
    return method()


def reference(path: Path) -> list[Span]:
    """Turns of an RTTM file."""
    rows = [line.split() for line in path.read_text().splitlines()]
    return [Span(float(row[3]), float(row[3]) + float(row[4])) for row in rows]


def cues(path: Path) -> list[Span]:
    """Times of a WebVTT file."""
    found = re.findall(r"(\d+):(\d+):([\d.]+) --> (\d+):(\d+):([\d.]+)", path.read_text())
    clock = [[int(h) * 3600 + int(m) * 60 + float(s) for h, m, s in (row[:3], row[3:])] for row in found]
    return [Span(start, end) for start, end in clock]


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sizes=st.lists(st.integers(0, 200_000), max_size=6), seed=st.integers(0, 3))
def test_the_result_does_not_depend_on_the_blocks(
    method: type[VoiceActivity], sizes: list[int], seed: int
) -> None:
    random = np.random.default_rng(seed)
    # Longer than one piece, so that the state goes over from piece to piece.
    samples = (random.normal(size=20 * RATE) * 0.003).astype(np.float32)
    samples[5 * RATE : 7 * RATE] += voice(120, 1.0, 2.0, seed)
    samples[16 * RATE : 17 * RATE] += voice(220, 1.2, 1.0, seed)
    listener = loaded(method)
    whole = listener.listen([Sound(samples, RATE)])
    cut = listener.listen(in_blocks(samples, sizes))
    assert np.array_equal(whole.curve.probability, cut.curve.probability)
    assert whole.spans == cut.spans
    assert whole.curve.seconds == cut.curve.seconds == 20


@pytest.mark.parametrize("method", METHODS)
def test_where_there_is_nothing_nobody_speaks(method: type[VoiceActivity]) -> None:
    listener = method()
    assert listener.listen([]).spans == []
    assert listener.listen([Sound(np.empty(0, np.float32), RATE)]).spans == []
    heard = listener.listen([Sound(np.zeros(3 * RATE, np.float32), RATE)])
    assert heard.spans == []
    assert len(heard.curve.probability) == 94
    hiss = np.random.default_rng(0).normal(size=20 * RATE).astype(np.float32) * 1e-3
    assert listener.listen([Sound(hiss, RATE)]).spans == []


@pytest.mark.parametrize("method", METHODS)
def test_samples_that_are_no_numbers_are_silence_and_are_reported(method: type[VoiceActivity]) -> None:
    samples = np.zeros(2 * RATE, np.float32)
    samples[100:103] = [np.nan, np.inf, -np.inf]
    heard = method().listen([Sound(samples, RATE)])
    assert np.isfinite(heard.curve.probability).all()
    assert heard.curve.notes == ("3 samples of the sound were no numbers and count as silence",)


def test_another_rate_is_a_mistake_of_the_program() -> None:
    with pytest.raises(ValueError, match="16000 Hz, got 8000 Hz"):
        LoudnessVoiceActivity().listen([Sound(np.zeros(10, np.float32), 8000)])


def test_loudness_finds_what_stands_out_and_says_what_it_is() -> None:
    samples = np.random.default_rng(1).normal(size=12 * RATE).astype(np.float32) * 1e-3
    samples[3 * RATE : 5 * RATE] += voice(120, 1.0, 2.0, 1)
    found = LoudnessVoiceActivity().listen([Sound(samples, RATE, 100.0)]).spans
    assert found == [pytest.approx((103, 105), abs=0.1)]
    assert "loudness alone" in str(LoudnessVoiceActivity.note)


def test_loudness_is_what_there_is_without_silero(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(activity, "silero_weights", lambda: None)
    assert installed_voice_activity().note


@needs_silero
def test_silero_is_taken_where_it_is_installed() -> None:
    listener = installed_voice_activity()
    assert listener.name.startswith("silero-vad ")
    assert listener.note is None


def test_without_silero_its_voice_activity_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(silero, "silero_weights", lambda: None)
    with pytest.raises(InputError, match="pip install 'silero-vad"):
        SileroVoiceActivity()


def test_weights_of_another_network_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "weights.safetensors"
    monkeypatch.setattr(silero, "silero_weights", lambda: path)
    save_file({"conv1.weight": torch.zeros(3)}, path)
    with pytest.raises(InputError, match=r"weights\.safetensors.*no weights for this network"):
        load_silero()
    path.write_bytes(b"no safetensors")
    with pytest.raises(InputError, match="no weights for this network"):
        load_silero()


@needs_silero
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_network_is_silero_vads() -> None:
    """With the weights of the package's TorchScript model it gives that model's probabilities."""
    package = pytest.importorskip("silero_vad")
    threads = torch.get_num_threads()
    theirs = package.load_silero_vad(onnx=False)
    torch.set_num_threads(threads)
    names = {"stft.forward_basis_buffer": "stft_conv.weight"}
    for kind in ("weight", "bias"):
        names[f"decoder.decoder.2.{kind}"] = f"final_conv.{kind}"
        names |= {f"encoder.{k}.reparam_conv.{kind}": f"conv{k + 1}.{kind}" for k in range(4)}
        names |= {f"decoder.rnn.{kind}_{gate}": f"lstm_cell.{kind}_{gate}" for gate in ("ih", "hh")}
    network = SileroNetwork()
    network.take({names[name]: tensor for name, tensor in theirs._model.state_dict().items()})
    samples = np.concatenate([voice(140, 1.1, 2.0, 3), np.zeros(RATE, np.float32), voice(90, 1.0, 1.0, 4)])
    samples = samples[: len(samples) // 512 * 512]
    expected = theirs.audio_forward(torch.from_numpy(samples)[None], RATE)[0].numpy()
    assert expected.max() > 0.5
    assert np.allclose(SileroStream(network)(samples), expected, atol=1e-4)


@needs_silero
def test_speech_in_the_debate_lies_within_its_reference_turns(shared_media: Path) -> None:
    samples = decoded(shared_media / "debate_5s.mp4")
    found = SileroVoiceActivity().listen([Sound(samples, RATE)]).spans
    turns = reference(shared_media / "debate_5s.rttm")
    assert found
    for span in found:
        assert any(turn.start - 0.25 <= span.start and span.end <= turn.end + 0.25 for turn in turns)


@needs_silero
def test_every_cue_of_the_meeting_holds_one_stretch_of_speech(shared_media: Path) -> None:
    samples = decoded(shared_media / "grid_meeting.mp4")
    found = SileroVoiceActivity().listen(in_blocks(samples, [100_000, 100_000])).spans
    spoken = cues(shared_media / "grid_meeting.vtt")
    assert len(found) == len(spoken) == 8
    for span, cue in zip(found, spoken, strict=True):
        assert cue.start - 0.25 <= span.start
        assert span.end <= cue.end + 0.25
        assert span.seconds > 1


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        ([], True),
        ([0.0] * 100, True),
        ([float("nan")] * 100, True),
        ([0.0009, -0.0009] * 50, True),
        ([0.0011, -0.0011] * 50, False),
        ([0.0] * 99 + [0.5], False),
    ],
)
def test_silence_is_below_60_decibels(samples: list[float], expected: bool) -> None:
    assert silent(Sound(np.array(samples, np.float32), 44_100)) is expected
