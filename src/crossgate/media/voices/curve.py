"""The probability of speech over time, and the spans of speech it tells."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from crossgate.errors import InputError
from crossgate.media.clips import Samples, Sound, Span
from crossgate.media.voices.blocks import RATE, finite, pieces

Probability = npt.NDArray[np.float32]
"""(frame,) 0 to 1."""

FRAME = 512
"""Samples a frame: 32 ms."""

PIECE = 512 * FRAME
"""Samples measured at once, whatever the blocks: 16.4 s. One size makes the result independent of theirs."""


@dataclass(frozen=True)
class SpeechSettings:
    """How probabilities become spans; the defaults are silero-vad's.

    Attributes:
        threshold: speech begins at this probability.
        negative_threshold: speech may end below this one; lower, so that a span does not flicker.
        shortest_speech: seconds; spans that are not longer are left out.
        shortest_silence: seconds below the negative threshold that end a span.
        padding: seconds added to both sides of a span, half the pause where that is shorter.
    """

    threshold: float = 0.5
    negative_threshold: float = 0.35
    shortest_speech: float = 0.25
    shortest_silence: float = 0.1
    padding: float = 0.03

    def __post_init__(self) -> None:
        if not 0 <= self.negative_threshold <= self.threshold <= 1:
            raise InputError(
                f"thresholds {self.threshold} and {self.negative_threshold}, expected 0 to 1 and the "
                "negative one no higher than the other",
                where="voice activity",
            )
        for name in ("shortest_speech", "shortest_silence", "padding"):
            seconds = getattr(self, name)
            if not (math.isfinite(seconds) and seconds >= 0):
                raise InputError(f"{name} is {seconds}, expected 0 seconds or more", where="voice activity")


@dataclass(frozen=True, eq=False)
class VoiceCurve:
    """The probability of speech over time.

    Attributes:
        start: seconds from the start of the recording to the first frame.
        step: seconds from frame to frame, each of which is as long.
        probability: (frame,) float32; the last frame may reach beyond the sound.
        seconds: of sound that was heard.
        notes: what was mended, in words for the user.
    """

    start: float
    step: float
    probability: Probability
    seconds: float
    notes: tuple[str, ...] = ()

    def __call__(self, time: float) -> float:
        """The probability of speech at a time in seconds; 0 where there is no sound."""
        return float(self.at([time])[0])

    def at(self, times: npt.ArrayLike) -> Probability:
        """(time,) probability of speech at times in seconds; 0 where there is no sound."""
        frames = np.floor((np.asarray(times, np.float64) - self.start) / self.step)
        inside = (frames >= 0) & (frames < len(self.probability))
        found = np.zeros(frames.shape, np.float32)
        found[inside] = self.probability[frames[inside].astype(np.int64)]
        return found

    def spans(self, settings: SpeechSettings | None = None) -> list[Span]:
        """The spans of speech, in order and apart from each other; none where nobody speaks."""
        settings = settings or SpeechSettings()
        found = [
            (first, last)
            for first, last in _above(self.probability, self.step, self.seconds, settings)
            if last - first > settings.shortest_speech
        ]
        padded = []
        for place, (first, last) in enumerate(found):
            before = first - found[place - 1][1] if place else math.inf
            after = found[place + 1][0] - last if place + 1 < len(found) else math.inf
            begin = max(0.0, first - min(settings.padding, before / 2))
            end = min(self.seconds, last + min(settings.padding, after / 2))
            padded.append(Span(self.start + begin, self.start + end))
        return padded


def measure_curve(blocks: Iterable[Sound], measure: Callable[[Samples], Probability]) -> VoiceCurve:
    """A curve of what `measure` says of each frame.

    Args:
        blocks: consecutive, mono, at 16 kHz.
        measure: (sample,) -> (frame,) a value for every `FRAME` samples; called with `PIECE` samples at a
            time, in order; only the last call may have less, and its last frame may be cut short.
    """
    values: list[Probability] = []
    length, mended, start = 0, 0, 0.0
    for piece in pieces(blocks, PIECE):
        start = start if values else piece.start
        length += len(piece.samples)
        mended += int(np.count_nonzero(~np.isfinite(piece.samples)))
        values.append(measure(finite(piece.samples)))
    note = f"{mended} samples of the sound were no numbers and count as silence"
    return VoiceCurve(
        start=start,
        step=FRAME / RATE,
        probability=np.concatenate(values) if values else np.empty(0, np.float32),
        seconds=length / RATE,
        notes=(note,) if mended else (),
    )


def _above(
    probability: Probability, step: float, seconds: float, settings: SpeechSettings
) -> list[tuple[float, float]]:
    """Spans in seconds from the curve's start, before short ones go and padding comes.

    Hysteresis as silero-vad has it: a span begins at the threshold, and ends where the probability fell below
    the negative threshold, once it has not come back to the threshold for the shortest silence.
    """
    found: list[tuple[float, float]] = []
    begin: int | None = None
    fell: int | None = None
    for frame, value in enumerate(probability.tolist()):
        if value >= settings.threshold:
            begin, fell = frame if begin is None else begin, None
        elif value < settings.negative_threshold and begin is not None:
            fell = frame if fell is None else fell
            # The small number keeps 0.096 s from passing for 0.1 s or not by a rounding error.
            if (frame - fell) * step >= settings.shortest_silence - 1e-9:
                found.append((begin * step, fell * step))
                begin = fell = None
    if begin is not None:
        found.append((begin * step, seconds))
    return found
