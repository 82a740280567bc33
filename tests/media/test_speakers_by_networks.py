"""Who speaks, by trained networks: x-vectors (a tiny random network) and pyannote (a stand-in)."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from toy_voices import RATE, voice

from crossgate.errors import InputError
from crossgate.media.clips import Sound, Span
from crossgate.media.voices.clustering import ClusteredSpeakers
from crossgate.media.voices.pyannote_speakers import PyannoteSpeakers
from crossgate.media.voices.speakers import speaker_labeller
from crossgate.media.voices.xvector import XVectorEmbedder


class Turn(NamedTuple):
    start: float
    end: float


class Annotation:
    """pyannote.core's, as far as it is used."""

    def __init__(self, turns: list[tuple[float, float, str]]) -> None:
        self.turns = turns

    def itertracks(self, yield_label: bool) -> Iterator[tuple[Turn, int, str]]:
        assert yield_label
        for place, (start, end, speaker) in enumerate(self.turns):
            yield Turn(start, end), place, speaker


class StandIn:
    """`pyannote.audio.Pipeline`."""

    turns: tuple[tuple[float, float, str], ...] = ((0.0, 2.0, "B"), (2.5, 4.0, "A"), (6.0, 7.0, "B"))
    answers_as_before = False
    refuses = False
    fails: Exception | None = None

    @classmethod
    def from_pretrained(cls, checkpoint: str, token: str | None = None) -> Any:
        assert os.environ["PYANNOTE_METRICS_ENABLED"] == "false"
        if cls.fails is not None:
            raise cls.fails
        if cls.refuses:
            return None
        one = cls()
        one.loaded, one.heard = (checkpoint, token), []
        return one

    loaded: tuple[str, str | None]
    heard: list[tuple[dict[str, Any], dict[str, Any]]]

    def __call__(self, file: dict[str, Any], **options: Any) -> Any:
        assert os.environ["PYANNOTE_METRICS_ENABLED"] == "false"
        self.heard.append((file, options))
        annotation = Annotation(list(self.turns))
        if self.answers_as_before:
            return annotation
        return SimpleNamespace(exclusive_speaker_diarization=annotation, speaker_diarization=None)


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> type[StandIn]:
    """Takes the place of pyannote.audio, with telemetry on; its class attributes may be set."""

    class Pipeline(StandIn):
        pass

    module = ModuleType("pyannote.audio")
    module.Pipeline = Pipeline  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pyannote", ModuleType("pyannote"))
    monkeypatch.setitem(sys.modules, "pyannote.audio", module)
    monkeypatch.setenv("PYANNOTE_METRICS_ENABLED", "true")
    return Pipeline


SPANS = [Span(0.5, 2.6), Span(2.4, 3.0), Span(4.2, 4.4), Span(5.7, 5.8), Span(9.0, 9.5)]


def sounds() -> list[tuple[int, Sound]]:
    return [(k, Sound(voice(120, 1.0, span.seconds, k), RATE, span.start)) for k, span in enumerate(SPANS)]


@pytest.mark.parametrize("before", [False, True])
def test_each_utterance_goes_to_who_speaks_most_in_it_or_next_to_it(
    stand_in: type[StandIn], before: bool
) -> None:
    stand_in.answers_as_before = before
    labeller = speaker_labeller("some/pipeline")
    assert labeller.name == "pyannote.audio, some/pipeline"
    expected = [f"Speaker {number}" for number in (1, 2, 2, 1, 1)]
    assert labeller.label(sounds(), SPANS) == expected
    assert "guessed" in labeller.notes[0]


@pytest.mark.usefixtures("stand_in")
def test_the_pipeline_hears_the_utterances_at_their_times_and_nothing_else() -> None:
    labeller = PyannoteSpeakers("some/pipeline", token="t", speakers=2)
    labeller.label(sounds(), SPANS)
    pipeline = labeller._pipeline
    assert pipeline.loaded == ("some/pipeline", "t")
    [(file, options)] = pipeline.heard
    assert options == {"num_speakers": 2}
    assert file["sample_rate"] == RATE
    waveform = file["waveform"]
    assert waveform.shape == (1, round(9.5 * RATE))
    assert not waveform[0, : RATE // 2].any()
    assert waveform[0, round(9.05 * RATE) : round(9.4 * RATE)].any()


@pytest.mark.usefixtures("stand_in")
def test_silence_is_not_shown_to_the_pipeline() -> None:
    labeller = PyannoteSpeakers()
    assert labeller.label([], []) == []
    silence = [(0, Sound(np.zeros(RATE, np.float32), RATE))]
    assert labeller.label(silence, [Span(0, 1)]) == ["Speaker 1"]
    assert labeller._pipeline.heard == []


def test_where_the_pipeline_finds_nobody_all_are_one(stand_in: type[StandIn]) -> None:
    stand_in.turns = ()
    assert PyannoteSpeakers().label(sounds(), SPANS) == ["Speaker 1"] * 5


def test_a_pipeline_that_cannot_be_had_says_what_to_do(
    stand_in: type[StandIn], monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in.refuses = True
    with pytest.raises(InputError, match=r"hub does not give the pipeline\n.*HF_TOKEN"):
        PyannoteSpeakers()
    stand_in.fails = RuntimeError("no route\nto the hub")
    with pytest.raises(InputError, match=r"cannot be loaded: no route\n.*accept the conditions"):
        PyannoteSpeakers()
    monkeypatch.setitem(sys.modules, "pyannote.audio", None)
    with pytest.raises(InputError, match=r"pip install 'crossgate\[diarization\]'"):
        PyannoteSpeakers()
    with pytest.raises(InputError, match="expected 1 or more"):
        PyannoteSpeakers(speakers=0)


@pytest.fixture(scope="module")
def tiny_network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A WavLM of a few thousand random weights, saved as its makers save theirs."""
    transformers = pytest.importorskip("transformers", reason="the extra text is not installed")
    torch.manual_seed(0)
    config = transformers.WavLMConfig(
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        conv_dim=(8, 8),
        conv_stride=(20, 16),
        conv_kernel=(40, 16),
        num_feat_extract_layers=2,
        num_conv_pos_embeddings=8,
        num_conv_pos_embedding_groups=2,
        tdnn_dim=(8, 8, 8, 8, 12),
        xvector_output_dim=10,
    )
    folder = tmp_path_factory.mktemp("wavlm")
    transformers.WavLMForXVector(config).save_pretrained(folder)
    transformers.Wav2Vec2FeatureExtractor().save_pretrained(folder)
    return folder


def test_an_x_vector_network_embeds_and_serves_the_clustering(tiny_network: Path) -> None:
    embedder = XVectorEmbedder.load(str(tiny_network))
    assert embedder.threshold == pytest.approx(np.sqrt(2 - 2 * 0.86))
    sound = Sound(voice(120, 1.0, 1.5, 0), RATE)
    vector = embedder.embed(sound)
    assert vector is not None
    assert vector.shape == (10,)
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)
    assert np.array_equal(vector, embedder.embed(sound))
    assert embedder.embed(Sound(sound.samples[: RATE // 3], RATE)) is None
    labeller = ClusteredSpeakers(embedder)
    assert str(tiny_network) in labeller.name
    assert labeller.label([(0, sound), (1, sound)], [Span(0, 1.5), Span(2, 3.5)]) == ["Speaker 1"] * 2


def test_only_the_start_of_a_long_utterance_is_read(tiny_network: Path) -> None:
    embedder = XVectorEmbedder.load(str(tiny_network))
    long = np.resize(voice(120, 1.0, 2.0, 0), 21 * RATE)
    cut = embedder.embed(Sound(long[: 20 * RATE], RATE))
    assert cut == pytest.approx(embedder.embed(Sound(long, RATE)))


def test_an_x_vector_network_that_is_not_there_or_pickled_is_refused(
    tiny_network: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=r"cannot be loaded: .*\n.*model\.safetensors"):
        XVectorEmbedder.load(str(tmp_path))
    for name in ("config.json", "preprocessor_config.json"):
        (tmp_path / name).write_bytes((tiny_network / name).read_bytes())
    torch.save({}, tmp_path / "pytorch_model.bin")
    with pytest.raises(InputError, match="cannot be loaded"):
        XVectorEmbedder.load(str(tmp_path))


def test_an_x_vector_network_for_another_rate_is_refused(tiny_network: Path, tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    for path in tiny_network.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    transformers.Wav2Vec2FeatureExtractor(sampling_rate=8000).save_pretrained(tmp_path)
    with pytest.raises(InputError, match="takes 8000 Hz, expected 16000 Hz"):
        XVectorEmbedder.load(str(tmp_path))
