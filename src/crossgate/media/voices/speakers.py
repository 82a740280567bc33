"""Who speaks, where no transcript says so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from crossgate.media.clips import Sound, Span
from crossgate.media.voices.clustering import ClusteredSpeakers, ClusteringSettings
from crossgate.media.voices.pyannote_speakers import PyannoteSpeakers


class SpeakerLabeller(Protocol):
    """Names the speakers of utterances.

    Attributes:
        name: of the method.
    """

    name: str

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the result must know, in words: that it is a guess, and what was met."""

    def label(self, sounds: Iterable[tuple[int, Sound]], spans: Sequence[Span]) -> list[str]:
        """`Speaker 1`, `Speaker 2`, ... for each utterance, in the order of the first utterances of each.

        Args:
            sounds: place in `spans` and mono sound at 16 kHz of every utterance, in any order.
            spans: the utterances.
        """


def speaker_labeller(pyannote: str = "", speakers: int | None = None) -> SpeakerLabeller:
    """Clustering of voices, or a pipeline of pyannote.audio where one is named.

    Args:
        pyannote: name or folder of the pipeline.
        speakers: how many there are, None to have it guessed.

    Raises InputError where the pipeline cannot be had.
    """
    if pyannote:
        return PyannoteSpeakers(pyannote, speakers=speakers)
    return ClusteredSpeakers(settings=ClusteringSettings(speakers=speakers))
