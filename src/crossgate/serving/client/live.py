"""A live conversation over a WebSocket, used as `Live` is used in Python."""

from __future__ import annotations

import base64
import io
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from crossgate.conversation import Modality
from crossgate.errors import InputError, reason_of
from crossgate.prediction import Prediction
from crossgate.serving.client.trouble import ServiceError, of_answer, of_problem
from crossgate.serving.client.wire import Wire

if TYPE_CHECKING:
    from crossgate.media.clips import Pixels, Sound

PROTOCOL = Subprotocol("crossgate.v1")

LOADING = 180.0
"""Seconds the service may take until it is ready: the first conversation has it load its model."""

LARGEST = 4_000_000
"""Bytes of an answer."""


@dataclass(frozen=True)
class Use:
    """What became of one modality of an utterance.

    Attributes:
        present: whether it could be measured.
        note: why not, or how it was come by; None where nothing is to say.
    """

    present: bool
    note: str | None


class LiveTalk:
    """A conversation that is answered turn by turn, by the service.

    Attributes:
        labels: the emotions.
        model: name of the service's causal checkpoint.
        modalities: what the service looks at; the rest of what is given is not even sent.
        notice: what everybody should know, such as the usage policy; None where there is nothing.
        uses: of the last utterance, modality -> whether it was there.
    """

    def __init__(self, socket: ClientConnection, wire: Wire, policy: str | None) -> None:
        self._socket = socket
        self._wire = wire
        self._count = 0
        start = {"type": "start", "policy": policy, "consent": True}
        ready = self._ask(start, "ready", LOADING)
        self.labels: tuple[str, ...] = tuple(ready["labels"])
        self.model: str = ready["model"]
        self.modalities: tuple[Modality, ...] = tuple(ready["modalities"])
        self.notice: str | None = ready["notice"]
        self.uses: Mapping[Modality, Use] = {}

    def add(
        self,
        *,
        speaker: str,
        text: str | None = None,
        sound: Sound | None = None,
        faces: Sequence[Pixels | bytes] = (),
        start: float | None = None,
        end: float | None = None,
    ) -> Prediction:
        """Take the next utterance and say what it expresses, from it and those before.

        Args:
            speaker: who says it.
            text: what is said, None where nobody wrote it down.
            sound: the utterance's, mono; goes as 16 bits a sample.
            faces: crops of the speaker's face as `crossgate.pipeline.live.Live.add` takes them, arrays uint8;
                or the bytes of PNG or JPEG files, of which the service takes the largest face.
            start: seconds from the start of the conversation.
            end: seconds.

        Raises ServiceError with the service's words where it refuses the utterance; the conversation then
        stays as it was.
        """
        self._count += 1
        said: dict[str, Any] = {"type": "utterance", "id": self._count, "speaker": speaker, "text": text}
        said |= {"start": start, "end": end}
        if sound is not None and "audio" in self.modalities:
            said["audio"] = {"rate": sound.rate, "pcm16": _pcm16(sound)}
        if len(faces) and "visual" in self.modalities:
            said["faces"] = [_picture(face) for face in faces]
        found = self._ask(said, "prediction", self._wire.timeout)
        self.uses = {
            modality: Use(use["present"], use["note"]) for modality, use in found["modalities"].items()
        }
        return Prediction(
            found["probabilities"],
            found["emotion"],
            found["confidence"],
            found["abstained"],
            found["shares"],
            found["views"],
        )

    def end(self) -> int:
        """End the conversation; returns how many utterances it had."""
        count: int = self._ask({"type": "end"}, "ended", self._wire.timeout)["utterances"]
        return count

    def _ask(self, content: Mapping[str, Any], wanted: str, timeout: float) -> dict[str, Any]:
        """The answer to a message."""
        try:
            frame = json.dumps(content, allow_nan=False)
        except ValueError as error:
            raise InputError(f"the utterance holds a number that is none: {error}") from None
        try:
            self._socket.send(frame)
            answer = self._answer(content.get("id"), time.monotonic() + timeout)
        except TimeoutError:
            raise ServiceError(
                f"gave no answer in {timeout:g} s",
                where=self._wire.url,
                fix="give the client a longer timeout",
            ) from None
        except ConnectionClosed as error:
            closed = error.rcvd
            raise ServiceError(
                f"ended the conversation: {(closed.reason if closed else '') or 'the connection was lost'}",
                where=self._wire.url,
                fix="begin another one",
            ) from None
        if answer["type"] == "error":
            raise of_problem(answer["problem"], self._wire.url)
        if answer["type"] != wanted:
            raise ServiceError(f"answered {answer['type']!r}, expected {wanted!r}", where=self._wire.url)
        return answer

    def _answer(self, id: int | None, end: float) -> dict[str, Any]:
        """The next answer that is not one to an utterance that was given up."""
        while True:
            answer: dict[str, Any] = json.loads(self._socket.recv(max(0.0, end - time.monotonic())))
            if answer.get("id") in (id, None):
                return answer


@contextmanager
def live_talk(wire: Wire, *, consent: bool, policy: str | None) -> Iterator[LiveTalk]:
    """A conversation while the block lasts. Raises ServiceError where the service lets nobody in."""
    if consent is not True:
        raise InputError(
            "nobody agreed to be analysed", fix="ask everybody who is heard or seen, and give consent=True"
        )
    url = "ws" + wire.url.removeprefix("http") + "/v1/live"
    try:
        socket = connect(
            url,
            subprotocols=[PROTOCOL],
            additional_headers=wire.headers,
            open_timeout=wire.timeout,
            max_size=LARGEST,
        )
    except InvalidStatus as error:
        answer = error.response
        raise of_answer(answer.status_code, bytes(answer.body or b""), wire.url) from None
    except (WebSocketException, OSError) as error:
        raise ServiceError(
            f"the live conversation cannot be opened: {reason_of(error)}",
            where=wire.url,
            fix="check the address, and that the service runs there (`crossgate serve`)",
        ) from error
    with socket:
        yield LiveTalk(socket, wire, policy)


def _pcm16(sound: Sound) -> str:
    steps = np.clip(np.round(sound.samples * np.float32(32768)), -32768, 32767).astype("<i2")
    return base64.b64encode(steps.tobytes()).decode("ascii")


def _picture(face: Pixels | bytes) -> str:
    if isinstance(face, bytes):
        return base64.b64encode(face).decode("ascii")
    from crossgate.features.visual.faces import grey_face  # torch takes seconds

    content = io.BytesIO()
    # As small as the network reads it, which is also how the service knows a crop.
    Image.fromarray(grey_face(face, "faces")).save(content, "PNG")
    return base64.b64encode(content.getvalue()).decode("ascii")
