"""A live conversation for the tests of the service: turns in Python, and the same turns as they are sent."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from crossgate.features.audio.praat8 import SPEC as PRAAT
from crossgate.features.visual.detector import Face, Square
from crossgate.features.visual.faces import face_spec
from crossgate.media.clips import Pixels, Sound
from crossgate.models.checkpoint import Checkpoint
from crossgate.pipeline.recognizer import Recognizer
from crossgate.serving.live.faces import FaceFinder
from crossgate.serving.live.model import LiveModel
from toy_checkpoints import toy_checkpoint

RATE = 16000
FACE = Square(60.0, 40.0, 96.0)
"""Where the largest face of every whole picture is."""


class Detector:
    """Two faces where a picture has colours at all, the smaller one surer; none in a grey one."""

    name, version = "toy", "1"

    def detect(self, image: Pixels) -> list[Face]:
        if np.ptp(image.astype(int), axis=2).max() == 0:
            return []
        boxes = (Square(10.0, 10.0, 30.0), 0.95), (FACE, 0.7)
        return [Face((*square, square.side), None, score, square) for square, score in boxes]


@dataclass(frozen=True)
class Turn:
    """What is said; `faces` are pictures as they are sent."""

    speaker: str
    text: str | None = None
    sound: Sound | None = None
    faces: tuple[np.ndarray, ...] = ()


def measurable(folder: Path) -> Checkpoint:
    """An untrained causal checkpoint of features that can be measured."""
    return toy_checkpoint(folder, audio=PRAAT, visual=face_spec())


class Ready:
    """In the place of a SharedModel: a checkpoint in memory, and a detector that needs no file."""

    def __init__(self, checkpoint: Checkpoint, unmeasured: dict[Any, str] | None = None) -> None:
        self._model = LiveModel(Recognizer(checkpoint), unmeasured or {}, FaceFinder(_detector=Detector()))

    def get(self) -> LiveModel:
        return self._model


def talk() -> list[Turn]:
    """Two people; turns without words, without sound, without a picture, of nothing at all."""
    random = np.random.default_rng(3)
    wide = random.integers(0, 256, (180, 240, 3), dtype=np.uint8)
    crop = random.integers(0, 256, (48, 48), dtype=np.uint8)
    large_crop = random.integers(0, 256, (96, 96, 3), dtype=np.uint8)
    return [
        Turn("Ann", "You did what?"),
        Turn("Ben", "I sold it.", voice(0.8)),
        Turn("Ann", None, voice(1.1, 220.0), (wide,)),
        Turn("Ben", "Never again", None, (crop, large_crop)),
        Turn("Cleo"),
        Turn("Ann", "the sofa is on fire", voice(0.9, 180.0), (crop,)),
    ]


def voice(seconds: float, pitch: float = 120.0) -> Sound:
    """A buzz with pauses, in steps of 16 bits."""
    time = np.arange(int(seconds * RATE)) / RATE
    wave = np.sign(np.sin(2 * np.pi * pitch * time)) * (0.2 + 0.2 * np.sin(2 * np.pi * 3 * time))
    return Sound((np.round(wave * 32768) / 32768).astype(np.float32), RATE)


def message(turn: Turn, **more: Any) -> dict[str, Any]:
    """A turn as it is sent."""
    said: dict[str, Any] = {"type": "utterance", "speaker": turn.speaker, "text": turn.text}
    if turn.sound is not None:
        pcm = np.round(turn.sound.samples * 32768).astype("<i2").tobytes()
        said["audio"] = {"rate": turn.sound.rate, "pcm16": base64.b64encode(pcm).decode()}
    if turn.faces:
        said["faces"] = [png(face) for face in turn.faces]
    return said | more


def png(picture: np.ndarray, kind: str = "PNG", **options: Any) -> str:
    """A picture in base64."""
    return base64.b64encode(file_of(picture, kind, **options)).decode()


def file_of(picture: np.ndarray, kind: str = "PNG", **options: Any) -> bytes:
    """A picture as the bytes of a file."""
    content = io.BytesIO()
    Image.fromarray(picture).save(content, kind, **options)
    return content.getvalue()
