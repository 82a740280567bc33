"""What is extracted, and how; no torch here."""

from __future__ import annotations

import math
from dataclasses import dataclass

from crossgate.errors import InputError
from crossgate.pipeline.settings import DETECTORS


@dataclass(frozen=True)
class ExtractionSettings:
    """What is measured of a corpus' recordings."""

    audio: str = "praat8"
    """Audio features, with commas between: praat8, is10, egemaps88, speech:FOLDER; empty for none."""
    visual: str = "face128"
    """Visual features: face128, or empty for none."""
    face_rate: float = 5.0
    """Frames a second in which faces are looked for."""
    detector: str = "auto"
    """Face detector: yunet, haar or auto."""

    def __post_init__(self) -> None:
        if self.visual not in ("", "face128"):
            raise InputError(f"visual is {self.visual!r}, expected face128 or nothing")
        if not (self.audio_names or self.visual):
            raise InputError("neither audio nor visual features are asked for")
        if not (math.isfinite(self.face_rate) and 0.1 <= self.face_rate <= 60):
            raise InputError(f"face_rate is {self.face_rate}, expected 0.1 to 60 frames a second")
        if self.detector not in DETECTORS:
            raise InputError(f"detector is {self.detector!r}, expected {', '.join(DETECTORS)}")

    @property
    def audio_names(self) -> tuple[str, ...]:
        """The audio features by name."""
        return tuple(name.strip() for name in self.audio.split(",") if name.strip())
