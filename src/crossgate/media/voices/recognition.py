"""What is said: the interface of speech recognition, and Whisper by faster-whisper (extra `whisper`)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from crossgate.errors import InputError, reason_of
from crossgate.media.clips import Sound
from crossgate.media.transcripts.segments import Segment
from crossgate.media.voices.blocks import RATE, check_rate, finite
from crossgate.media.voices.silence import silent

LANGUAGE_SECONDS = 30.0
"""Of speech from which the language is told: what Whisper hears at once."""

UNSURE = 0.5
"""Probability of the language below which the user is told."""

INSTALL = "pip install 'crossgate[whisper]', or give a transcript"
NO_WEIGHTS = (
    "name a folder with a Whisper model in CTranslate2's format (model.bin, config.json, tokenizer.json, "
    "vocabulary), or give a transcript"
)

Utterances = Iterable[tuple[int, Sound]]
"""Every utterance's place, from 0, and its sound; not necessarily in order of the places."""


class SpeechRecognizer(Protocol):
    """Finds the words of utterances.

    Attributes:
        name: of the model.
        notes: what the reader must know of what was recognised last, in words.
    """

    name: str
    notes: tuple[str, ...]

    def segments(self, sounds: Utterances) -> list[Segment]:
        """What is said and when, without speakers, by start; several to an utterance, or none."""


class WhisperRecognizer:
    """Whisper, utterance by utterance; the first 30 s of speech and one utterance are in memory at a time.

    With the environment variable HF_HUB_OFFLINE set, only what the hub's cache holds is used.

    Args:
        model: `tiny`, `base`, `small`, `medium`, `large-v3`, ..., the name of a repository of the hub, or a
            folder with a model in CTranslate2's format; a folder is never looked for on the hub.
        language: code of the language spoken, such as `en`; None to have it told by the model.
        device: `auto`, `cpu` or `cuda`.
        compute_type: of CTranslate2: `default` as the model was saved, `int8` for less memory.

    Attributes:
        name: of the model.
        language: spoken, as given or told; None before anything was heard.
        language_probability: 0 to 1; 1 where the language was given, or the model knows no other.
        notes: what the reader must know of what was recognised last, in words.

    Raises InputError where faster-whisper is not installed, the weights cannot be had, or the model does not
    know the language.
    """

    def __init__(
        self,
        model: str = "base",
        *,
        language: str | None = None,
        device: str = "auto",
        compute_type: str = "default",
    ) -> None:
        self._model = _load(model, device, compute_type)
        self.name = f"whisper {Path(model).name if Path(model).is_dir() else model}"
        known = list(self._model.supported_languages)
        if language is not None and language not in known:
            raise InputError(
                f"the model does not know the language {language!r}",
                where=self.name,
                fix=f"name one of {', '.join(known)}",
            )
        # A model of English alone cannot tell languages.
        self._given = known[0] if len(known) == 1 else language
        self.language = self._given
        self.language_probability = 1.0
        self.notes: tuple[str, ...] = ()

    def segments(self, sounds: Utterances) -> list[Segment]:
        """What is said and when, by start; the times of a segment are those of its first and last word."""
        found = list(self._hear(sounds))
        return sorted(found, key=lambda segment: (segment.start or 0.0, segment.end or 0.0))

    def _hear(self, sounds: Utterances) -> Iterator[Segment]:
        self.language, self.language_probability, self.notes = self._given, 1.0, ()
        coming = iter(sounds)
        first: list[tuple[int, Sound]] = []
        if self._given is None:
            first = _first_seconds(coming)
            self._tell_language([sound for _, sound in first])
        for _, sound in chain(first, coming):
            check_rate(sound)
            if not silent(sound):
                yield from self._segments(sound)

    def _tell_language(self, sounds: list[Sound]) -> None:
        speech = [finite(sound.samples) for sound in sounds if not silent(sound)]
        if not speech:
            return
        audio = np.concatenate(speech)[: int(LANGUAGE_SECONDS * RATE)]
        language, probability, _ = self._model.detect_language(audio=audio)
        self.language, self.language_probability = str(language), float(probability)
        if self.language_probability < UNSURE:
            self.notes = (
                f"the language was taken for {self.language!r}, with a probability of only "
                f"{self.language_probability:.2f}; name the language to be sure",
            )

    def _segments(self, sound: Sound) -> Iterator[Segment]:
        found, _ = self._model.transcribe(
            finite(sound.samples),
            # None, where the first 30 s were silent: Whisper tells it for this utterance alone.
            language=self.language,
            word_timestamps=True,
            # The utterances are speech already, and may be far from each other in time.
            vad_filter=False,
            condition_on_previous_text=False,
        )
        reached, end = sound.start, sound.start + sound.seconds
        for one in found:
            text = one.text.strip()
            if not text:
                continue
            words = one.words or [one]
            start = min(max(sound.start + float(words[0].start), reached), end)
            reached = min(max(sound.start + float(words[-1].end), start), end)
            yield Segment(round(start, 3), round(reached, 3), None, text)


def _load(model: str, device: str, compute_type: str) -> Any:
    """A `faster_whisper.WhisperModel`."""
    folder = Path(model)
    # Without a tokenizer.json faster-whisper would ask the hub for one.
    missing = [name for name in ("model.bin", "tokenizer.json") if not (folder / name).is_file()]
    if folder.is_dir() and missing:
        raise InputError(f"no {' and no '.join(missing)} in it", where=str(folder), fix=NO_WEIGHTS)
    try:
        from faster_whisper import WhisperModel
    except ImportError as error:
        raise InputError(
            "faster-whisper is not installed", where="speech recognition", fix=INSTALL
        ) from error
    try:
        return WhisperModel(
            model,
            device=device,
            compute_type=compute_type,
            local_files_only=folder.is_dir() or _offline(),
        )
    except Exception as error:  # the hub's client, its HTTP library and CTranslate2 have no base in common
        reason = reason_of(error)
        raise InputError(
            f"the model cannot be loaded: {reason}",
            where=f"speech recognition with whisper {model}",
            fix=NO_WEIGHTS,
        ) from error


def _first_seconds(coming: Iterator[tuple[int, Sound]]) -> list[tuple[int, Sound]]:
    """Takes from the iterator until there is enough to tell the language."""
    first: list[tuple[int, Sound]] = []
    seconds = 0.0
    for place, sound in coming:
        first.append((place, sound))
        seconds += sound.seconds
        if seconds >= LANGUAGE_SECONDS:
            break
    return first


def _offline() -> bool:
    return os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}
