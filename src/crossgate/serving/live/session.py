"""One live conversation: frames in, answers out; nothing of sockets here."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crossgate.conversation import INITIALS, MODALITIES, Modality
from crossgate.errors import InputError
from crossgate.media.clips import Sound
from crossgate.pipeline.live import Live
from crossgate.pipeline.measuring import LONGEST
from crossgate.pipeline.policy import Policy, find_policy
from crossgate.prediction import Prediction
from crossgate.serving.live.messages import Audio, End, Message, Spoken, Start, message_of, read_frame
from crossgate.serving.live.model import LiveModel, SharedModel
from crossgate.serving.live.signals import Picture, picture_of, sound_of
from crossgate.serving.problems import of_input_error, problem
from crossgate.serving.settings import ServiceSettings

log = logging.getLogger(__name__)

NOTHING_SENT: dict[Modality, str] = {
    "text": "no words",
    "audio": "no sound was sent",
    "visual": "no picture was sent",
}


@dataclass(frozen=True)
class Answer:
    """What goes back for a frame.

    Attributes:
        frame: JSON.
        over: whether the conversation is over.
    """

    frame: str
    over: bool = False


class Refusal(Exception):
    """What is asked for is not done; the conversation stays as it was."""

    def __init__(self, status: int, title: str, detail: str) -> None:
        super().__init__(title)
        self.problem = problem(status, title, detail)


@dataclass
class _Begun:
    """A conversation that is under way.

    `Live` keeps in memory, for as long as the session lasts: of every utterance its speaker, its words and
    times, the numbers of its tokens, and the vectors that were measured of it. Sounds and pictures are let go
    when an utterance is answered. Nothing is written to a disk, and nothing is left when the session is over.
    """

    live: Live
    model: LiveModel
    allowed: tuple[Modality, ...]


class Session:
    """Answers the frames of one client, in their order; one at a time.

    Args:
        shared: the checkpoint; loaded when the conversation begins.
        settings: the usage policy and the limits.
    """

    def __init__(self, shared: SharedModel, settings: ServiceSettings) -> None:
        self._shared = shared
        self._settings = settings
        self._begun: _Begun | None = None

    def hear(self, frame: str) -> Answer:
        """The answer to a frame; takes as long as the network does. Never raises."""
        id: Any = None
        try:
            self._refuse_large(len(frame.encode("utf-8", "replace")))
            content = read_frame(frame)
            id = content.get("id")
            message = message_of(content)
            return Answer(json.dumps(self._answer(message, id)), over=isinstance(message, End))
        except Refusal as refusal:
            told = refusal.problem
        except InputError as error:
            told = of_input_error(error)
        except Exception as error:
            # Not the error's own words: they may hold what was said.
            where = "".join(traceback.format_tb(error.__traceback__))
            log.error("a live conversation met %s\n%s", type(error).__name__, where)
            told = problem(
                500, "The service failed", "the message was not answered; the fault is the service's"
            )
        return Answer(error_of(told, id))

    def _refuse_large(self, size: int) -> None:
        if size > self._settings.live_frame_bytes:
            raise Refusal(
                413,
                "The message is too large",
                f"it has {size / 1e6:.1f} MB, at most {self._settings.live_frame_megabytes:g} MB are read; "
                "send shorter turns, or smaller pictures",
            )

    def _answer(self, message: Message, id: Any) -> dict[str, Any]:
        match message:
            case Start():
                return self._start(message)
            case Spoken():
                return {"type": "prediction", "id": id} | self._hear(message)
            case End():
                count = 0 if self._begun is None else len(self._begun.live.utterances)
                self._begun = None
                return {"type": "ended", "utterances": count}

    def _start(self, start: Start) -> dict[str, Any]:
        if self._begun is not None:
            raise Refusal(409, "The conversation has begun", "end it, and connect again for another one")
        if not start.consent:
            raise Refusal(
                403,
                "Consent is missing",
                "ask everybody who is heard or seen, and then say so: consent is true",
            )
        policy = self._policy(start.policy)
        try:
            model = self._shared.get()
        except InputError as error:
            reason = of_input_error(error)["detail"]
            raise Refusal(503, "The live model cannot be used", reason) from None
        allowed = tuple(m for m in model.modalities if policy is None or m in policy.modalities)
        if not allowed:
            raise Refusal(
                422, "Nothing is left to look at", "the model reads nothing that the usage policy allows"
            )
        self._begun = _Begun(model.recognizer.live(), model, allowed)
        return {
            "type": "ready",
            "labels": list(model.recognizer.labels),
            "model": model.recognizer.name,
            "modalities": list(allowed),
            "notice": _notice(policy, model),
        }

    def _policy(self, asked: str | None) -> Policy | None:
        """The usage policy the conversation is held to. Raises InputError where that is not to be had."""
        demanded = self._settings.policy
        if demanded is not None and asked not in (None, demanded):
            raise InputError(
                f"is {asked!r}, and this service holds everything to {demanded}",
                where="policy",
                fix="leave it out",
            )
        name = demanded or asked
        return None if name is None else find_policy(name)

    def _hear(self, spoken: Spoken) -> dict[str, Any]:
        begun = self._begun
        if begun is None:
            raise Refusal(
                409, "The conversation has not begun", 'send {"type": "start", "consent": true} first'
            )
        most = self._settings.live_utterances
        if len(begun.live.utterances) >= most:
            raise Refusal(
                429,
                "The conversation is as long as one may be",
                f"it has {most} utterances; begin another one",
            )
        absent = _absent(begun)
        how: dict[Modality, str | None] = {}
        sound: Sound | None = None
        crops: tuple[Picture, ...] = ()
        # What may not be looked at is not even decoded.
        if spoken.audio is not None and "audio" in begun.allowed:
            sound, how["audio"] = _heard(spoken.audio)
            absent["audio"] = "too short or too quiet to measure"
        if spoken.faces and "visual" in begun.allowed:
            found = begun.model.faces.find(
                picture_of(face, f"faces[{place}]") for place, face in enumerate(spoken.faces)
            )
            crops, how["visual"] = found.crops, found.note
            absent["visual"] = found.note or "the face could not be read"
        prediction = begun.live.add(
            speaker=spoken.speaker,
            text=spoken.text if "text" in begun.allowed else None,
            sound=sound,
            faces=crops,
            start=spoken.start,
            end=spoken.end,
        )
        return _content(prediction, absent, how)


def error_of(told: Mapping[str, Any], id: Any = None) -> str:
    """The frame that tells of a problem; `id` of the utterance it is about."""
    return json.dumps({"type": "error", "problem": told, "id": id})


def refusal_of(frame: str, told: Mapping[str, Any]) -> str:
    """The frame that tells why another one was not looked at."""
    try:
        return error_of(told, read_frame(frame).get("id"))
    except InputError:
        return error_of(told)


def _absent(begun: _Begun) -> dict[Modality, str]:
    """Why each modality is absent from an utterance, where it is, and nothing of it was sent."""
    read = begun.model.recognizer.checkpoint.specs
    reasons: dict[Modality, str] = {}
    for modality in MODALITIES:
        if modality in begun.allowed:
            reasons[modality] = NOTHING_SENT[modality]
        elif modality not in read:
            reasons[modality] = "the checkpoint does not read it"
        else:
            reasons[modality] = begun.model.unmeasured.get(modality, "not used, as the usage policy says")
    return reasons


def _heard(audio: Audio) -> tuple[Sound, str | None]:
    """The sound, of which no more is listened to than of a recording's turn."""
    sound = sound_of(audio)
    if sound.seconds <= LONGEST:
        return sound, None
    return Sound(sound.samples[: int(LONGEST * sound.rate)], sound.rate), f"its first {LONGEST:g} s"


def _notice(policy: Policy | None, model: LiveModel) -> str | None:
    """What everybody should know before the first turn."""
    parts = [] if policy is None else [policy.notice]
    parts += [
        f"{modality.capitalize()} is not measured: {reason}."
        for modality, reason in model.unmeasured.items()
        if policy is None or modality in policy.modalities
    ]
    return " ".join(parts) or None


def _content(
    prediction: Prediction, absent: Mapping[Modality, str], how: Mapping[Modality, str | None]
) -> dict[str, Any]:
    """A prediction as it goes over the wire."""
    uses = {}
    for modality in MODALITIES:
        present = INITIALS[modality] in prediction.views
        uses[modality] = {"present": present, "note": how.get(modality) if present else absent[modality]}
        if modality in prediction.notes:
            uses[modality]["note"] = prediction.notes[modality]
    return {
        "emotion": prediction.emotion,
        "confidence": prediction.confidence,
        "abstained": prediction.abstained,
        "probabilities": prediction.distribution,
        "shares": prediction.shares,
        "views": prediction.views,
        "modalities": uses,
    }
