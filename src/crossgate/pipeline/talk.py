"""Who says what and when: from a recording, its transcript, or both, to a conversation with times."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from crossgate.conversation import Conversation, Utterance
from crossgate.errors import InputError
from crossgate.media.clips import Sound, Span
from crossgate.media.recording import Recording
from crossgate.media.transcripts.fitting import assign_speakers, place_in
from crossgate.media.transcripts.reading import read_transcript
from crossgate.media.transcripts.segments import Segment, Transcript
from crossgate.media.voices.activity import Heard, VoiceActivity, installed_voice_activity
from crossgate.media.voices.blocks import RATE
from crossgate.media.voices.curve import VoiceCurve
from crossgate.media.voices.recognition import WhisperRecognizer
from crossgate.media.voices.speakers import speaker_labeller
from crossgate.media.voices.turns import utterances_from_speech
from crossgate.pipeline.settings import AnalysisSettings
from crossgate.pipeline.steps import Step
from crossgate.report.result import BY_SPEAKERS_FILE, BY_TRANSCRIPT, NOBODY

UNKNOWN = "Unknown speaker"
"""Whoever a transcript does not name, where it names others."""

STRETCH = 3.0
"""Seconds of picture that stand for an utterance where nobody speaks; MELD's last 3.2 s on average."""

MOST_STRETCHES = 4800
"""Of one recording, four hours at 3 s; those of a longer one are longer, as the network looks from each turn
at every other, so that its memory grows with the square of their number."""


@dataclass(frozen=True)
class Talk:
    """A conversation and how it was come by.

    Attributes:
        conversation: None where nobody speaks.
        spans: (utterance,) when each is spoken; None where the transcript has no times.
        sources: where turns, words and speakers are from, in words.
        warnings: what was mended, guessed or missed.
        voice: voice activity over time, where it was looked at.
        silent: nobody speaks: the utterances are stretches of the picture, and no voice is to be measured.
    """

    conversation: Conversation | None
    spans: tuple[Span, ...] | None
    sources: dict[str, str]
    warnings: tuple[str, ...] = ()
    voice: VoiceCurve | None = field(default=None, compare=False)
    silent: bool = False


def talk_of_transcript(path: Path, settings: AnalysisSettings) -> Talk:
    """The conversation of a transcript alone. Raises InputError where it has no words."""
    transcript = _with_speakers(read_transcript(path), settings)
    if not transcript.worded:
        raise InputError(
            "the file tells who speaks and not what is said",
            where=str(path),
            fix="give the recording as well",
        )
    segments = _named(transcript.segments)
    spans = tuple(_span(s) for s in segments) if transcript.timed else None
    sources = dict.fromkeys(("turns", "words"), f"transcript ({transcript.format})")
    sources["speakers"] = BY_TRANSCRIPT if _names(transcript) else "none"
    return Talk(_conversation(path.stem, segments), spans, sources, transcript.notes)


def talk_of_recording(
    recording: Recording, transcript: Path | None, settings: AnalysisSettings, step: Step
) -> Talk:
    """The conversation of a recording: turns by its transcript, else by voice activity; see the module.

    Raises InputError where the transcript has no times, or belongs to another recording.
    """
    ears = Ears(recording, settings, step)
    if transcript is not None:
        read, voice = _timed(transcript, recording), None
        sources = {"turns": f"transcript ({read.format})"}
    elif settings.speakers_file is not None:
        read, voice = _timed(settings.speakers_file, recording), None
        sources = {"turns": f"speakers' file ({read.format})"}
    else:
        read, voice = ears.find_speech()
        sources = {"turns": read.format}
        if not read.segments and recording.info.video is not None:
            return _stretches(recording, read.notes)
    if not read.segments:
        return Talk(None, (), sources, read.notes, voice)
    if read.worded:
        sources["words"] = f"transcript ({read.format})"
    elif settings.whisper:
        read, sources["words"] = ears.write_down(read)
    else:
        sources["words"] = "none"
        note = "there are no words: give a transcript, or --whisper; text is absent"
        read = replace(read, notes=(*read.notes, note))
    if not read.segments:
        return Talk(None, (), sources, read.notes, voice)
    if transcript is not None:  # without one, the speakers' file is where the turns are from
        read = _with_speakers(read, settings)
    read, sources["speakers"] = ears.tell_apart(read)
    spans = tuple(_span(segment) for segment in read.segments)
    return Talk(_conversation(_title(recording), read.segments), spans, sources, read.notes, voice)


def _stretches(recording: Recording, notes: tuple[str, ...]) -> Talk:
    """The picture cut into equal stretches, where nobody speaks: how people look can be told all the same."""
    count = min(MOST_STRETCHES, max(1, round(recording.info.duration / STRETCH)))
    length = recording.info.duration / count
    segments = tuple(Segment(k * length, (k + 1) * length, NOBODY) for k in range(count))
    note = f"as nobody speaks, stretches of the picture of {length:.1f} s stand for the turns"
    return Talk(
        _conversation(_title(recording), segments),
        tuple(_span(segment) for segment in segments),
        {"turns": "equal stretches", "words": "none", "speakers": "none"},
        (*notes, note),
        silent=True,
    )


def _title(recording: Recording) -> str:
    return Path(recording.info.name).stem or "recording"


def _timed(path: Path, recording: Recording) -> Transcript:
    """A file with times, fitted to the recording."""
    read = read_transcript(path)
    if not read.timed:
        raise InputError(
            "the file has no times, so its turns cannot be found in the recording",
            where=str(path),
            fix="give one with times, or analyse the transcript alone",
        )
    return place_in(read, recording.info.duration)


class Ears:
    """What is found out by listening, where no file tells it."""

    def __init__(self, recording: Recording, settings: AnalysisSettings, step: Step) -> None:
        self._recording = recording
        self._settings = settings
        self._step = step

    def voice(self) -> VoiceCurve | None:
        """The probability of speech over time; None where there is no sound."""
        return self._listen()[1].curve if self._recording.info.audio else None

    def find_speech(self) -> tuple[Transcript, VoiceCurve | None]:
        """Stretches of speech as turns of nobody in particular, and the probability of speech over time."""
        if not self._recording.info.audio:
            note = "the recording has no sound, so nothing tells when somebody speaks"
            return Transcript((), "none", self._recording.info.name, (note,)), None
        activity, heard = self._listen()
        spans = utterances_from_speech(heard.spans)
        notes = [activity.note, *heard.curve.notes, None if spans else "no speech was found"]
        end = self._recording.info.duration
        segments = tuple(Segment(span.start, min(span.end, end)) for span in spans if span.start < end)
        said = tuple(note for note in notes if note)
        return Transcript(segments, activity.name, self._recording.info.name, said), heard.curve

    def write_down(self, read: Transcript) -> tuple[Transcript, str]:
        """Turns with words, by speech recognition inside the turns given, and the name of what did it."""
        if not self._recording.info.audio:
            return replace(read, notes=(*read.notes, "there is no sound to find words in")), "none"
        recognizer = WhisperRecognizer(self._settings.whisper, language=self._settings.language)
        segments = tuple(recognizer.segments(self._sounds(read, "writing down what is said")))
        notes = (*read.notes, *recognizer.notes, *(() if segments else ("no words were found",)))
        heard = replace(read, segments=segments, notes=notes)
        return (assign_speakers(heard, read) if _names(read) else heard), recognizer.name

    def tell_apart(self, read: Transcript) -> tuple[Transcript, str]:
        """Turns that all have a speaker, and how the speakers were told apart."""
        segments = read.segments
        if _names(read):
            unnamed = sum(not segment.speaker for segment in segments)
            note = f"{unnamed} of {len(segments)} utterances have no speaker's name"
            notes = (*read.notes, note) if unnamed else read.notes
            source = BY_TRANSCRIPT if self._settings.speakers_file is None else BY_SPEAKERS_FILE
            return replace(read, segments=_named(segments), notes=notes), source
        if not self._recording.info.audio:
            note = "nothing tells the speakers apart; all turns are taken for one's"
            return replace(read, segments=_named(segments), notes=(*read.notes, note)), "none"
        asked = self._settings.speakers or self._settings.pyannote
        if self._settings.policy is not None and not asked:
            note = (
                "under the policy voices are not told apart unless it is asked for (--speakers, --pyannote): "
                "all turns are taken for one's"
            )
            return replace(read, segments=_named(segments), notes=(*read.notes, note)), "none"
        labeller = speaker_labeller(self._settings.pyannote, self._settings.speakers)
        spans = [_span(segment) for segment in segments]
        names = labeller.label(self._sounds(read, "telling the voices apart"), spans)
        named = tuple(replace(s, speaker=name) for s, name in zip(segments, names, strict=True))
        return replace(read, segments=named, notes=(*read.notes, *labeller.notes)), labeller.name

    def _listen(self) -> tuple[VoiceActivity, Heard]:
        activity = installed_voice_activity()
        return activity, activity.listen(self._blocks(activity.rate, "listening for speech"))

    def _blocks(self, rate: int, words: str) -> Iterator[Sound]:
        total = max(self._recording.info.duration, 1e-6)
        for block in self._recording.blocks(rate=rate, track=self._settings.audio_track):
            yield block
            self._step(words, min(1.0, (block.start + block.seconds) / total))

    def _sounds(self, read: Transcript, words: str) -> Iterator[tuple[int, Sound]]:
        spans = [_span(segment) for segment in read.segments]
        found = self._recording.sounds(spans, rate=RATE, track=self._settings.audio_track)
        for done, one in enumerate(found, start=1):
            yield one
            self._step(words, done / len(spans))


def _names(read: Transcript) -> bool:
    return any(segment.speaker for segment in read.segments)


def _with_speakers(transcript: Transcript, settings: AnalysisSettings) -> Transcript:
    """The transcript with the names of the speakers' file, where one is given."""
    if settings.speakers_file is None:
        return transcript
    return assign_speakers(transcript, read_transcript(settings.speakers_file))


def _named(segments: tuple[Segment, ...]) -> tuple[Segment, ...]:
    """Everybody has a name: where no one has, all are one speaker, else the rest are unknown."""
    other = UNKNOWN if any(segment.speaker for segment in segments) else "Speaker 1"
    return tuple(replace(segment, speaker=segment.speaker or other) for segment in segments)


def _span(segment: Segment) -> Span:
    assert segment.start is not None
    assert segment.end is not None
    return Span(segment.start, segment.end)


def _conversation(name: str, segments: tuple[Segment, ...]) -> Conversation:
    ids = [segment.id for segment in segments]
    own = all(ids) and len(set(ids)) == len(ids)
    return Conversation(
        name,
        tuple(
            Utterance(
                str(segment.id) if own else str(place + 1),
                segment.speaker or UNKNOWN,
                segment.text,
                segment.start,
                segment.end,
            )
            for place, segment in enumerate(segments)
        ),
    )
