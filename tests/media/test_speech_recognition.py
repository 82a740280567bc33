"""Whisper through faster-whisper's interface, with a stand-in for its model."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import pytest
from toy_voices import RATE, voice

from crossgate.errors import InputError
from crossgate.media.clips import Sound
from crossgate.media.transcripts.segments import Segment
from crossgate.media.voices.recognition import WhisperRecognizer


class Word(NamedTuple):
    start: float
    end: float
    word: str


class Said(NamedTuple):
    start: float
    end: float
    text: str
    words: list[Word] | None


class StandIn:
    """`faster_whisper.WhisperModel`: hears the same in every utterance, remembers what it was asked."""

    supported_languages: tuple[str, ...] = ("en", "de")
    probability = 0.9
    fails: Exception | None = None
    says: tuple[Said, ...] = (
        Said(0.0, 0.9, " You did what?", [Word(0.1, 0.3, " You"), Word(0.3, 0.8, " did what?")]),
        Said(0.9, 9.0, " Oh. ", None),
        Said(9.0, 9.0, "  ", []),
    )

    def __init__(self, model: str, **options: Any) -> None:
        if self.fails is not None:
            raise self.fails
        self.loaded = (model, options)
        self.asked: list[dict[str, Any]] = []
        self.told_from: list[np.ndarray] = []

    def detect_language(self, audio: np.ndarray) -> tuple[str, float, list[tuple[str, float]]]:
        self.told_from.append(audio)
        return "de", self.probability, [("de", self.probability)]

    def transcribe(self, audio: np.ndarray, **options: Any) -> tuple[Iterator[Said], None]:
        assert audio.dtype == np.float32
        self.asked.append({"samples": len(audio), **options})
        return iter(self.says), None


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> type[StandIn]:
    """Takes the place of faster-whisper; its class attributes may be set."""

    class Model(StandIn):
        pass

    module = ModuleType("faster_whisper")
    module.WhisperModel = Model  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "faster_whisper", module)
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    return Model


def utterance(place: int, start: float, seconds: float = 2.0) -> tuple[int, Sound]:
    return place, Sound(voice(120, 1.0, seconds, place), RATE, start)


def model_of(recognizer: WhisperRecognizer) -> StandIn:
    return recognizer._model  # type: ignore[no-any-return]


@pytest.mark.usefixtures("stand_in")
def test_segments_have_the_times_of_their_words_within_the_utterance() -> None:
    found = WhisperRecognizer().segments([utterance(1, 20.0), utterance(0, 3.0)])
    assert found == [
        Segment(3.1, 3.8, None, "You did what?"),
        Segment(3.9, 5.0, None, "Oh."),
        Segment(20.1, 20.8, None, "You did what?"),
        Segment(20.9, 22.0, None, "Oh."),
    ]


@pytest.mark.usefixtures("stand_in")
def test_the_language_is_told_once_from_the_first_30_seconds_and_reported() -> None:
    recognizer = WhisperRecognizer("small")
    assert recognizer.name == "whisper small"
    assert recognizer.language is None
    recognizer.segments(utterance(place, 20.0 * place, 12.0) for place in range(5))
    model = model_of(recognizer)
    assert [len(audio) for audio in model.told_from] == [30 * RATE]
    assert (recognizer.language, recognizer.language_probability) == ("de", 0.9)
    assert len(model.asked) == 5
    assert {one["language"] for one in model.asked} == {"de"}
    assert all(one["word_timestamps"] for one in model.asked)
    assert recognizer.notes == ()


def test_a_language_that_is_not_sure_is_reported(stand_in: type[StandIn]) -> None:
    stand_in.probability = 0.31
    recognizer = WhisperRecognizer()
    recognizer.segments([utterance(0, 0.0)])
    assert "'de', with a probability of only 0.31" in recognizer.notes[0]


def test_a_language_that_is_given_or_the_only_one_is_not_told(stand_in: type[StandIn]) -> None:
    given = WhisperRecognizer(language="en")
    given.segments([utterance(0, 0.0)])
    stand_in.supported_languages = ("en",)
    only = WhisperRecognizer("base.en")
    only.segments([utterance(0, 0.0)])
    for recognizer in (given, only):
        assert model_of(recognizer).told_from == []
        assert (recognizer.language, recognizer.language_probability) == ("en", 1.0)


@pytest.mark.usefixtures("stand_in")
def test_a_language_the_model_does_not_know_is_refused() -> None:
    with pytest.raises(InputError, match=r"does not know the language 'tlh'\n.*name one of en, de"):
        WhisperRecognizer(language="tlh")


@pytest.mark.usefixtures("stand_in")
def test_silent_utterances_are_not_shown_to_the_model() -> None:
    recognizer = WhisperRecognizer()
    silence = Sound(np.zeros(RATE, np.float32), RATE, 1.0)
    empty = Sound(np.empty(0, np.float32), RATE, 5.0)
    assert recognizer.segments([(0, silence), (1, empty)]) == []
    assert recognizer.segments([]) == []
    assert model_of(recognizer).asked == []
    assert model_of(recognizer).told_from == []
    assert recognizer.language is None


@pytest.mark.usefixtures("stand_in")
def test_utterances_are_heard_one_by_one() -> None:
    """No more are taken from the iterator than are needed, so that an hour is never in memory."""
    recognizer = WhisperRecognizer(language="en")
    model = model_of(recognizer)

    def coming() -> Iterator[tuple[int, Sound]]:
        for place in range(4):
            assert len(model.asked) == place
            yield utterance(place, 5.0 * place)

    assert len(recognizer.segments(coming())) == 8


@pytest.mark.parametrize("offline", [True, False])
@pytest.mark.usefixtures("stand_in")
def test_the_hub_is_asked_only_where_that_is_allowed(
    offline: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if offline:
        monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    name, options = model_of(WhisperRecognizer("base", compute_type="int8")).loaded
    assert name == "base"
    assert options["local_files_only"] is offline
    assert options["compute_type"] == "int8"
    folder = tmp_path / "my-whisper"
    folder.mkdir()
    (folder / "model.bin").touch()
    with pytest.raises(InputError, match=r"no tokenizer\.json in it"):
        WhisperRecognizer(str(folder))
    (folder / "tokenizer.json").touch()
    recognizer = WhisperRecognizer(str(folder))
    assert recognizer.name == "whisper my-whisper"
    assert model_of(recognizer).loaded[1]["local_files_only"] is True


def test_weights_that_cannot_be_had_are_an_error_that_says_what_to_do(
    stand_in: type[StandIn], tmp_path: Path
) -> None:
    stand_in.fails = OSError("Got: ConnectError\nand a long story")
    with pytest.raises(
        InputError, match=r"whisper base: the model cannot be loaded: Got: ConnectError\n.*folder"
    ):
        WhisperRecognizer()
    with pytest.raises(InputError, match=r"no model\.bin and no tokenizer\.json in it"):
        WhisperRecognizer(str(tmp_path))


def test_without_the_extra_the_error_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "faster_whisper", None)
    with pytest.raises(InputError, match=r"pip install 'crossgate\[whisper\]'"):
        WhisperRecognizer()


def test_faster_whisper_has_what_is_asked_of_it() -> None:
    real = pytest.importorskip("faster_whisper", reason="the extra whisper is not installed")
    model = real.WhisperModel
    assert {"device", "compute_type", "local_files_only"} <= set(inspect.signature(model).parameters)
    asked = {"language", "word_timestamps", "vad_filter", "condition_on_previous_text"}
    assert asked <= set(inspect.signature(model.transcribe).parameters)
    assert "audio" in inspect.signature(model.detect_language).parameters
    assert isinstance(model.supported_languages, property)
    transcribe = pytest.importorskip("faster_whisper.transcribe")
    assert {"start", "end", "text", "words"} <= set(inspect.signature(transcribe.Segment).parameters)
    assert {"start", "end"} <= set(inspect.signature(transcribe.Word).parameters)
