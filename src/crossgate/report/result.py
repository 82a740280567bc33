"""The result of analysing one recording; `result.json` is this, written down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from crossgate.conversation import Modality

SCHEMA_VERSION = "1.0"
"""A new first number: readers of the older layout would go wrong; a new second one: they would not."""


@dataclass(frozen=True)
class MediaInfo:
    """What was analysed.

    Attributes:
        name: of the file, without its folder; `standard input` for `-`.
        kind: `video`, `audio`, or `text` where there was a transcript alone.
        duration: seconds, None for a text.
        sha256: of the file's bytes.
        width: of the upright picture in pixels; None without video.
        height: of the upright picture in pixels; None without video.
        frame_rate: mean frames a second; None without video.
        sample_rate: of the sound in Hz; None without sound.
        transcript: name of the transcript's file, None where there was none.
    """

    name: str
    kind: str
    duration: float | None
    sha256: str
    width: int | None = None
    height: int | None = None
    frame_rate: float | None = None
    sample_rate: int | None = None
    transcript: str | None = None


@dataclass(frozen=True)
class ModelInfo:
    """What analysed it.

    Attributes:
        name: of the checkpoint.
        version: of crossgate.
        sha256: of the network's weights.
        causal: whether no turn was read with a later one in view.
        temperature: of the calibration; turns with other modalities may have others.
        confidence_threshold: below it a prediction abstains.
        features: modality -> the extractors that fed it, in words.
    """

    name: str
    version: str
    sha256: str
    causal: bool
    temperature: float
    confidence_threshold: float
    features: dict[Modality, str]


@dataclass(frozen=True)
class ModalityUse:
    """What one modality gave to one utterance.

    Attributes:
        present: whether it could be measured.
        share: of the final mixture, 0 to 1; those of an utterance sum to 1, or all are 0.
        note: why it is absent, or how it was come by (`largest of 3 faces`); None where nothing is to say.
    """

    present: bool
    share: float
    note: str | None = None


BY_TRANSCRIPT, BY_SPEAKERS_FILE = "transcript", "speakers' file"
"""What names the speakers, in a result's settings; everything else tells voices apart and numbers them."""

NOBODY = "Nobody"
"""The speaker of stretches in which nobody speaks, where the picture of a recording was cut into such."""


@dataclass(frozen=True)
class Turn:
    """One utterance and the emotion it expresses.

    Attributes:
        id: unique in the result.
        speaker: name as in the transcript, or `Speaker 1`, ... where it was found out.
        start: seconds from the start of the recording; None where a transcript without times was all.
        end: seconds.
        text: what was said, None where nobody wrote it down.
        emotion: the likeliest, also where the model abstains.
        confidence: its calibrated probability.
        abstained: the model does not commit itself.
        probabilities: emotion -> calibrated probability, in the order of the labels; they sum to 1.
        modalities: modality -> what it gave; all three stand here, also those the model does not read.
        views: `t`, `a`, `v`, `ta`, `tv`, `av`, `tav` -> the probabilities by these modalities alone; only
            views whose modalities are all present.
    """

    id: str
    speaker: str
    start: float | None
    end: float | None
    text: str | None
    emotion: str
    confidence: float
    abstained: bool
    probabilities: dict[str, float]
    modalities: dict[Modality, ModalityUse]
    views: dict[str, dict[str, float]]

    @property
    def measured(self) -> bool:
        """Whether anything of it could be measured; where not, its emotion is none but a guess."""
        return any(use.present for use in self.modalities.values())


@dataclass(frozen=True)
class Speaker:
    """A speaker of the recording.

    Attributes:
        name: as in the turns.
        turns: how many.
        seconds: of speech, None without times.
    """

    name: str
    turns: int
    seconds: float | None


@dataclass(frozen=True)
class Result:
    """Everything that was found in one recording.

    Attributes:
        media: what was analysed.
        model: what analysed it.
        labels: the emotions, in the order of every distribution.
        utterances: in the order of speaking.
        warnings: what the reader must know, in words: what was absent, mended, guessed.
        settings: how it was done: detector and rate of faces, where turns and speakers came from.
        policy: name of the usage policy, None where none was asked for.
    """

    media: MediaInfo
    model: ModelInfo
    labels: tuple[str, ...]
    utterances: tuple[Turn, ...]
    warnings: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    policy: str | None = None

    @property
    def speakers(self) -> tuple[Speaker, ...]:
        """In the order of their first turns."""
        names = list(dict.fromkeys(turn.speaker for turn in self.utterances))
        return tuple(_speaker(name, [t for t in self.utterances if t.speaker == name]) for name in names)

    def write(
        self,
        folder: str | Path,
        formats: Sequence[str] = ("json", "html", "png"),
        *,
        media: str | Path | None = None,
        embed: bool = False,
    ) -> list[Path]:
        """Write it into a new folder, as `crossgate.report.writing.write_result` does; returns the files."""
        from crossgate.report.writing import write_result

        recording = None if media is None else Path(media)
        return write_result(self, Path(folder), formats, media=recording, embed=embed)

    def to_json(self) -> dict[str, Any]:
        """The layout of `result.json`, without the summary."""
        return {
            "schema_version": SCHEMA_VERSION,
            "media": asdict(self.media),
            "model": asdict(self.model),
            "labels": list(self.labels),
            "policy": self.policy,
            "settings": dict(self.settings),
            "speakers": [asdict(speaker) for speaker in self.speakers],
            "utterances": [asdict(turn) for turn in self.utterances],
            "warnings": list(self.warnings),
        }


def _speaker(name: str, turns: list[Turn]) -> Speaker:
    if name == NOBODY:
        return Speaker(name, len(turns), 0.0)
    lengths = [turn.end - turn.start for turn in turns if turn.start is not None and turn.end is not None]
    return Speaker(name, len(turns), round(sum(lengths), 3) if len(lengths) == len(turns) else None)
