"""Cutting spans out of a sound that comes piece by piece."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from crossgate.errors import InputError
from crossgate.media.clips import Span


class Cut(NamedTuple):
    """One span of a sound.

    Attributes:
        span: its index.
        first: index of its first sample in the sound.
        samples: (channel, sample); fewer than asked for where the sound ends before.
    """

    span: int
    first: int
    samples: npt.NDArray[np.float32]


def cut(
    sound: Iterator[npt.NDArray[np.float32]], rate: int, channels: int, spans: Sequence[Span]
) -> Iterator[Cut]:
    """Each span as soon as its last sample has come; keeps no more of the sound than the spans that are open.

    Args:
        sound: pieces (channel, sample), one after the other.
        rate: samples a second.
        channels: of the sound.
        spans: may overlap, in any order. Sample k belongs to a span when k is from round(start * rate) until
            before round(end * rate).
    """
    bounds = [(sample_at(span.start, rate), sample_at(span.end, rate)) for span in spans]
    waiting = sorted(range(len(spans)), key=lambda index: bounds[index], reverse=True)
    taken: dict[int, list[npt.NDArray[np.float32]]] = {}
    position = 0
    for piece in sound:
        if not waiting and not taken:
            return
        end = position + piece.shape[1]
        while waiting and bounds[waiting[-1]][0] < end:
            taken[waiting.pop()] = []
        for index in list(taken):
            first, last = bounds[index]
            # A copy, so that a short span does not keep its whole piece in memory.
            taken[index].append(piece[:, max(first - position, 0) : max(last - position, 0)].copy())
            if last <= end:
                yield Cut(index, first, np.concatenate(taken.pop(index), axis=1))
        position = end
    for index in [*taken, *reversed(waiting)]:
        nothing = np.zeros((channels, 0), np.float32)
        yield Cut(index, bounds[index][0], np.concatenate([nothing, *taken.get(index, [])], axis=1))


def check_spans(spans: Sequence[Span]) -> None:
    """Raise InputError naming the first span that is no stretch of time."""
    for place, span in enumerate(spans):
        if not (math.isfinite(span.start) and math.isfinite(span.end)) or span.end < span.start:
            raise InputError(
                f"from {span.start} s to {span.end} s is no stretch of time", where=f"span {place + 1}"
            )


def sample_at(seconds: float, rate: int) -> int:
    """The index of the sample at that time, 0 at the earliest."""
    return max(0, round(seconds * rate))
