"""How a recording is analysed; no torch here."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from crossgate.errors import InputError
from crossgate.pipeline.policy import find_policy

DETECTORS = ("auto", "yunet", "haar")


def check_face_search(face_rate: float, detector: str) -> None:
    """Raise InputError where faces cannot be looked for at this rate, or by this detector."""
    if not (math.isfinite(face_rate) and 0.1 <= face_rate <= 60):
        raise InputError(f"face_rate is {face_rate}, expected 0.1 to 60 frames a second")
    if detector not in DETECTORS:
        raise InputError(f"detector is {detector!r}, expected {', '.join(DETECTORS)}")


@dataclass(frozen=True)
class AnalysisSettings:
    """How a recording is analysed."""

    policy: str | None = None
    """Usage policy: eu-work-education uses text alone, and every output says so."""
    modalities: str | None = None
    """Letters of the modalities to use, such as t or ta (text, audio, visual); others are not measured."""
    speakers_file: Path | None = None
    """RTTM file that tells who speaks when, for a transcript without names or no transcript at all."""
    speakers: int | None = None
    """How many people speak, where voices have to be told apart; guessed where it is not given."""
    pyannote: str = ""
    """Pipeline of pyannote.audio that tells voices apart, its folder or hub name; needs extra diarization."""
    whisper: str = ""
    """Model of faster-whisper that writes down what is said where no transcript does, such as base, or its
    folder; needs the extra whisper."""
    language: str | None = None
    """Language of the recording as whisper calls it, such as en; found out where it is not given."""
    speech_model: str = ""
    """Folder or hub's name of the speech model behind a checkpoint's audio features, if they are of one."""
    audio_track: int = 0
    """Which sound track to listen to, from 0."""
    face_rate: float = 5.0
    """Frames a second in which faces are looked for."""
    detector: str = "auto"
    """Face detector: yunet, haar (finds fewer), or auto: yunet where its model is to be had."""
    openface: Path | None = None
    """CSV of OpenFace 2 for this recording, for a checkpoint that reads action units (au18)."""

    doubt: bool = True
    """Abstain from words that are not what the shipped models learned, and take voices and faces whose
    measurements are implausible for missing; switch it off for a model of yours that learned others."""

    def __post_init__(self) -> None:
        if self.policy is not None:
            find_policy(self.policy)
        if self.modalities is not None and not self.modalities:
            raise InputError("modalities is empty, expected letters out of t, a, v")
        if self.language is not None and not self.whisper:
            raise InputError(
                f"language is {self.language!r}, and only whisper asks for it", fix="give --whisper as well"
            )
        if self.speakers is not None and self.speakers < 1:
            raise InputError(f"speakers is {self.speakers}, expected 1 or more")
        if self.audio_track < 0:
            raise InputError(f"audio_track is {self.audio_track}, expected 0 or more")
        check_face_search(self.face_rate, self.detector)
