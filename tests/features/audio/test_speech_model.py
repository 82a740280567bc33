"""Means of a speech model's hidden states, with a tiny model drawn at random."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from crossgate.errors import InputError
from crossgate.features.audio import speech_model
from crossgate.features.audio.speech_model import RATE, SpeechModel
from crossgate.media.clips import Sound

transformers = pytest.importorskip("transformers", reason="transformers is not installed")


def save_tiny(folder: Path, seed: int = 0) -> Path:
    torch.manual_seed(seed)
    config = transformers.Wav2Vec2Config(
        hidden_size=24,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        conv_dim=(16, 16),
        conv_kernel=(10, 8),
        conv_stride=(5, 4),
        num_feat_extract_layers=2,
        num_conv_pos_embeddings=8,
        num_conv_pos_embedding_groups=2,
    )
    transformers.Wav2Vec2Model(config).save_pretrained(folder)
    transformers.Wav2Vec2FeatureExtractor(sampling_rate=RATE, do_normalize=True).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("models") / "Tiny-Speech.1")


def noise(seconds: float) -> Sound:
    samples = 0.1 * np.random.default_rng(0).standard_normal(round(seconds * RATE))
    return Sound(samples.astype(np.float32), RATE)


def test_the_mean_of_the_last_states(tiny: Path) -> None:
    extract = SpeechModel(str(tiny))
    assert (extract.spec.column, extract.spec.dimension) == ("audio_tiny_speech_1_mean", 24)
    sound = noise(0.5)
    vector = extract(sound)
    model = transformers.Wav2Vec2Model.from_pretrained(tiny).eval()
    samples = (sound.samples - sound.samples.mean()) / np.sqrt(sound.samples.var() + 1e-7)
    with torch.inference_mode():
        states = model(torch.from_numpy(samples)[None]).last_hidden_state[0]
    np.testing.assert_allclose(vector, states.mean(dim=0).numpy(), atol=1e-4)
    assert vector.dtype == np.float32


def test_long_sound_is_read_in_pieces(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    extract = SpeechModel(str(tiny))
    whole = extract(noise(1.0))
    monkeypatch.setattr(speech_model, "LONGEST", 0.3)
    pieces = extract(noise(1.0))
    assert np.isfinite(pieces).all()
    assert not np.array_equal(pieces, whole)
    np.testing.assert_allclose(pieces, whole, atol=0.3)


def test_silence_and_too_little_are_not_present(tiny: Path) -> None:
    extract = SpeechModel(str(tiny))
    for samples in (np.zeros(0), np.zeros(RATE), np.array([0.1, 0.2, 0.1])):
        assert np.isnan(extract(Sound(samples.astype(np.float32), RATE))).all()


def test_the_version_is_that_of_the_weights(tiny: Path, tmp_path: Path) -> None:
    version = SpeechModel(str(tiny)).spec.version
    assert SpeechModel(str(save_tiny(tmp_path / "same"))).spec.version == version
    assert SpeechModel(str(save_tiny(tmp_path / "other", seed=1))).spec.version != version


def test_what_is_no_speech_model_is_refused(tiny: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        SpeechModel(str(tmp_path / "absent"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="cannot be loaded"):
        SpeechModel(str(tmp_path / "empty"))
    other = save_tiny(tmp_path / "telephone")
    transformers.Wav2Vec2FeatureExtractor(sampling_rate=8000).save_pretrained(other)
    with pytest.raises(InputError, match="8000 Hz"):
        SpeechModel(str(other))
    with pytest.raises(InputError, match="44100"):
        SpeechModel(str(tiny))(Sound(np.zeros(10, np.float32), 44100))


def test_a_hub_that_does_not_answer_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub

    def refuse(*_: object, **__: object) -> str:
        raise ConnectionError("no network here")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", refuse)
    with pytest.raises(InputError, match="no network here"):
        SpeechModel("somebody/some-model")


def test_a_name_on_the_hub(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub

    monkeypatch.setattr(huggingface_hub, "snapshot_download", lambda *_, **__: str(tiny))
    spec = SpeechModel("somebody/some-model").spec
    assert spec.column == "audio_some_model_mean"
    assert spec.version == SpeechModel(str(tiny)).spec.version
