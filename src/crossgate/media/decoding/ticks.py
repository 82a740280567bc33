"""At which times a picture is wanted: a regular grid, inside some spans only."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from crossgate.media.clips import Span

TOLERANCE = 0.001
"""Seconds a picture may be before its tick: containers such as Matroska round times to milliseconds."""

ROUNDING = 1e-6
"""Of a distance between ticks: two times that are closer are the same, but for rounding."""


class Ticks:
    """The times k / rate inside the spans, and the middle of every span that has none of these inside.

    Args:
        rate: ticks a second.
        spans: may overlap, in any order; None for all of time.
    """

    def __init__(self, rate: float, spans: Sequence[Span] | None = None) -> None:
        self.rate = rate
        wanted = (
            [Span(0.0, math.inf)] if spans is None else sorted(span for span in spans if span.seconds > 0)
        )
        self._spans = _merged(wanted)
        self._starts = [span.start for span in self._spans]
        self._middles = sorted(
            (span.start + span.end) / 2 for span in wanted if not self._grid(span.start) < span.end
        )

    def at_or_after(self, time: float) -> float | None:
        """The first tick that is not before `time`, None where no more come."""
        place = max(0, bisect_right(self._starts, time) - 1)
        regular = math.inf
        for span in self._spans[place:]:
            tick = self._grid(max(time, span.start))
            if tick < span.end:
                regular = tick
                break
        middle = bisect_left(self._middles, time)
        extra = self._middles[middle] if middle < len(self._middles) else math.inf
        first = min(regular, extra)
        return first if first < math.inf else None

    def after(self, time: float) -> float | None:
        """The first tick later than `time`, None where no more come."""
        return self.at_or_after(time + 2 * ROUNDING / self.rate)

    def wanted(self, time: float) -> bool:
        """Whether `time` is inside a span."""
        place = bisect_right(self._starts, time + TOLERANCE) - 1
        return place >= 0 and time < self._spans[place].end

    def _grid(self, time: float) -> float:
        # A product such as 3 * 0.1 * 10 comes out a little above 3.
        return max(0, math.ceil(time * self.rate - ROUNDING)) / self.rate


def _merged(spans: Sequence[Span]) -> list[Span]:
    """The same times as spans that do not touch, in order."""
    merged: list[Span] = []
    for span in spans:
        if merged and span.start <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(span.end, merged[-1].end))
        else:
            merged.append(span)
    return merged
