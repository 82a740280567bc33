"""The pictures of a video at wanted times, upright and no larger than asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import av

from crossgate.media.clips import Frame
from crossgate.media.decoding.containers import THREADS, Notes, decoded, note_end, opened, start_of
from crossgate.media.decoding.probe import RecordingInfo, VideoTrack
from crossgate.media.decoding.ticks import TOLERANCE, Ticks

INDEXED = ("mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm")
"""Formats with an index, where a jump lands on a key picture before the time that was asked for."""

UNKNOWN_DISTANCE = 10.0
"""Seconds between key pictures, as long as two of them have not been met; encoders' usual maximum."""


def pictures_of(
    info: RecordingInfo, track: VideoTrack, ticks: Ticks, longest_side: int | None, notes: Notes
) -> Iterator[Frame]:
    """For each tick the first picture that is not before it, in order, none twice.

    Only these are converted to RGB, in one step with the scaling. Where the next tick is far away the
    pictures in between are jumped over.
    """
    with opened(info.path, info.name) as container:
        stream = container.streams[track.stream]
        stream.thread_type = "AUTO"
        stream.thread_count = THREADS
        reader = _Reader(container, stream, track, info, notes)
        tick = ticks.at_or_after(0.0)
        if tick is None:
            return
        reader.jump(tick)
        for time, picture in reader.pictures():
            while tick is not None and time >= tick - TOLERANCE:
                if ticks.wanted(time):
                    yield Frame(max(0.0, time), reader.image(picture, longest_side))
                    tick = ticks.after(time + TOLERANCE)
                else:
                    # Its span ended before a picture came.
                    tick = ticks.after(max(time - TOLERANCE, tick))
            if tick is None:
                return
            reader.jump(tick)
        reader.note_end()


class _Reader:
    """Decodes one video track forwards, with jumps."""

    def __init__(
        self, container: Any, stream: Any, track: VideoTrack, info: RecordingInfo, notes: Notes
    ) -> None:
        self._container = container
        self._stream = stream
        self._track = track
        self._info = info
        self._notes = notes
        self._zero = start_of(container)
        self._reformatter = av.video.reformatter.VideoReformatter()
        self._time = -1.0
        self._key: float | None = None
        self._distance: float | None = None
        self._goal: float | None = None
        self._can_jump = info.format in INDEXED

    def pictures(self) -> Iterator[tuple[float, Any]]:
        """(seconds, `av.VideoFrame`), later each time."""
        step = 1 / (self._track.rate or 25.0)
        for frame in decoded(self._container, self._stream, "picture", self._notes):
            time = self._time + step if frame.time is None else frame.time - self._zero
            if self._time < 0 and frame.time is None:
                time = 0.0
            if frame.key_frame:
                if self._key is not None and time > self._key:
                    self._distance = max(self._distance or 0.0, time - self._key)
                self._key = time
            if time <= self._time:
                continue  # decoded again after a jump, or a time stamp that goes back
            self._time = time
            yield time, frame

    def jump(self, time: float) -> None:
        """Go on from the key picture before `time`, where that saves decoding more than it costs.

        Once for each goal: an index that is not complete may lead back to where we have been.
        """
        distance = UNKNOWN_DISTANCE if self._distance is None else max(self._distance, 0.5)
        if not self._can_jump or time == self._goal or time - max(self._time, 0.0) < 2 * distance:
            return
        self._goal = time
        # A little earlier than wanted: index entries are in order of decoding, not of showing.
        target = int((time - 0.5 + self._zero) / self._stream.time_base)
        self._can_jump = False
        with suppress(av.FFmpegError, OSError):
            self._container.seek(target, stream=self._stream)
            self._can_jump = True
        self._key = None

    def image(self, frame: Any, longest_side: int | None) -> Any:
        """(height, width, 3) uint8 RGB, upright, square pixels."""
        width, height = frame.width * self._track.stretch, float(frame.height)
        if longest_side is not None and max(width, height) > longest_side:
            scale = longest_side / max(width, height)
            width, height = width * scale, height * scale
        picture = self._reformatter.reformat(
            frame, max(1, round(width)), max(1, round(height)), "rgb24", interpolation="AREA"
        )
        return self._track.orientation.apply(picture.to_ndarray())

    def note_end(self) -> None:
        """Note where the pictures end long before their time."""
        note_end(self._stream, "video", max(0.0, self._time), self._info.duration, self._zero, self._notes)
