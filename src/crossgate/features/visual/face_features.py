"""From the pictures of a recording to one vector an utterance: how the speaker's face looks.

The vector is the mean of the expression network's embeddings of the speaker's face, over those of the
utterance's pictures in which it was found. Memory does not grow with the length of the recording: no picture
is kept, and the crops of an utterance only until it is over and encoded.

About 6 ms a picture of 640 x 360 with one face on one core, 5 of them YuNet's: at 5 pictures a second 3 % of
real time; with Haar's cascade 7 to 15 %.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from crossgate.conversation import FeatureSpec
from crossgate.errors import InputError
from crossgate.features.visual.crops import Crop
from crossgate.features.visual.detector import FaceDetector
from crossgate.features.visual.face_settings import EXPRESSIONS
from crossgate.features.visual.faces import BATCH, FaceEncoder
from crossgate.features.visual.find_detector import find_detector
from crossgate.features.visual.speaking_face import Candidate, SpeakingSettings, Voice, choose_face
from crossgate.features.visual.tracks import FaceTracker, Sighting, TrackSettings
from crossgate.media.clips import Frame, Span

FEW = 0.5
"""Share of pictures with a face below which the reading warns."""


LONGEST_SIDE = 1280
"""Pixels to which whoever decodes scales larger pictures; faces are looked for in less than that."""


@dataclass(frozen=True)
class FaceReadingSettings:
    """How faces are read."""

    rate: float = 5.0
    """Pictures a second that are looked at; whoever decodes takes them at this rate."""
    least_crops: int = 1
    """Least number of pictures of an utterance in which the speaker's face must be found."""
    least_share: float = 0.1
    """Least share of its pictures in which it must be found."""
    most_crops: int = 100
    """Crops of a face kept an utterance: from there on every second, fourth, ... is kept, spread evenly."""
    tracks: TrackSettings = field(default_factory=TrackSettings)
    """Following faces."""
    speaking: SpeakingSettings = field(default_factory=SpeakingSettings)
    """Choosing the speaker's."""

    def __post_init__(self) -> None:
        if not self.rate > 0:
            raise InputError(f"rate of faces is {self.rate}, expected more than 0 pictures a second")
        if self.least_crops < 1 or not 0 <= self.least_share <= 1 or self.most_crops < 2:
            raise InputError("faces: least_crops is 1 or more, least_share 0 to 1, most_crops 2 or more")


@dataclass(frozen=True, eq=False)
class FaceReading:
    """What was read from the faces of a recording; rows are in the order of the spans.

    Attributes:
        values: (utterance, feature) float32, NaN where not present.
        present: (utterance,) bool.
        posterior: (utterance, expression) float32, the network's mean distribution over `EXPRESSIONS`, NaN
            where not present.
        notes: how each face was chosen, or why there is none.
        sampled: (utterance,) number of pictures looked at.
        found: (utterance,) number of them with the chosen face.
        with_face: (utterance,) number of them with a face, whosever.
        warnings: what the reader of a report must know of the faces.
    """

    values: npt.NDArray[np.float32]
    present: npt.NDArray[np.bool_]
    posterior: npt.NDArray[np.float32]
    notes: tuple[str | None, ...]
    sampled: npt.NDArray[np.int64]
    found: npt.NDArray[np.int64]
    with_face: npt.NDArray[np.int64]
    warnings: tuple[str, ...] = ()

    @property
    def face_share(self) -> float:
        """Share of the sampled pictures that show a face; 0 where none was sampled."""
        return float(self.with_face.sum() / max(1, self.sampled.sum()))


class FaceReader:
    """Reads faces: finds, follows, chooses and encodes them.

    Args:
        detector: finds them.
        encoder: the expression network.
        settings: how.
        notes: what the user should know of the detector; they stand among the warnings of every reading.
    """

    def __init__(
        self,
        detector: FaceDetector,
        encoder: FaceEncoder,
        settings: FaceReadingSettings | None = None,
        notes: Sequence[str] = (),
    ) -> None:
        self.detector = detector
        self.settings = settings or FaceReadingSettings()
        self._encoder = encoder
        self._notes = tuple(notes)

    @classmethod
    def open(
        cls, detector: str, encoder: FaceEncoder, settings: FaceReadingSettings | None = None
    ) -> FaceReader:
        """A reader with a detector by name: `auto`, `yunet` or `haar`; see `find_detector`."""
        found = find_detector(detector)
        return cls(found.detector, encoder, settings, found.notes)

    @property
    def spec(self) -> FeatureSpec:
        """Names the vectors."""
        return self._encoder.spec

    def read(self, frames: Iterable[Frame], spans: Sequence[Span], voice: Voice | None = None) -> FaceReading:
        """One vector an utterance.

        Args:
            frames: pictures in the order of time, at the settings' rate; those outside all spans are ignored.
            spans: of the utterances; may overlap and stand in any order.
            voice: time in seconds to probability of speech, to tell the speaker's face from others'.
        """
        work = _Reading(self.settings, self._encoder, spans, voice)
        # At a low rate the pictures themselves lie further apart than a face may be missed for.
        gap = max(self.settings.tracks.gap, 1.5 / self.settings.rate)
        tracker = FaceTracker(replace(self.settings.tracks, gap=gap))
        for frame in frames:
            current = work.at(frame.time)
            if current:
                work.add(current, tracker.follow(frame, self.detector.detect(frame.image)))
        return work.finish(self._notes)


class _Reading:
    """A reading that is going on."""

    def __init__(
        self,
        settings: FaceReadingSettings,
        encoder: FaceEncoder,
        spans: Sequence[Span],
        voice: Voice | None,
    ) -> None:
        self._settings, self._encoder, self._voice = settings, encoder, voice
        order = sorted(range(len(spans)), key=lambda row: spans[row].start)
        self._waiting = deque(_Seen(row, spans[row], settings.most_crops) for row in order)
        self._open: list[_Seen] = []
        self._uncoded: list[tuple[int, list[Crop]]] = []
        rows = len(spans)
        self._values = np.full((rows, encoder.spec.dimension), np.nan, np.float32)
        self._posterior = np.full((rows, len(EXPRESSIONS)), np.nan, np.float32)
        self._notes: list[str | None] = [None] * rows
        self._sampled, self._found = np.zeros(rows, np.int64), np.zeros(rows, np.int64)
        self._with_face = np.zeros(rows, np.int64)

    def at(self, time: float) -> list[_Seen]:
        """The utterances of a moment; those that have ended are done with."""
        while self._waiting and self._waiting[0].span.start <= time:
            self._open.append(self._waiting.popleft())
        for seen in [seen for seen in self._open if seen.span.end <= time]:
            self._open.remove(seen)
            self._close(seen)
        return list(self._open)

    def add(self, current: list[_Seen], sightings: list[Sighting]) -> None:
        """Give the faces of a picture to its utterances."""
        for seen in current:
            seen.add(sightings)

    def finish(self, notes: tuple[str, ...]) -> FaceReading:
        """Close what is open, and tell."""
        for seen in [*self._open, *self._waiting]:
            self._close(seen)
        self._encode()
        return FaceReading(
            self._values,
            np.isfinite(self._values[:, 0]),
            self._posterior,
            tuple(self._notes),
            self._sampled,
            self._found,
            self._with_face,
            notes + self._warnings(),
        )

    def _close(self, seen: _Seen) -> None:
        """Choose the face of an utterance that has ended, and put its crops in line."""
        candidates = [face.candidate(track) for track, face in seen.faces.items()]
        choice = choose_face(candidates, seen.sampled, seen.together, self._voice, self._settings.speaking)
        self._sampled[seen.row], self._with_face[seen.row] = seen.sampled, seen.with_face
        self._notes[seen.row] = choice.note
        if choice.track is None:
            return
        face = seen.faces[choice.track]
        self._found[seen.row] = face.sightings
        least = max(self._settings.least_crops, self._settings.least_share * seen.sampled)
        if face.sightings < least:
            self._notes[seen.row] = f"face found in only {face.sightings} of {seen.sampled} frames"
            return
        self._uncoded.append((seen.row, face.crops))
        if sum(len(crops) for _, crops in self._uncoded) >= BATCH:
            self._encode()

    def _encode(self) -> None:
        """Run the network on the crops in line; full batches are faster than one utterance at a time."""
        if not self._uncoded:
            return
        embedding, posterior = self._encoder.encode([crop for _, crops in self._uncoded for crop in crops])
        first = 0
        for row, crops in self._uncoded:
            self._values[row] = embedding[first : first + len(crops)].mean(axis=0)
            self._posterior[row] = posterior[first : first + len(crops)].mean(axis=0)
            first += len(crops)
        self._uncoded = []

    def _warnings(self) -> tuple[str, ...]:
        sampled, with_face = int(self._sampled.sum()), int(self._with_face.sum())
        if not self._notes:
            return ()
        if not sampled:
            return ("no picture lies within an utterance: how people look is not known",)
        if not with_face:
            return (f"no face in any of {sampled} frames: how people look is not known",)
        if with_face < FEW * sampled:
            return (f"a face in only {with_face / sampled:.0%} of {sampled} frames",)
        return ()


class _Seen:
    """What was seen of one utterance so far."""

    def __init__(self, row: int, span: Span, most_crops: int) -> None:
        self.row, self.span, self._most = row, span, most_crops
        self.faces: dict[int, _SeenFace] = {}
        self.sampled = self.with_face = self.together = 0

    def add(self, sightings: list[Sighting]) -> None:
        self.sampled += 1
        self.with_face += bool(sightings)
        self.together = max(self.together, len(sightings))
        for one in sightings:
            self.faces.setdefault(one.track, _SeenFace(self._most)).add(one, self.span)


class _SeenFace:
    """One track within one utterance."""

    def __init__(self, most_crops: int) -> None:
        self._most, self._every = most_crops, 1
        self.sightings = self.seen = 0
        self.score = self.prominence = 0.0
        self.motions: list[tuple[float, float]] = []
        self.crops: list[Crop] = []

    def add(self, one: Sighting, span: Span) -> None:
        if self.sightings % self._every == 0:
            self.crops.append(one.crop)
        if len(self.crops) > self._most:
            self.crops = self.crops[::2]
            self._every *= 2
        self.sightings += 1
        self.seen = one.seen
        self.score = max(self.score, one.face.score)
        self.prominence += one.prominence
        # A motion that led into the utterance may belong to what came before.
        if one.motion is not None and one.middle >= span.start:
            self.motions.append((one.middle, one.motion))

    def candidate(self, track: int) -> Candidate:
        return Candidate(track, self.sightings, self.seen, self.score, self.prominence, self.motions)
