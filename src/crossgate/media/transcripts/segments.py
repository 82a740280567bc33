"""What every transcript becomes: segments with who, when and what, each of which may be unknown."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Segment:
    """A stretch of one speaker's speech.

    Attributes:
        start: seconds from the start of the recording, None where the transcript has no times.
        end: seconds; None as `start`.
        speaker: as the transcript names him, None where it does not.
        text: what was said; None where the transcript tells speakers alone (RTTM).
        id: the transcript's own, None where it has none.
    """

    start: float | None
    end: float | None
    speaker: str | None = None
    text: str | None = None
    id: str | None = None


@dataclass(frozen=True)
class Transcript:
    """The segments of a transcript, in the order of speaking.

    Attributes:
        segments: by start, where they have times; else in the order of the file.
        format: `srt`, `vtt`, `csv`, `tsv`, `json`, `eaf`, `textgrid` or `rttm`.
        source: the file, for messages.
        notes: what was mended or left out in reading, in words for the user, with the place.
    """

    segments: tuple[Segment, ...]
    format: str
    source: str
    notes: tuple[str, ...] = field(default=())

    @property
    def timed(self) -> bool:
        """Whether every segment has times."""
        return all(segment.start is not None and segment.end is not None for segment in self.segments)

    @property
    def worded(self) -> bool:
        """Whether any segment has words; RTTM has none."""
        return any(segment.text for segment in self.segments)
