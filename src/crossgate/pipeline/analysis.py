"""One recording in, one result out: turns, measurements, the network, words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import BinaryIO

from crossgate import __version__
from crossgate.conversation import INITIALS, MODALITIES, Conversation, Modality, Utterance
from crossgate.corpora.manifest import sha256_of
from crossgate.errors import InputError
from crossgate.evaluation.subsets import subset_of
from crossgate.media.clips import Span
from crossgate.media.recording import Recording, open_recording
from crossgate.media.transcripts.reading import is_transcript
from crossgate.models.checkpoint import Checkpoint
from crossgate.pipeline.in_memory import examples_in_memory, has_words
from crossgate.pipeline.language import looks_foreign
from crossgate.pipeline.measuring import Measured, measure_faces, measure_voices, nothing
from crossgate.pipeline.policy import find_policy
from crossgate.pipeline.predictions import predictions_of
from crossgate.pipeline.settings import AnalysisSettings
from crossgate.pipeline.side_by_side import side_by_side
from crossgate.pipeline.steps import Step
from crossgate.pipeline.talk import Ears, Talk, talk_of_recording, talk_of_transcript
from crossgate.prediction import Prediction
from crossgate.report.result import MediaInfo, ModalityUse, ModelInfo, Result, Turn


@dataclass(frozen=True)
class Model:
    """A checkpoint and what results call it."""

    checkpoint: Checkpoint
    name: str
    sha256: str

    @property
    def info(self) -> ModelInfo:
        """As results state it."""
        checkpoint = self.checkpoint
        return ModelInfo(
            self.name,
            __version__,
            self.sha256,
            checkpoint.settings.causal,
            checkpoint.temperature.usual,
            checkpoint.confidence_threshold,
            {m: ", ".join(str(spec) for spec in specs) for m, specs in checkpoint.specs.items()},
        )


def analyze(
    model: Model,
    source: Path | BinaryIO,
    transcript: Path | None,
    settings: AnalysisSettings,
    step: Step,
) -> Result:
    """The expressed emotion of every utterance of a recording, or of a transcript alone.

    Args:
        model: what recognises.
        source: a recording, `-` for standard input, an open stream, or a transcript.
        transcript: of the recording; None where there is none.
        settings: how.
        step: told of the progress.

    Raises InputError where nothing can be made of what is given; what can is in the result's warnings.
    """
    allowed = _allowed(model.checkpoint, settings)
    if isinstance(source, Path) and transcript is None and is_transcript(source):
        talk = talk_of_transcript(source, settings)
        media = MediaInfo(source.name, "text", None, sha256_of(source), transcript=source.name)
        absent = {m: nothing(_count(talk), "there is no recording", warn=False) for m in MODALITIES[1:]}
        return _result(model, media, talk, absent, allowed, settings, ())
    with open_recording(source, opening=lambda: step("opening the recording", None)) as recording:
        _check(recording, settings)
        talk = talk_of_recording(recording, transcript, settings, step)
        _refuse_wordless(talk, allowed)
        measured = _measure(model.checkpoint, recording, talk, allowed, settings, step)
        notes = recording.notes
        return _result(
            model, _media(recording, transcript, settings), talk, measured, allowed, settings, notes
        )


def _check(recording: Recording, settings: AnalysisSettings) -> None:
    """Raise InputError where there is nothing to analyse, or not the track that is asked for."""
    if recording.info.audio:
        recording.sound_track(settings.audio_track)
    if not recording.info.duration > 0:
        raise InputError("the recording has no length", where=recording.info.name)


def _refuse_wordless(talk: Talk, allowed: Sequence[Modality]) -> None:
    """Raise InputError where words are all that may be used, and there are none."""
    if talk.conversation is not None and tuple(allowed) == ("text",) and not has_words([talk.conversation]):
        raise InputError(
            "there are no words, and nothing else may be used",
            fix="give a transcript, or --whisper, or allow another modality",
        )


def _allowed(checkpoint: Checkpoint, settings: AnalysisSettings) -> tuple[Modality, ...]:
    """The modalities that may be measured. Raises InputError where the checkpoint reads none of them."""
    allowed = tuple(checkpoint.specs)
    if settings.modalities is not None:
        letters = subset_of(settings.modalities, checkpoint.network)
        allowed = tuple(m for m in allowed if INITIALS[m] in letters)
    if settings.policy is not None:
        allowed = tuple(m for m in allowed if m in find_policy(settings.policy).modalities)
    if not allowed:
        raise InputError(
            f"nothing is left to analyse: the checkpoint reads {', '.join(checkpoint.specs)}",
            fix="load another checkpoint, or allow another modality",
        )
    return allowed


def _measure(
    checkpoint: Checkpoint,
    recording: Recording,
    talk: Talk,
    allowed: Sequence[Modality],
    settings: AnalysisSettings,
    step: Step,
) -> dict[Modality, Measured]:
    """Voices and faces side by side, each only where it is allowed and the checkpoint reads it."""
    spans: Sequence[Span] = talk.spans or ()
    measured: dict[Modality, Measured] = {}
    work: dict[Modality, Callable[[Step], Measured]] = {}
    voice = talk.voice
    listens = settings.doubt and "audio" in allowed and bool(spans) and not talk.silent
    looks = "visual" in allowed and recording.info.video is not None and settings.openface is None
    if voice is None and (listens or looks):
        # Music is no voice; and of several faces the speaker's moves its mouth in step with the voice.
        voice = Ears(recording, settings, step).voice()
    for modality in MODALITIES[1:]:
        specs = checkpoint.specs.get(modality, ())
        if not specs:
            measured[modality] = nothing(len(spans), "the checkpoint does not read it", warn=False)
        elif modality not in allowed:
            measured[modality] = nothing(len(spans), "not measured, as asked", warn=False)
        elif not spans:
            measured[modality] = nothing(0, "nobody speaks", warn=False)
        elif modality == "audio" and talk.silent:
            measured[modality] = nothing(len(spans), "nobody speaks", warn=False)
        elif modality == "audio":
            work[modality] = partial(measure_voices, recording, spans, specs, settings, voice=voice)
        else:
            work[modality] = partial(measure_faces, recording, spans, specs, settings, voice=voice)
    # Two passes over the recording, each with a decoder of its own; most of their work is outside Python.
    return measured | side_by_side(work, step)


def _result(
    model: Model,
    media: MediaInfo,
    talk: Talk,
    measured: dict[Modality, Measured],
    allowed: Sequence[Modality],
    settings: AnalysisSettings,
    notes: Sequence[str],
) -> Result:
    """Predict, and put everything that was found together."""
    warnings = [*notes, *talk.warnings, *(w for one in measured.values() for w in one.warnings)]
    how = {**talk.sources, "modalities": "".join(INITIALS[m] for m in allowed)}
    for one in measured.values():
        how |= one.settings
    result = Result(media, model.info, model.checkpoint.labels.labels, (), (), how, settings.policy)
    if settings.policy is not None:
        warnings.insert(0, find_policy(settings.policy).notice)
    if talk.conversation is None:
        return replace(result, warnings=tuple(dict.fromkeys(warnings)))
    conversation = talk.conversation
    if settings.doubt and "text" in allowed and (foreign := _foreign(conversation)):
        warnings.append(
            f"the words of {', '.join(foreign)} do not look like English, the only language the shipped "
            "models have read: do not trust what they say of them"
        )
    read = conversation if "text" in allowed else _without_words(conversation)
    columns = [column for one in measured.values() for column in one.columns]
    (example,) = examples_in_memory([read], model.checkpoint, columns, plausible=settings.doubt)
    present = dict(zip(model.checkpoint.network.modalities, example.present.tolist(), strict=True))
    if not example.present.any():
        warnings.append("nothing could be measured in any utterance, so that every emotion is a guess")
    predictions = predictions_of(model.checkpoint, [example], doubt=settings.doubt)
    warnings += _doubted(predictions)
    turns = tuple(
        _turn(utterance, prediction, _uses(row, prediction, present, measured, allowed))
        for row, (utterance, prediction) in enumerate(zip(conversation.utterances, predictions, strict=True))
    )
    return replace(result, utterances=turns, warnings=tuple(dict.fromkeys(warnings)))


def _foreign(conversation: Conversation) -> list[str]:
    """The speakers whose words, taken together, do not look like English."""
    words: dict[str, list[str | None]] = {}
    for utterance in conversation.utterances:
        words.setdefault(utterance.speaker, []).append(utterance.text)
    return [speaker for speaker, texts in words.items() if looks_foreign(texts)]


def _doubted(predictions: Sequence[Prediction]) -> list[str]:
    """What a reader must know of texts, voices and faces that were doubted; the turns' notes say the same."""
    counts = Counter((m, why) for prediction in predictions for m, why in prediction.notes.items())
    return [
        f"{modality} of {count} of {len(predictions)} utterances: {why}"
        for (modality, why), count in counts.items()
    ]


def _uses(
    row: int,
    prediction: Prediction,
    present: dict[Modality, list[bool]],
    measured: dict[Modality, Measured],
    allowed: Sequence[Modality],
) -> dict[Modality, ModalityUse]:
    """What each modality gave to one utterance."""
    uses: dict[Modality, ModalityUse] = {}
    for modality in MODALITIES:
        there = modality in present and present[modality][row]
        if modality in prediction.notes:
            note: str | None = prediction.notes[modality]
        elif modality in measured:
            note = measured[modality].notes[row]
        elif there:
            note = None
        else:
            note = "no words" if modality in allowed else "not used, as asked"
        uses[modality] = ModalityUse(there, prediction.shares.get(modality, 0.0) if there else 0.0, note)
    return uses


def _turn(utterance: Utterance, prediction: Prediction, uses: dict[Modality, ModalityUse]) -> Turn:
    return Turn(
        utterance.id,
        utterance.speaker,
        utterance.start,
        utterance.end,
        utterance.text,
        prediction.emotion,
        prediction.confidence,
        prediction.abstained,
        prediction.distribution,
        uses,
        prediction.views,
    )


def _without_words(conversation: Conversation) -> Conversation:
    return replace(conversation, utterances=tuple(replace(u, text=None) for u in conversation.utterances))


def _count(talk: Talk) -> int:
    return 0 if talk.conversation is None else len(talk.conversation)


def _media(recording: Recording, transcript: Path | None, settings: AnalysisSettings) -> MediaInfo:
    info = recording.info
    track = info.audio[settings.audio_track] if info.audio else None
    return MediaInfo(
        info.name,
        "video" if info.video else "audio",
        info.duration,
        info.sha256,
        info.video.width if info.video else None,
        info.video.height if info.video else None,
        info.video.rate if info.video else None,
        track.rate if track else None,
        transcript.name if transcript else None,
    )
