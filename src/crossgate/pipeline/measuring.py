"""What a checkpoint wants to know of a recording's voices and faces, utterance by utterance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from crossgate.conversation import FeatureSpec
from crossgate.corpora.table import FeatureColumn
from crossgate.errors import InputError
from crossgate.features.visual.face_features import LONGEST_SIDE, FaceReader, FaceReadingSettings
from crossgate.features.visual.openface import read_openface
from crossgate.features.visual.speaking_face import Voice
from crossgate.media.clips import Frame, Span
from crossgate.media.recording import Recording
from crossgate.media.voices.curve import VoiceCurve
from crossgate.media.voices.silence import silent
from crossgate.pipeline.extractors import VoiceExtractor, columns_of, face_encoder_for
from crossgate.pipeline.settings import AnalysisSettings
from crossgate.pipeline.steps import Step

LONGEST = 60.0
"""Seconds of a turn that are listened to: Praat wants them all at once. MELD's longest in training has 41."""


LEAST_SPEECH = 0.05
"""Share of a turn in which speech is likelier than not, below which its sound is no voice's."""


def speech_in(span: Span, voice: VoiceCurve) -> float:
    """The share of a span in which speech is likelier than not."""
    times = np.arange(span.start + voice.step / 2, max(span.end, span.start + voice.step), voice.step)
    return float((voice.at(times) >= 0.5).mean())


@dataclass(frozen=True)
class Measured:
    """One modality of a recording.

    Attributes:
        columns: of its features; none where nothing could be measured.
        notes: (utterance,) why it is absent there, or how it was come by; None where nothing is to say.
        warnings: what concerns the recording as a whole.
        settings: how it was measured, for the result.
    """

    columns: tuple[FeatureColumn, ...]
    notes: tuple[str | None, ...]
    warnings: tuple[str, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)


def nothing(utterances: int, why: str, *, warn: bool = True) -> Measured:
    """A modality that is absent throughout."""
    return Measured((), (why,) * utterances, (why,) if warn else ())


def measure_voices(
    recording: Recording,
    spans: Sequence[Span],
    specs: Sequence[FeatureSpec],
    settings: AnalysisSettings,
    step: Step,
    voice: VoiceCurve | None = None,
) -> Measured:
    """The audio features; absent, with the reason, where there is no sound, no speech in it or no extractor.

    `voice` is the probability of speech over time; None where nobody looked.
    """
    if not recording.info.audio:
        return nothing(len(spans), "the recording has no sound")
    # Notes of its own, so that their order does not depend on how two passes take turns.
    recording = Recording(recording.info)
    try:
        extract = VoiceExtractor(specs, settings.speech_model)
    except InputError as error:
        return nothing(
            len(spans), f"audio was not measured: {error.what}" + (f"; {error.fix}" if error.fix else "")
        )
    values = np.full((len(spans), sum(spec.dimension for spec in specs)), np.nan, dtype=np.float32)
    notes: list[str | None] = ["no sound here"] * len(spans)
    done = 0
    heard = [Span(span.start, min(span.end, span.start + LONGEST)) for span in spans]
    for index, sound in recording.sounds(heard, rate=extract.rate, track=settings.audio_track):
        done += 1
        step("listening to the voices", done / len(spans))
        if not len(sound.samples):
            continue
        if silent(sound):
            notes[index] = "silence"
            continue
        if settings.doubt and voice is not None and speech_in(heard[index], voice) < LEAST_SPEECH:
            notes[index] = "no speech in the sound: music or noise"
            continue
        values[index] = extract(sound)
        notes[index] = "too short or too quiet to measure"
        if np.isfinite(values[index]).any():
            cut = spans[index].seconds > LONGEST
            notes[index] = f"its first {LONGEST:g} s" if cut else None
    columns = columns_of(specs, values)
    absent = int((~np.isfinite(values).any(axis=1)).sum())
    warnings = (f"no voice could be measured in {absent} of {len(spans)} utterances",) if absent else ()
    how = {"sound_track": settings.audio_track, "sound_tracks": len(recording.info.audio)}
    return Measured(tuple(columns), tuple(notes), (*recording.notes, *warnings), how)


def measure_faces(
    recording: Recording,
    spans: Sequence[Span],
    specs: Sequence[FeatureSpec],
    settings: AnalysisSettings,
    step: Step,
    voice: Voice | None = None,
) -> Measured:
    """The visual features; absent, with the reason, where there is no picture or no extractor."""
    if settings.openface is not None:
        return _action_units(spans, specs, settings)
    if recording.info.video is None:
        return nothing(len(spans), "the recording has no picture")
    try:
        encoder = face_encoder_for(specs)
    except InputError as error:
        return nothing(len(spans), f"faces were not read: {error.what}")
    reader = FaceReader.open(settings.detector, encoder, FaceReadingSettings(rate=settings.face_rate))
    end = max(span.end for span in spans)

    def frames() -> Iterator[Frame]:
        for frame in recording.frames(settings.face_rate, spans, longest_side=LONGEST_SIDE):
            step("looking at the faces", min(1.0, frame.time / end))
            yield frame

    reading = reader.read(frames(), spans, voice)
    absent = int((~reading.present).sum())
    warnings = list(reading.warnings)
    if 0 < absent < len(spans):
        warnings.append(f"no face could be read in {absent} of {len(spans)} utterances")
    return Measured(
        (FeatureColumn(specs[0], reading.values, reading.present),),
        reading.notes,
        tuple(warnings),
        {
            "face_detector": reader.detector.name,
            "face_rate": settings.face_rate,
            "frames_sampled": int(reading.sampled.sum()),
            "frames_with_face": int(reading.with_face.sum()),
        },
    )


def _action_units(
    spans: Sequence[Span], specs: Sequence[FeatureSpec], settings: AnalysisSettings
) -> Measured:
    assert settings.openface is not None
    units = read_openface(settings.openface)
    if len(specs) != 1 or not specs[0].matches(units.spec):
        wanted = ", ".join(map(str, specs)) or "no picture"
        raise InputError(
            f"the checkpoint reads {wanted}, and this file gives {units.spec}",
            where=str(settings.openface),
            fix="load a checkpoint that was trained on au18, or leave the file out",
        )
    values, present = units.au18(spans)
    notes = tuple(None if there else "no face in OpenFace's file" for there in present)
    return Measured(
        (FeatureColumn(specs[0], values, present),), notes, (), {"openface": settings.openface.name}
    )
