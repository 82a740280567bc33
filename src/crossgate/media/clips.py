"""What comes out of a recording: spans of time, sounds and frames."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from crossgate.errors import InputError

Samples = npt.NDArray[np.float32]
"""(sample,) mono, 1.0 is full scale."""

Pixels = npt.NDArray[np.uint8]
"""(height, width, 3) RGB, upright."""


class Span(NamedTuple):
    """From `start` until before `end`, in seconds from the start of the recording."""

    start: float
    end: float

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.end - self.start


@dataclass(frozen=True, eq=False)
class Sound:
    """A stretch of sound.

    Attributes:
        samples: (sample,) float32, mono: the mean of the channels; 1.0 is full scale.
        rate: samples a second.
        start: seconds from the start of the recording to the first sample.
    """

    samples: Samples
    rate: int
    start: float = 0.0

    @property
    def seconds(self) -> float:
        """Its length."""
        return len(self.samples) / self.rate

    def expect_rate(self, rate: int, where: str) -> None:
        """Raise InputError where it has another rate than the one that is read."""
        if self.rate != rate:
            raise InputError(f"a sound of {self.rate} samples a second, expected {rate}", where=where)


@dataclass(frozen=True, eq=False)
class StereoSound(Sound):
    """A stretch of sound with its two channels.

    Attributes:
        channels: (channel, sample) float32; `samples` is their mean. What measures energy needs them: sound
            that differs between the channels is weaker in the mean.
    """

    channels: npt.NDArray[np.float32] = field(kw_only=True)


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture of a video.

    Attributes:
        time: seconds from the start of the recording, by its presentation time stamp.
        image: (height, width, 3) uint8 RGB, turned upright.
    """

    time: float
    image: Pixels
