"""Opening a media file and decoding one of its tracks, with everything damaged skipped and noted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

import av

from crossgate.errors import InputError

PLAYLISTS = {"hls", "concat", "dash", "imf", "sdp", "rtsp", "rtp", "sap", "webm_dash_manifest", "lavfi"}
"""Formats that name other files or addresses: a recording that is sent in must not make us read those."""

COMPANIONS = {"vobsub", "mlv"}
"""Formats that open what lies beside the file under its name with another ending: that was not sent in."""

DEVICES = {"alsa", "fbdev", "kmsgrab", "oss", "video4linux2,v4l2", "x11grab"}

NOT_RECORDINGS = {
    "image2",
    "image2pipe",
    "alias_pix",
    "brender_pix",
    "ico",
    "fits",
    "tty",
    "bin",
    "xbin",
    "adf",
    "idf",
}
"""Single pictures, and text drawn as pictures, which FFmpeg would play as a video."""

READ_FAILURES = 16
"""After so many failed reads in a row the rest of the file is given up."""

MISSING = 1.0
"""Seconds that may be missing at the end of a track before it is noted."""

MOST_PIXELS = 100_000_000
"""Of a picture, 12K among them: a decoder holds several pictures, each of up to 4 bytes a pixel and more."""

THREADS = 4
"""Of a video decoder at most: each holds some pictures, which are 12 MB apiece in 4K."""


class Notes:
    """What was met while decoding, in words for the user; the same thing met in a second pass stands once."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    def add(self, about: str, text: str) -> None:
        """Note `text`; it replaces what was noted under the same `about`."""
        self._texts[about] = text

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts.values())


@cache
def readable_formats() -> str:
    """Names of the formats we let FFmpeg try, separated by commas."""
    names = set()
    for name in av.formats_available:
        with suppress(ValueError):  # it only writes this one
            names.add(av.format.ContainerFormat(name, "r").name)
    refused = PLAYLISTS | COMPANIONS | DEVICES | NOT_RECORDINGS
    return ",".join(sorted(n for n in names - refused if not n.endswith("_pipe")))


@contextmanager
def opened(path: Path, name: str) -> Iterator[Any]:
    """The file as an `av.container.InputContainer`, closed at the end.

    Args:
        path: of the file.
        name: of it, for messages.

    Raises InputError where FFmpeg cannot read it.
    """
    options = {"format_whitelist": readable_formats(), "protocol_whitelist": "file"}
    try:
        # An absolute path, as a relative one may look like an address (`http:...`).
        container = av.open(str(path.absolute()), options=options, metadata_errors="replace")
    except (av.FFmpegError, OSError, ValueError) as error:
        raise _unreadable(path, name, error) from None
    try:
        yield container
    finally:
        container.close()


def start_of(container: Any) -> float:
    """Time zero of a recording: where its first track begins, in seconds of the container's own clock.

    A start shortly before 0 is what an encoder puts in front of its first sample and a decoder drops.
    """
    start = (container.start_time or 0) / av.time_base
    return 0.0 if -0.1 < start < 0 else start


def decoded(container: Any, stream: Any, what: str, notes: Notes) -> Iterator[Any]:
    """The frames of one track, in order, up to the last that can be read.

    Args:
        container: opened; reads on from where it stands.
        stream: of it; the other tracks are not read.
        what: `sound` or `picture`, for notes.
        notes: of damaged packets.
    """
    for other in container.streams:
        if other.index != stream.index:
            other.discard = av.stream.Discard.all
    if stream.type == "video" and not stream.codec_context.is_open:
        # The size may change in mid-stream.
        stream.codec_context.options = {"max_pixels": str(MOST_PIXELS)}
    damaged, first, last = 0, None, None
    try:
        for packet in packets(container, stream):
            try:
                frames = packet.decode() if packet is not None else stream.decode(None)
            except EOFError:
                continue
            except (av.FFmpegError, ValueError):
                damaged += 1
                first = last if first is None else first
                continue
            for frame in frames:
                last = frame.time if frame.time is not None else last
                yield frame
    finally:
        if damaged:
            after = (
                "" if first is None else f", the first after {max(0.0, first - start_of(container)):.1f} s"
            )
            notes.add(
                f"damaged {stream.index}",
                f"{damaged} damaged packet{'s' if damaged > 1 else ''} of {what} could not be decoded and "
                f"{'were' if damaged > 1 else 'was'} skipped{after}",
            )


def note_end(stream: Any, what: str, end: float, duration: float, zero: float, notes: Notes) -> None:
    """Note where a track that was read to its end stops well before its time.

    Args:
        stream: the track.
        what: `sound` or `video`.
        end: seconds at which it stopped.
        duration: of the recording, in seconds.
        zero: see `start_of`.
        notes: takes the note.
    """
    if stream.duration and stream.time_base:
        begin = float((stream.start_time or 0) * stream.time_base) - zero
        promised = min(duration, begin + float(stream.duration * stream.time_base))
        text = f"the {what} breaks off at {end:.1f} s; the file promises {promised:.1f} s"
    else:
        promised = duration
        text = f"the {what} ends at {end:.1f} s; by its own account the recording lasts {promised:.1f} s"
    if end < promised - MISSING:
        notes.add(f"end {stream.index}", text)


def packets(container: Any, stream: Any = None) -> Iterator[Any]:
    """Packets until the end, of one track or of all; reads on after a failed read.

    None stands for the end where reading failed.
    """
    failures = 0
    while failures < READ_FAILURES:
        try:
            for packet in container.demux(*[] if stream is None else [stream]):
                failures = 0
                yield packet
            return
        except (av.FFmpegError, OSError):
            failures += 1
        except IndexError:  # PyAV, at the end, of a track that only appeared in mid-stream; it knows it now
            continue
    yield None


def _unreadable(path: Path, name: str, error: Exception) -> InputError:
    if isinstance(error, PermissionError):
        return InputError("may not be read", where=name, fix="give yourself the right to read it")
    with suppress(OSError), path.open("rb") as file:
        if file.read(12)[4:8] in (b"ftyp", b"moov", b"mdat", b"wide"):
            return InputError(
                "this MP4 or MOV has no readable index: it was cut short in recording or in copying",
                where=name,
                fix="copy the whole file again, or repair it with a tool such as untrunc",
            )
    return InputError(
        "this is no recording that FFmpeg can read",
        where=name,
        fix="give a video or audio file such as mp4, mkv, mov, webm, wav, mp3 or flac; a transcript alone is "
        "known by its suffix, such as vtt, srt or csv",
    )
