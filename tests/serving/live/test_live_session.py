"""What a live conversation answers, frame by frame, and that it stays as it was where a frame is no good."""

from __future__ import annotations

import json
import logging
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossgate.prediction import Prediction
from crossgate.serving.live.model import SharedModel
from crossgate.serving.live.session import Session
from crossgate.serving.settings import ServiceSettings
from toy_talk import Ready, Turn, message, png, voice

START = {"type": "start", "policy": None, "consent": True}
PICTURE = np.full((8, 8, 3), 5, np.uint8)


def tell(session: Session, content: Any) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(session.hear(json.dumps(content)).frame)
    return answer


def begun(ready: Any, start: dict[str, Any] | None = None, **limits: Any) -> Session:
    session = Session(ready, ServiceSettings(**limits))
    assert tell(session, start or START)["type"] == "ready"
    return session


def numbers(found: dict[str, Any] | Prediction) -> list[float]:
    if isinstance(found, Prediction):
        found = {"probabilities": found.distribution, "shares": found.shares, "views": found.views}
    views = [value for view in found["views"].values() for value in view.values()]
    return [*found["probabilities"].values(), *found["shares"].values(), *views]


def test_the_answers_are_those_of_python(ready: Ready, turns: list[Turn], expected: list[Prediction]) -> None:
    session = begun(ready)
    for number, (turn, wanted) in enumerate(zip(turns, expected, strict=True)):
        found = tell(session, message(turn, id=number))
        assert (found["type"], found["id"]) == ("prediction", number)
        assert numbers(found) == pytest.approx(numbers(wanted), abs=1e-6)
        assert found["emotion"] == wanted.emotion
        assert (found["confidence"], found["abstained"]) == pytest.approx(
            (wanted.confidence, wanted.abstained)
        )
        assert found["views"].keys() == wanted.views.keys()
    assert tell(session, {"type": "end"}) == {"type": "ended", "utterances": len(turns)}


def test_what_was_looked_at_is_said(ready: Ready, turns: list[Turn]) -> None:
    session = begun(ready)
    found = [tell(session, message(turn))["modalities"] for turn in turns]
    assert found[0] == {
        "text": {"present": True, "note": None},
        "audio": {"present": False, "note": "no sound was sent"},
        "visual": {"present": False, "note": "no picture was sent"},
    }
    assert found[2] == {
        "text": {"present": False, "note": "no words"},
        "audio": {"present": True, "note": None},
        "visual": {"present": True, "note": "largest of 2 faces"},
    }
    grey = Turn("Ann", "Hello", voice(0.02), (np.full((100, 200), 7, np.uint8),))
    assert tell(session, message(grey))["modalities"] == {
        "text": {"present": True, "note": None},
        "audio": {"present": False, "note": "too short or too quiet to measure"},
        "visual": {"present": False, "note": "no face found"},
    }


def test_ready_says_what_will_be_looked_at(ready: Ready) -> None:
    found = tell(Session(ready, ServiceSettings()), START)
    assert found["modalities"] == ["text", "audio", "visual"]
    assert found["notice"] is None
    assert found["labels"][0] == "neutral"


def test_nothing_begins_without_consent(ready: Ready) -> None:
    session = Session(ready, ServiceSettings())
    for start in ({"type": "start"}, START | {"consent": False}, START | {"consent": "yes"}):
        assert tell(session, start)["problem"]["title"] == "Consent is missing"
    assert tell(session, message(Turn("Ann", "Hello")))["problem"]["status"] == 409
    assert tell(session, START)["type"] == "ready"
    assert tell(session, START)["problem"]["status"] == 409


@pytest.mark.parametrize(
    ("service", "asked"),
    [(None, "eu-work-education"), ("eu-work-education", None)],
    ids=["asked", "demanded"],
)
def test_a_policy_limits_to_text(
    ready: Ready, turns: list[Turn], service: str | None, asked: str | None
) -> None:
    session = Session(ready, ServiceSettings(policy=service))
    found = tell(session, START | {"policy": asked})
    assert found["modalities"] == ["text"]
    assert "text alone" in found["notice"]
    words = begun(ready)
    for turn in turns:
        # Not even decoded: what is no sound and no picture is no matter.
        sent = message(turn) | {"audio": {"rate": 16000, "pcm16": "no"}, "faces": ["no"]}
        found = tell(session, sent)
        assert numbers(found) == numbers(tell(words, message(Turn(turn.speaker, turn.text))))
        for modality in ("audio", "visual"):
            assert found["modalities"][modality] == {
                "present": False,
                "note": "not used, as the usage policy says",
            }


def test_a_policy_of_the_service_cannot_be_exchanged(ready: Ready) -> None:
    session = Session(ready, ServiceSettings(policy="eu-work-education"))
    assert (
        "expected eu-work-education"
        in tell(begun_not(ready), START | {"policy": "mars"})["problem"]["detail"]
    )
    assert "holds everything" in tell(session, START | {"policy": "mars"})["problem"]["detail"]


def begun_not(ready: Ready) -> Session:
    return Session(ready, ServiceSettings())  # type: ignore[arg-type]


def test_what_nothing_here_measures_is_said_before_the_first_turn(checkpoint: Any) -> None:
    session = Session(Ready(checkpoint, {"audio": "praat-parselmouth is not installed"}), ServiceSettings())  # type: ignore[arg-type]
    found = tell(session, START)
    assert found["modalities"] == ["text", "visual"]
    assert found["notice"] == "Audio is not measured: praat-parselmouth is not installed."
    use = tell(session, message(Turn("Ann", "Hello", voice(1.0))))["modalities"]["audio"]
    assert use == {"present": False, "note": "praat-parselmouth is not installed"}


BAD = [
    ({"speaker": None}, "speaker: is missing"),
    ({"speaker": "  "}, "speaker: is missing"),
    ({"speaker": "a" * 201}, "201 characters"),
    ({"speaker": 3}, "speaker: is no text"),
    ({"text": ["Hello"]}, "text: is no text"),
    ({"text": "a" * 10_001}, "10001 characters"),
    ({"text": "a\0b"}, "U+0000"),
    ({"text": "\ud800"}, "surrogate"),
    ({"start": "1"}, "start: is no number"),
    ({"end": 10**400}, "end: is no number"),
    ({"audio": 3}, "audio.rate"),
    ({"audio": {"rate": 16000}}, "audio.pcm16"),
    ({"audio": {"rate": 0, "pcm16": "AAAA"}}, "expected 8000 to 192000"),
    ({"audio": {"rate": True, "pcm16": "AAAA"}}, "audio.rate"),
    ({"audio": {"rate": 16000, "pcm16": "!"}}, "no base64"),
    ({"audio": {"rate": 16000, "pcm16": ""}}, "audio.pcm16: is empty"),
    ({"audio": {"rate": 16000, "pcm16": "AAAA"}}, "half a sample"),
    ({"faces": "AAAA"}, "faces: is no list"),
    ({"faces": ["AAAA"] * 17}, "17 pictures"),
    ({"faces": [png(PICTURE), "AAAA"]}, "faces[1]: is no PNG or JPEG"),
    ({"faces": [png(PICTURE, "GIF")]}, "faces[0]: is no PNG or JPEG"),
    ({"faces": [png(np.zeros((600, 600, 3), np.uint8), "JPEG")[:800]]}, "faces[0]: is no PNG or JPEG"),
    ({"type": "sing"}, "type: is none that is known"),
]


@pytest.mark.parametrize(("wrong", "words"), BAD)
def test_what_cannot_be_read_leaves_the_conversation_as_it_was(
    ready: Ready, wrong: dict[str, Any], words: str
) -> None:
    session, other = begun(ready), begun(ready)
    for one in (session, other):
        tell(one, message(Turn("Ann", "You did what?", voice(0.5))))
    found = tell(session, message(Turn("Ben", "the sofa")) | {"id": "x"} | wrong)
    assert (found["type"], found["id"]) == ("error", "x")
    assert words in found["problem"]["detail"]
    assert found["problem"]["status"] == 422
    last = message(Turn("Ben", "Never again"))
    assert tell(session, last) == tell(other, last)


@pytest.mark.parametrize(
    "frame", ["", "{", "[]", "3", '{"id": NaN}', '{"id": ' + "[" * 100_000, '{"start": ' + "9" * 5000 + "}"]
)
def test_what_is_no_message_is_refused(ready: Ready, frame: str) -> None:
    session = begun(ready)
    found = json.loads(session.hear(frame).frame)
    assert (found["type"], found["problem"]["status"]) == ("error", 422)
    assert "message" in found["problem"]["detail"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
FIELDS = st.sampled_from(
    ["type", "id", "speaker", "text", "start", "end", "audio", "faces", "policy", "consent"]
)


@given(sent=st.dictionaries(FIELDS, JSON | st.sampled_from(["start", "utterance"]), max_size=6))
@settings(max_examples=150, deadline=None)
def test_whatever_is_sent_has_an_answer(ready: Ready, sent: dict[str, Any]) -> None:
    session = begun(ready)
    found = tell(session, sent)
    assert found["type"] in ("error", "prediction")
    if found["type"] == "error":
        assert found["problem"]["status"] in (409, 422)
    said = 1 if found["type"] == "prediction" else 0
    assert tell(session, {"type": "end"})["utterances"] == said


def test_a_conversation_has_its_limits(ready: Ready) -> None:
    session = begun(ready, live_utterances=2, live_frame_megabytes=0.01)
    large = tell(session, message(Turn("Ann", "Hello", voice(1.0)), id=1))
    assert (large["problem"]["status"], large["id"]) == (413, None)
    for _ in range(2):
        assert tell(session, message(Turn("Ann", "Hello")))["type"] == "prediction"
    assert tell(session, message(Turn("Ann", "Hello"), id=4))["problem"]["status"] == 429
    assert tell(session, {"type": "end"})["utterances"] == 2


def test_no_more_is_listened_to_than_of_a_recording(ready: Ready, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crossgate.serving.live.session.LONGEST", 0.5)
    session, other = begun(ready), begun(ready)
    sound = voice(1.0)
    found = tell(session, message(Turn("Ann", None, sound)))
    short = type(sound)(sound.samples[:8000], sound.rate)
    assert numbers(found) == numbers(tell(other, message(Turn("Ann", None, short))))
    assert found["modalities"]["audio"] == {"present": True, "note": "its first 0.5 s"}


def test_a_fault_is_told_and_logged_without_what_was_said(
    ready: Ready, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    session = begun(ready)

    def fail(self: Any, **said: Any) -> None:
        raise RuntimeError(f"cannot read {said['text']}")

    with monkeypatch.context() as patch, caplog.at_level(logging.DEBUG):
        patch.setattr("crossgate.pipeline.live.Live.add", fail)
        found = tell(session, message(Turn("Ann", "my secret"), id=7))
    assert (found["problem"]["status"], found["id"]) == (500, 7)
    assert "secret" not in json.dumps(found) + caplog.text
    assert "RuntimeError" in caplog.text
    assert tell(session, message(Turn("Ann", "my secret")))["type"] == "prediction"


def test_a_model_that_looks_ahead_is_a_fault_of_the_service() -> None:
    session = Session(SharedModel(ServiceSettings(live_model="crossgate-meld")), ServiceSettings())  # type: ignore[arg-type]
    found = tell(session, START)
    assert found["problem"]["status"] == 503
    assert "cannot be used live" in found["problem"]["detail"]


def test_the_model_is_loaded_once(checkpoint: Any) -> None:
    from crossgate.pipeline.recognizer import Recognizer

    loaded = []

    def load(name: Any) -> Recognizer:
        loaded.append(name)
        return Recognizer(checkpoint)

    shared = SharedModel(ServiceSettings(), load)
    first, second = (begun(shared) for _ in range(2))
    assert len(loaded) == 1
    tell(first, message(Turn("Ann", "You did what?")))
    assert tell(second, {"type": "end"})["utterances"] == 0
