"""Speakers by a pipeline of pyannote.audio 4 (extra `diarization`), its telemetry switched off."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any

import torch

from crossgate.errors import InputError, reason_of
from crossgate.media.clips import Sound, Span
from crossgate.media.voices.blocks import RATE, check_rate, finite
from crossgate.media.voices.clustering import numbered

PIPELINE = "pyannote/speaker-diarization-community-1"

TELEMETRY = "PYANNOTE_METRICS_ENABLED"
"""pyannote.audio 4 sends figures of every use unless this environment variable is `false`; it is read at
import and at each use."""


class PyannoteSpeakers:
    """A diarization pipeline. It takes the whole recording at once: 230 MB an hour.

    What is in no utterance is silence to it. pyannote's own code reads its checkpoints, which are
    no safetensors.

    Args:
        pipeline: name of a repository of the hub, or a folder with the pipeline's `config.yaml`.
        token: of the hub, None for the one it knows; published pipelines ask for consent to conditions.
        speakers: how many there are, None to have it found out.

    Raises InputError where pyannote.audio is not installed, or the pipeline cannot be had.
    """

    notes: tuple[str, ...] = (
        "the speakers are guessed from the sound of the voices (pyannote.audio); give a transcript that "
        "names them to be sure",
    )

    def __init__(
        self, pipeline: str = PIPELINE, *, token: str | None = None, speakers: int | None = None
    ) -> None:
        if speakers is not None and speakers < 1:
            raise InputError(f"speakers is {speakers}, expected 1 or more", where="speakers")
        self._pipeline = _load(pipeline, token)
        self._speakers = speakers
        self.name = f"pyannote.audio, {pipeline}"

    def label(self, sounds: Iterable[tuple[int, Sound]], spans: Sequence[Span]) -> list[str]:
        """For each utterance who speaks longest in it; where nobody was found, who is nearest in time."""
        end = max((span.end for span in spans), default=0.0)
        waveform = torch.zeros(1, round(end * RATE))
        for _, sound in sounds:
            check_rate(sound)
            first = max(0, round(sound.start * RATE))
            room = waveform[0, first : first + len(sound.samples)]
            room[:] = torch.from_numpy(finite(sound.samples))[: len(room)]
        if not waveform.any():
            return numbered([""] * len(spans))
        _switch_telemetry_off()
        options = {} if self._speakers is None else {"num_speakers": self._speakers}
        output = self._pipeline({"waveform": waveform, "sample_rate": RATE}, **options)
        # Pipelines made for the releases before answer with the annotation itself.
        annotation = getattr(output, "exclusive_speaker_diarization", output)
        turns = [
            (Span(turn.start, turn.end), str(speaker))
            for turn, _, speaker in annotation.itertracks(yield_label=True)
        ]
        return numbered([_speaker(span, turns) for span in spans])


def _speaker(span: Span, turns: Sequence[tuple[Span, str]]) -> str:
    """Who has most of the span, else the nearest; nobody has a name where there are no turns."""
    shares: dict[str, float] = {}
    for turn, speaker in turns:
        shares[speaker] = shares.get(speaker, 0.0) + max(0.0, _overlap(span, turn))
    if any(shares.values()):
        return max(shares, key=shares.__getitem__)
    # Overlap below 0 is the distance in time.
    return max(turns, key=lambda one: _overlap(span, one[0]))[1] if turns else ""


def _overlap(span: Span, turn: Span) -> float:
    return min(span.end, turn.end) - max(span.start, turn.start)


def _load(name: str, token: str | None) -> Any:
    """A `pyannote.audio.Pipeline`."""
    _switch_telemetry_off()
    where = f"speakers by {name}"
    try:
        from pyannote.audio import Pipeline
    except ImportError as error:
        raise InputError(
            "pyannote.audio is not installed", where=where, fix="pip install 'crossgate[diarization]'"
        ) from error
    try:
        pipeline = Pipeline.from_pretrained(name, token=token)
    except Exception as error:  # the hub's client, its HTTP library and torch have no base in common
        reason = reason_of(error)
        raise InputError(
            f"the pipeline cannot be loaded: {reason}", where=where, fix=_how_to_get(name)
        ) from error
    if pipeline is None:  # what pyannote answers where the hub refuses
        raise InputError("the hub does not give the pipeline", where=where, fix=_how_to_get(name))
    return pipeline


def _switch_telemetry_off() -> None:
    os.environ[TELEMETRY] = "false"


def _how_to_get(name: str) -> str:
    return (
        f"accept the conditions of https://hf.co/{name} and set HF_TOKEN to a token of the hub, name a "
        "folder with the pipeline, or give a transcript that names the speakers"
    )
