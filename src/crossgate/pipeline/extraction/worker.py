"""One process' part of an extraction: a clip in, its vectors out, never an exception."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from crossgate.conversation import FeatureSpec
from crossgate.errors import CrossgateError, InputError
from crossgate.features.audio.extractors import AudioExtractor, audio_extractor
from crossgate.features.visual.face_features import LONGEST_SIDE, FaceReader, FaceReadingSettings
from crossgate.features.visual.faces import FaceEncoder
from crossgate.features.visual.find_detector import find_detector
from crossgate.media.clips import Span
from crossgate.media.recording import open_recording
from crossgate.media.voices.silence import silent
from crossgate.pipeline.extraction.layouts import KNOWN_BROKEN, Clip
from crossgate.pipeline.extraction.settings import ExtractionSettings

Vector = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Measured:
    """What was made of one clip.

    Attributes:
        utterance: its id.
        vectors: column -> (feature,); a column that could not be measured is not here.
        why: what could not be read, empty where nothing went wrong.
        absent: what was read and is not there: silence, no face.
    """

    utterance: str
    vectors: dict[str, list[float]]
    why: tuple[str, ...]
    absent: tuple[str, ...] = ()


@dataclass(frozen=True)
class Made:
    """What the columns of a table are made with, the same wherever a clip of it is measured.

    Attributes:
        specs: of the columns.
        detector: class of the face detector; empty where no face is looked for.
    """

    specs: tuple[FeatureSpec, ...]
    detector: str

    @property
    def in_words(self) -> str:
        """For people."""
        names = [f"{spec.column} {spec.version}" for spec in self.specs]
        return ", ".join([*names, *([self.detector] if self.detector else [])])


class Worker:
    """The extractors, made once a process.

    Attributes:
        made: what they are.
        notes: what the reader of the table must know of them.

    Raises InputError where one of them is not to be had.
    """

    def __init__(self, settings: ExtractionSettings) -> None:
        self._settings = settings
        self._voices: list[AudioExtractor] = [audio_extractor(name) for name in settings.audio_names]
        self._faces: FaceReader | None = None
        self.notes: tuple[str, ...] = ()
        detector = ""
        if settings.visual:
            found = find_detector(settings.detector)
            self.notes, detector = found.notes, type(found.detector).__name__
            reading = FaceReadingSettings(rate=settings.face_rate)
            self._faces = FaceReader(found.detector, FaceEncoder.load(), reading)
        faces = () if self._faces is None else (self._faces.spec,)
        self.made = Made((*(voice.spec for voice in self._voices), *faces), detector)

    @property
    def specs(self) -> tuple[FeatureSpec, ...]:
        """Of the columns it makes."""
        return self.made.specs

    def __call__(self, clip: Clip) -> Measured:
        """Measure a clip; what cannot be read is reported."""
        vectors: dict[str, list[float]] = {}
        why: list[str] = []
        absent: list[str] = []
        for modality, measure, wanted in (
            ("sound", self._listen, bool(self._voices)),
            ("picture", self._look, self._faces is not None),
        ):
            if not wanted:
                continue
            try:
                missing = measure(clip, vectors)
                absent += [missing] if missing else []
            except CrossgateError as error:
                why.append(f"{modality}: {error.what}")
            except Exception as error:  # a decoder's or detector's own: one clip must not stop the rest
                why.append(f"{modality}: {type(error).__name__}: {error}")
        if why and clip.utterance in KNOWN_BROKEN:
            why = [f"known: {KNOWN_BROKEN[clip.utterance]}"]
        return Measured(clip.utterance, vectors, tuple(why), tuple(absent))

    def _listen(self, clip: Clip, vectors: dict[str, list[float]]) -> str | None:
        if clip.sound is None:
            raise InputError("no file")
        with open_recording(clip.sound) as recording:
            if not recording.info.audio:
                raise InputError("the file has no sound")
            everything = [Span(0.0, recording.info.duration)]
            for voice in self._voices:
                for _, sound in recording.sounds(everything, rate=voice.rate):
                    if not silent(sound):  # as in the analysis of a recording
                        _keep(voice.spec.column, voice(sound), vectors)
        return None if vectors else "no voice: silence, or too short to measure"

    def _look(self, clip: Clip, vectors: dict[str, list[float]]) -> str | None:
        assert self._faces is not None
        if clip.picture is None:
            raise InputError("no file")
        with open_recording(clip.picture) as recording:
            if recording.info.video is None:
                raise InputError("the file has no picture")
            spans = [clip.span or Span(0.0, recording.info.duration)]
            frames = recording.frames(self._settings.face_rate, spans, longest_side=LONGEST_SIDE)
            reading = self._faces.read(frames, spans)
        if reading.present[0]:
            _keep(self._faces.spec.column, reading.values[0], vectors)
            return None
        return "no face, or in too few frames"


def _keep(column: str, vector: Vector, vectors: dict[str, list[float]]) -> None:
    if np.isfinite(vector).any():
        vectors[column] = vector.tolist()
