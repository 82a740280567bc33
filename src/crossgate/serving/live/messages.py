"""What a client of a live conversation may say, read from its frames."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crossgate.errors import InputError
from crossgate.serving.storage.texts import checked_text

LONGEST_NAME = 200
"""Characters of a speaker's name."""

LONGEST_TEXT = 10_000
"""Characters of one utterance: twelve minutes of talk. The encoder reads its first few hundred tokens."""

MOST_FACES = 16
"""Pictures of one utterance."""


@dataclass(frozen=True)
class Start:
    """The conversation shall begin.

    Attributes:
        policy: the usage policy it is held to; None where nobody asked for one.
        consent: whether everybody who is heard or seen has agreed.
    """

    policy: str | None
    consent: bool


@dataclass(frozen=True)
class Audio:
    """Sound as it was sent.

    Attributes:
        rate: samples a second.
        pcm16: mono, 16 bits, little-endian, in base64.
    """

    rate: int
    pcm16: str


@dataclass(frozen=True)
class Spoken:
    """One utterance as it was sent.

    Attributes:
        speaker: who says it.
        text: what is said, None where nobody wrote it down.
        start: seconds from the start of the conversation.
        end: seconds.
        audio: its sound.
        faces: pictures, each a PNG or JPEG in base64.
    """

    speaker: str
    text: str | None
    start: float | None
    end: float | None
    audio: Audio | None
    faces: tuple[str, ...]


@dataclass(frozen=True)
class End:
    """The conversation is over."""


Message = Start | Spoken | End


def read_frame(frame: str) -> dict[str, Any]:
    """The object of a frame. Raises InputError where it holds none."""
    try:
        content = json.loads(frame, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, a thousand brackets
        reason = (
            f"line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        )
        raise InputError("the message is no JSON", where=reason or None) from None
    if not isinstance(content, dict):
        raise InputError("the message is no JSON object", fix='send {"type": "utterance", ...}')
    return content


def message_of(content: Mapping[str, Any]) -> Message:
    """What an object says; fields of no meaning are left. Raises InputError naming the one that is wrong."""
    match content.get("type"):
        case "start":
            policy = _text(content, "policy", LONGEST_NAME)
            return Start(policy, content.get("consent") is True)
        case "utterance":
            speaker = _text(content, "speaker", LONGEST_NAME)
            if not speaker or not speaker.strip():
                raise InputError("is missing", where="speaker", fix="say who speaks")
            text = _text(content, "text", LONGEST_TEXT)
            start, end = _seconds(content, "start"), _seconds(content, "end")
            return Spoken(speaker, text, start, end, _audio(content), _faces(content))
        case "end":
            return End()
    raise InputError("is none that is known", where="type", fix="send start, utterance or end")


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


def _text(content: Mapping[str, Any], name: str, longest: int) -> str | None:
    value = content.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise InputError("is no text", where=name)
    if len(value) > longest:
        raise InputError(f"has {len(value)} characters, at most {longest} are read", where=name)
    return checked_text(value, name)


def _seconds(content: Mapping[str, Any], name: str) -> float | None:
    value = content.get(name)
    if value is None:
        return None
    seconds = _number(value)
    if seconds is None:
        raise InputError("is no number of seconds", where=name)
    return seconds


def _number(value: Any) -> float | None:
    """A finite number; None for everything else, `1e999` and integers beyond any float among it."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def _audio(content: Mapping[str, Any]) -> Audio | None:
    value = content.get("audio")
    if value is None:
        return None
    rate = _number(value.get("rate")) if isinstance(value, dict) else None
    pcm16 = value.get("pcm16") if isinstance(value, dict) else None
    if rate is None or rate != int(rate):
        raise InputError("is no number of samples a second", where="audio.rate")
    if not isinstance(pcm16, str):
        raise InputError("is no text in base64", where="audio.pcm16")
    return Audio(int(rate), pcm16)


def _faces(content: Mapping[str, Any]) -> tuple[str, ...]:
    value = content.get("faces")
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(face, str) for face in value):
        raise InputError("is no list of pictures in base64", where="faces")
    if len(value) > MOST_FACES:
        raise InputError(f"holds {len(value)} pictures, at most {MOST_FACES} are looked at", where="faces")
    return tuple(value)
