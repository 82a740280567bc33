"""Corpora in the layouts in which they are released, cut from the sample."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np

from crossgate.media.clips import Frame, Span
from crossgate.media.recording import open_recording
from crossgate.media.transcripts.reading import read_transcript
from crossgate.sample import RECORDING, TRANSCRIPT

EMOTIONS = ("neutral", "neutral", "joy", "surprise", "joy", "anger", "sadness", "neutral")
COLUMNS = (
    *("Sr No.", "Utterance", "Speaker", "Emotion", "Sentiment", "Dialogue_ID", "Utterance_ID"),
    *("Season", "Episode", "StartTime", "EndTime"),
)
SPLITS = {
    "train": ("train_sent_emo.csv", "train/train_splits", (0, 1, 125)),
    "validation": ("dev_sent_emo.csv", "dev/dev_splits_complete", (0,)),
    "test": ("test_sent_emo.csv", "test/output_repeated_splits_test", (0,)),
}


class ToyClip(NamedTuple):
    """A turn of the sample, its first second or so."""

    speaker: str
    words: str
    frames: list[Frame]
    samples: np.ndarray
    rate: int


def write_clip(path: Path, frames: list[Frame], samples: np.ndarray, rate: int) -> None:
    """A few seconds of picture and sound, as MELD's clips are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as file:
        picture = file.add_stream("mpeg4", rate=15)
        picture.height, picture.width = frames[0].image.shape[:2]
        picture.pix_fmt, picture.bit_rate = "yuv420p", 2_000_000
        sound = file.add_stream("aac", rate=rate, layout="mono")
        for frame in frames:
            file.mux(picture.encode(av.VideoFrame.from_ndarray(frame.image, format="rgb24")))
        file.mux(picture.encode())
        for first in range(0, len(samples), 1024):
            block = av.AudioFrame.from_ndarray(samples[None, first : first + 1024], "fltp", "mono")
            block.sample_rate, block.pts, block.time_base = rate, first, Fraction(1, rate)
            file.mux(sound.encode(block))
        file.mux(sound.encode())


def sample_clips() -> list[ToyClip]:
    """Speaker, words, pictures and sound of the first second of each turn of the sample."""
    turns = read_transcript(TRANSCRIPT).segments
    spans = [Span(turn.start or 0.0, (turn.start or 0.0) + 1.2) for turn in turns]
    with open_recording(RECORDING) as recording:
        frames = list(recording.frames(15, spans))
        sounds = dict(recording.sounds(spans))
    return [
        ToyClip(
            str(turn.speaker),
            str(turn.text),
            [frame for frame in frames if span.start <= frame.time < span.end],
            sounds[k].samples,
            sounds[k].rate,
        )
        for k, (turn, span) in enumerate(zip(turns, spans, strict=True))
    ]


def meld_release(folder: Path, clips: Sequence[ToyClip]) -> Path:
    """A folder in MELD.Raw's layout: one clip is no video, another is not there."""
    for name, place, dialogues in SPLITS.values():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(COLUMNS)
            for dialogue in dialogues:
                for k, (speaker, words, frames, samples, rate) in enumerate(clips):
                    times = ("00:00:01,000", "00:00:02,200")
                    rows.writerow((1, words, speaker, EMOTIONS[k], "neutral", dialogue, k, 1, 1, *times))
                    write_clip(folder / place / f"dia{dialogue}_utt{k}.mp4", frames, samples, rate)
    (folder / "train/train_splits/dia125_utt3.mp4").write_bytes(b"not a film" * 100)
    (folder / "dev/dev_splits_complete/dia0_utt7.mp4").unlink()
    return folder
