"""Where the released corpora keep the recording of each utterance."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from crossgate.corpora.iemocap import read_iemocap
from crossgate.corpora.meld import read_meld
from crossgate.corpora.table import Release
from crossgate.media.clips import Span

MELD_FOLDERS = {
    "train": ("train_splits", "train"),
    "validation": ("dev_splits_complete", "dev"),
    "test": ("output_repeated_splits_test", "test"),
}
"""Folders of MELD.Raw's clips, once its three inner archives are unpacked."""

KNOWN_BROKEN = {
    "train_dia125_utt3": "MELD's clip is damaged as released",
    "validation_dia110_utt7": "MELD has no clip of it",
}
"""Clips that are known not to be readable; see MELD's issue tracker."""

_MELD_ID = re.compile(r"(train|validation|test)_dia(\d+)_utt(\d+)")


@dataclass(frozen=True)
class Clip:
    """The recordings of one utterance.

    Attributes:
        utterance: its id.
        sound: file with its sound, None where there is none.
        picture: file with its picture, None where there is none.
        span: when it is spoken in `picture`; None where it is all of it. The sound is always all of its file.
    """

    utterance: str
    sound: Path | None
    picture: Path | None
    span: Span | None = None


Find = Callable[[Path, str, str, float | None, float | None], Clip]
"""Release's folder, split, utterance, its start and end in seconds -> its clip."""


def meld_clip(folder: Path, split: str, utterance: str, start: float | None, end: float | None) -> Clip:
    """One clip an utterance, `dia0_utt0.mp4`, sound and picture together."""
    match = _MELD_ID.fullmatch(utterance)
    assert match is not None  # our reader made the id
    name = f"dia{match[2]}_utt{match[3]}.mp4"
    for place in MELD_FOLDERS[split]:
        for path in (folder / place / name, *sorted(folder.glob(f"*/{place}/{name}"))):
            if path.is_file():
                return Clip(utterance, path, path)
    return Clip(utterance, None, None)


def iemocap_clip(folder: Path, split: str, utterance: str, start: float | None, end: float | None) -> Clip:
    """A sound file of its own, and the film of the whole dialogue, in which both speakers are seen."""
    dialogue = utterance.rpartition("_")[0]
    session = folder / f"Session{int(utterance[3:5])}"
    sound = session / "sentences" / "wav" / dialogue / f"{utterance}.wav"
    film = session / "dialog" / "avi" / "DivX" / f"{dialogue}.avi"
    timed = start is not None and end is not None and end > start
    return Clip(
        utterance,
        sound if sound.is_file() else None,
        film if film.is_file() and timed else None,
        Span(start, end) if start is not None and end is not None and timed else None,
    )


@dataclass(frozen=True)
class Layout:
    """How a release is read."""

    read: Callable[[Path], Release]
    find: Find


LAYOUTS = {"meld": Layout(read_meld, meld_clip), "iemocap": Layout(read_iemocap, iemocap_clip)}
"""By the corpus' name."""
