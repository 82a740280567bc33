"""What is extracted, and how; no torch here."""

from __future__ import annotations

from dataclasses import dataclass

from crossgate.errors import InputError
from crossgate.pipeline.settings import check_face_search


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
        check_face_search(self.face_rate, self.detector)

    @property
    def audio_names(self) -> tuple[str, ...]:
        """The audio features by name."""
        return tuple(name.strip() for name in self.audio.split(",") if name.strip())
