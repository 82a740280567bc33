"""What a recording holds: its duration, its sound tracks and its video, looked up without decoding it all."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av

from crossgate.errors import InputError
from crossgate.media.decoding.containers import MOST_PIXELS, Notes, decoded, opened, packets, start_of
from crossgate.media.decoding.upright import Orientation, orientation_of

LONGEST = 24 * 3600.0
MOST_TRACKS = 16
LARGEST_SIDE = 16384
LOWEST_RATE, HIGHEST_RATE = 1000, 768000
"""Samples a second; at fewer no voice is left, and a small file would last for days."""

GUESSED_DURATION = {"aac", "ac3", "amr", "dts", "eac3", "h264", "hevc", "m4v", "mjpeg", "mp3", "mpegvideo"}
"""Formats without a duration of their own, for which FFmpeg guesses one from the bit rate."""


@dataclass(frozen=True)
class AudioTrack:
    """One sound track.

    Attributes:
        codec: FFmpeg's name of it.
        rate: samples a second.
        channels: how many.
        language: as the file says (`eng`), None where it does not.
        title: as the file says.
        stream: its place among all streams of the file.
    """

    codec: str
    rate: int
    channels: int
    language: str | None
    title: str | None
    stream: int


@dataclass(frozen=True)
class VideoTrack:
    """The video.

    Attributes:
        codec: FFmpeg's name of it.
        width: of the picture as it is to be seen: upright, with square pixels.
        height: as `width`.
        rate: mean frames a second, None where the file does not say.
        orientation: what makes a stored picture upright.
        stretch: width of a stored pixel by its height.
        stream: its place among all streams of the file.
    """

    codec: str
    width: int
    height: int
    rate: float | None
    orientation: Orientation
    stretch: float
    stream: int


@dataclass(frozen=True)
class RecordingInfo:
    """What a recording holds.

    Attributes:
        name: of the file, without its folder; `standard input` for `-`.
        path: where its bytes are.
        sha256: of the bytes.
        format: FFmpeg's name of the container.
        duration: seconds, from the earliest start of a track to the latest end.
        audio: the sound tracks in the order of the file, the one it marks as default first.
        video: None where there is none; the picture of a cover is none.
        notes: what the user may want to know, in words.
    """

    name: str
    path: Path
    sha256: str
    format: str
    duration: float
    audio: tuple[AudioTrack, ...]
    video: VideoTrack | None
    notes: tuple[str, ...]


def probe(path: Path, name: str, sha256: str) -> RecordingInfo:
    """Look up what the file holds. Raises InputError where that is nothing we can use."""
    notes: list[str] = []
    with opened(path, name) as container:
        audio = _audio_tracks(container, name, notes)
        streams = _video_streams(container, notes)
        duration = _duration(container)
        kind = str(container.format.name)
    if duration is None:
        duration = _duration_by_packets(path, name)
    if not math.isfinite(duration) or duration < 0 or duration > LONGEST:
        raise InputError(
            f"the recording lasts {duration / 3600:.1f} hours by its own account, "
            f"at most {LONGEST / 3600:g} are taken",
            where=name,
            fix="cut it into parts",
        )
    video = None
    for index in streams:
        video = video or _video_track(path, name, index, notes)
    if not audio and video is None:
        raise InputError(
            "there is neither sound nor video that can be decoded in this file",
            where=name,
            fix="; ".join(notes) or "give a recording of speech, or a transcript alone",
        )
    return RecordingInfo(name, path, sha256, kind, duration, audio, video, tuple(notes))


def _audio_tracks(container: Any, name: str, notes: list[str]) -> tuple[AudioTrack, ...]:
    streams = list(container.streams.audio)
    if len(streams) > MOST_TRACKS:
        raise InputError(
            f"the file has {len(streams)} sound tracks, at most {MOST_TRACKS} are taken",
            where=name,
            fix="mix them down, or leave some out",
        )
    streams.sort(key=lambda stream: not stream.disposition & av.stream.Disposition.default)
    tracks = []
    for stream in streams:
        context = stream.codec_context
        if context is None or not context.sample_rate or not context.channels:
            notes.append(f"a sound track (stream {stream.index}) cannot be decoded and is left out")
            continue
        if not LOWEST_RATE <= context.sample_rate <= HIGHEST_RATE:
            notes.append(
                f"a sound track (stream {stream.index}) of {context.sample_rate} samples a second is left "
                f"out; {LOWEST_RATE} to {HIGHEST_RATE} are taken"
            )
            continue
        tracks.append(
            AudioTrack(
                codec=context.name,
                rate=context.sample_rate,
                channels=context.channels,
                language=_said(stream.metadata.get("language")),
                title=stream.metadata.get("title"),
                stream=stream.index,
            )
        )
    return tuple(tracks)


def _said(language: str | None) -> str | None:
    return None if language in (None, "", "und") else language


def _in_words(track: AudioTrack) -> str:
    more = ", ".join(filter(None, (track.language, track.title)))
    return f"stream {track.stream}" + (f" ({more})" if more else "")


def _video_streams(container: Any, notes: list[str]) -> list[int]:
    """Streams with moving pictures, the default first; covers and chapters' thumbnails are none."""
    dispositions = av.stream.Disposition
    still = dispositions.attached_pic | dispositions.timed_thumbnails | dispositions.still_image
    streams = [s for s in container.streams.video if not s.disposition & still]
    streams.sort(key=lambda stream: not stream.disposition & dispositions.default)
    if len(streams) > 1:
        notes.append(f"the file has {len(streams)} video tracks: stream {streams[0].index} is taken")
    return [stream.index for stream in streams]


def _video_track(path: Path, name: str, index: int, notes: list[str]) -> VideoTrack | None:
    """The track by its first picture; None and a note where none can be decoded."""
    with opened(path, name) as container:
        stream = container.streams[index]
        context = stream.codec_context
        if context is not None and (
            max(context.width, context.height) > LARGEST_SIDE or context.width * context.height > MOST_PIXELS
        ):
            raise InputError(
                f"the picture is {context.width} x {context.height} pixels, at most {LARGEST_SIDE} a side "
                f"and {MOST_PIXELS // 1_000_000} million in all are taken",
                where=name,
                fix="scale it down",
            )
        frame = None if context is None else next(decoded(container, stream, "picture", Notes()), None)
        if frame is None:
            notes.append(f"no picture of the video (stream {index}) can be decoded")
            return None
        orientation = orientation_of(frame)
        ratio = stream.sample_aspect_ratio or context.sample_aspect_ratio
        stretch = float(ratio) if ratio and 0.1 < ratio < 10 else 1.0
        width, height = round(frame.width * stretch), frame.height
        if orientation.transposed:
            width, height = height, width
        if orientation.moves:
            notes.append(f"the video is stored {orientation} and was set upright")
        rate = stream.average_rate
        return VideoTrack(
            codec=context.name,
            width=width,
            height=height,
            rate=float(rate) if rate and 0 < rate <= 1000 else None,
            orientation=orientation,
            stretch=stretch,
            stream=index,
        )


def _duration(container: Any) -> float | None:
    known = container.duration is not None and container.format.name not in GUESSED_DURATION
    return max(0.0, container.duration / av.time_base + _before_zero(container)) if known else None


def _before_zero(container: Any) -> float:
    """What `start_of` leaves out of the container's duration, 0 or less."""
    before: float = (container.start_time or 0) / av.time_base - start_of(container)
    return before


def _duration_by_packets(path: Path, name: str) -> float:
    """The end of the last packet, found by reading all of them without decoding."""
    latest = 0.0
    with opened(path, name) as container:
        start = start_of(container)
        lengths: dict[int, float] = {}
        for packet in packets(container):
            if packet is None or not packet.size or not packet.time_base:
                continue
            length = float((packet.duration or 0) * packet.time_base)
            lengths[packet.stream_index] = lengths.get(packet.stream_index, 0.0) + length
            if packet.pts is not None:
                latest = max(latest, float(packet.pts * packet.time_base) + length - start)
    return latest or max(lengths.values(), default=0.0)
