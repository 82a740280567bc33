"""A sound track on the recording's clock: sample k of it is heard at k / rate seconds."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from crossgate.media.clips import Samples
from crossgate.media.decoding.containers import Notes, decoded, note_end, opened, start_of
from crossgate.media.decoding.probe import AudioTrack, RecordingInfo

Channels = npt.NDArray[np.float32]
"""(channel, sample); one channel or two."""

TOLERANCE = 0.045
"""Seconds by which time stamps may differ from the count of samples before the sound is moved.

Containers round times, and live recordings stamp their packets unevenly; sound that is early by this much is
not noticed (ITU-R BT.1359)."""

BACKWARDS = 1.0
"""Seconds: time stamps that go back further than this are wrong; a smaller overlap is cut off."""


def sound_of(info: RecordingInfo, track: AudioTrack, notes: Notes) -> Iterator[Channels]:
    """The whole track from time zero, in pieces of about a second, with silence where nothing was recorded.

    Args:
        info: of the recording.
        track: of it.
        notes: takes what was met on the way.

    Yields:
        (channel, sample) float32; two channels where the track has two or more (more are mixed down to two).
    """
    with opened(info.path, info.name) as container:
        stream = container.streams[track.stream]
        clock = _Clock(start_of(container), track, info.duration, notes)
        size = 0
        pieces: list[Channels] = []
        for frame in decoded(container, stream, "sound", notes):
            for piece in clock.place(frame):
                pieces.append(piece)
                size += piece.shape[1]
                if size >= track.rate:
                    yield _whole(pieces, track, notes)
                    pieces, size = [], 0
        if pieces:
            yield _whole(pieces, track, notes)
        clock.close(stream)


def resampled(sound: Iterator[Channels], rate: int, wanted: int) -> Iterator[Samples]:
    """The mean of the channels at another rate, by FFmpeg's resampler; the start stays where it is.

    Args:
        sound: pieces (channel, sample) of one sound.
        rate: samples a second of it.
        wanted: samples a second.

    Yields:
        (sample,) float32.
    """
    if rate == wanted:
        yield from (mean_of(piece) for piece in sound)
        return
    resampler = av.AudioResampler(format="flt", layout="mono", rate=wanted)
    position = 0
    for piece in sound:
        frame = av.AudioFrame.from_ndarray(mean_of(piece)[None], format="flt", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = rate, position, Fraction(1, rate)
        position += piece.shape[1]
        yield from (out.to_ndarray()[0] for out in resampler.resample(frame))
    yield from (out.to_ndarray()[0] for out in resampler.resample(None))


def mean_of(channels: Channels) -> Samples:
    """The mean of the channels, (sample,)."""
    mean: Samples = channels[0]
    if len(channels) == 2:
        mean = (mean + channels[1]) * np.float32(0.5)
    return mean


def _whole(pieces: list[Channels], track: AudioTrack, notes: Notes) -> Channels:
    sound = np.concatenate(pieces, axis=1)
    if not np.isfinite(sound).all():
        notes.add(f"nan {track.stream}", "the sound has samples that are no numbers: they were made silent")
        sound = np.nan_to_num(sound, nan=0.0, posinf=0.0, neginf=0.0)
    return sound


class _Clock:
    """Puts decoded frames at their times: fills gaps, cuts overlaps, mistrusts time stamps that jump."""

    def __init__(self, zero: float, track: AudioTrack, duration: float, notes: Notes) -> None:
        self._zero = zero
        self._track = track
        self._channels = min(track.channels, 2)
        self._duration = duration
        self._notes = notes
        self._position: int | None = None
        self._shift = 0.0
        self._mixer = _Mixer(track.rate, self._channels)

    def place(self, frame: Any) -> Iterator[Channels]:
        """What the frame adds to the sound, with the silence before it."""
        rate = self._track.rate
        sound = self._mixer.mix(frame)
        gap = self._gap(frame)
        self._position = self._position or 0
        if gap < 0:
            sound = sound[:, -gap:]
        while gap > 0:  # a second at a time, as the silence may last for hours
            silence = np.zeros((self._channels, min(gap, rate)), np.float32)
            self._position += silence.shape[1]
            gap -= silence.shape[1]
            yield silence
        self._position += sound.shape[1]
        yield sound

    def _gap(self, frame: Any) -> int:
        """Samples of silence before the frame; negative where so many of its own are to be cut off."""
        if frame.time is None:
            return 0
        rate = self._track.rate
        position = self._position or 0
        off: float = frame.time - self._zero + self._shift - position / rate
        if self._position is None and abs(off) <= self._duration:
            return round(off * rate)
        if abs(off) <= TOLERANCE:
            return 0
        # Past the end of the recording, or far back: the time stamps are wrong, not the sound.
        past = off > TOLERANCE and position / rate + off > max(self._duration, 1.0) + 1.0
        if past or off < -BACKWARDS:
            self._shift -= off
            self._notes.add(
                f"jump {self._track.stream}",
                f"the time stamps of the sound jump by {off:.1f} s at {position / rate:.1f} s: "
                "taken as one sound",
            )
            return 0
        return round(off * rate)

    def close(self, stream: Any) -> None:
        """Note where the track ends long before its time, or has nothing at all."""
        if self._position is None and stream.duration != 0 and self._duration > 0:
            self._notes.add(f"end {self._track.stream}", "no sample of the sound could be decoded")
        else:
            heard = (self._position or 0) / self._track.rate
            note_end(stream, "sound", heard, self._duration, self._zero, self._notes)


class _Mixer:
    """Decoded frames as (channel, sample) float32 at one rate, whatever the file switches to in between.

    More than two channels are mixed down to two by FFmpeg's matrix (after ITU-R BS.775), scaled so that full
    scale stays full scale; where it knows no matrix, by the plain mean.
    """

    def __init__(self, rate: int, channels: int) -> None:
        self._rate = rate
        self._channels = channels
        self._resamplers: dict[tuple[str, str, int], Any] = {}

    def mix(self, frame: Any) -> Channels:
        """One frame's samples."""
        if frame.layout.nb_channels <= 2 and frame.sample_rate == self._rate:
            return self._fit(_planar(frame))
        key = (frame.format.name, frame.layout.name, frame.sample_rate)
        if key not in self._resamplers:
            self._resamplers[key] = av.AudioResampler(
                format="fltp",
                layout="stereo" if frame.layout.nb_channels > 2 else frame.layout.name,
                rate=self._rate,
                options={"rematrix_maxval": "1.0"},
            )
        try:
            frames = self._resamplers[key].resample(frame)
        except (av.FFmpegError, ValueError):
            return self._fit(_planar(frame).mean(axis=0, keepdims=True))
        parts = [self._fit(_planar(part)) for part in frames]
        return np.concatenate(parts, axis=1) if parts else np.zeros((self._channels, 0), np.float32)

    def _fit(self, sound: Channels) -> Channels:
        if len(sound) == self._channels:
            return sound
        return mean_of(sound)[None] if self._channels == 1 else np.repeat(sound, 2, axis=0)


def _planar(frame: Any) -> Channels:
    """(channel, sample) float32, 1.0 is full scale."""
    raw = frame.to_ndarray()
    if not frame.format.is_planar:
        raw = raw.reshape(-1, frame.layout.nb_channels).T
    samples: Channels = raw.astype(np.float32, copy=False)
    if raw.dtype == np.uint8:
        samples = (samples - 128) / np.float32(128)
    elif np.issubdtype(raw.dtype, np.integer):
        samples = samples / np.float32(-float(np.iinfo(raw.dtype).min))
    return samples
