"""A recording: what it holds, its sound in spans or blocks, its pictures at a rate.

    with open_recording(Path("talk.mp4")) as recording:
        for index, sound in recording.sounds([Span(1.2, 3.4), Span(3.0, 5.0)]):
            ...

Time zero is where the first track begins, so that sound and pictures agree. Every pass opens the file anew
and keeps no more of it in memory than what it is about to hand out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from crossgate.corpora.manifest import sha256_of
from crossgate.errors import InputError
from crossgate.media.clips import Frame, Sound, Span, StereoSound
from crossgate.media.decoding.containers import Notes
from crossgate.media.decoding.cut import check_spans, cut
from crossgate.media.decoding.pictures import pictures_of
from crossgate.media.decoding.probe import HIGHEST_RATE, LOWEST_RATE, AudioTrack, RecordingInfo, probe
from crossgate.media.decoding.sound_track import Channels, mean_of, resampled, sound_of
from crossgate.media.decoding.standard_input import NAME, spooled
from crossgate.media.decoding.ticks import Ticks

STANDARD_INPUT = "-"


class Recording:
    """An open recording; `open_recording` makes one.

    Attributes:
        info: what it holds.
    """

    def __init__(self, info: RecordingInfo) -> None:
        self.info = info
        self._met = Notes()

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user may want to know: of the file, and of what was met in decoding it so far."""
        return (*self.info.notes, *self._met)

    def sounds(
        self, spans: Sequence[Span], *, rate: int | None = None, track: int = 0
    ) -> Iterator[tuple[int, Sound]]:
        """The sound of each span, in one pass.

        Args:
            spans: may overlap, in any order; what is before time zero or past the end is left out.
            rate: samples a second; None for the track's own.
            track: index into `info.audio`.

        Yields:
            (index of the span, its sound), each as soon as it is complete; a `StereoSound` at the track's own
            rate where the track has two channels or more, else mono.

        Raises InputError where there is no such track, or a span is no stretch of time.
        """
        chosen = self.sound_track(track)
        check_spans(spans)
        wanted = _rate(rate, chosen)
        sound = sound_of(self.info, chosen, self._met)
        channels = 1
        if rate is None:
            channels = min(chosen.channels, 2)
        else:
            sound = (piece[None] for piece in resampled(sound, chosen.rate, wanted))
        for one in cut(sound, wanted, channels, spans):
            yield one.span, _sound(one.samples, wanted, one.first / wanted)

    def blocks(self, *, rate: int = 16000, seconds: float = 30, track: int = 0) -> Iterator[Sound]:
        """The whole track from time zero in mono blocks, all of one length but the last.

        Args:
            rate: samples a second.
            seconds: length of a block.
            track: index into `info.audio`.

        Raises InputError where there is no such track.
        """
        chosen = self.sound_track(track)
        size = max(1, round(seconds * _rate(rate, chosen)))
        kept: list[npt.NDArray[np.float32]] = []
        position, held = 0, 0
        for piece in resampled(sound_of(self.info, chosen, self._met), chosen.rate, rate):
            kept.append(piece)
            held += len(piece)
            if held < size:
                continue
            joined = np.concatenate(kept)
            whole = len(joined) - len(joined) % size
            for first in range(0, whole, size):
                yield Sound(joined[first : first + size], rate, (position + first) / rate)
            position += whole
            kept, held = [joined[whole:].copy()], len(joined) - whole
        if held:
            yield Sound(np.concatenate(kept), rate, position / rate)

    def frames(
        self, rate: float, spans: Sequence[Span] | None = None, *, longest_side: int | None = None
    ) -> Iterator[Frame]:
        """About `rate` pictures a second, upright, in order of time, none twice.

        The ticks are k / rate; the first picture at or after each is taken, where it is inside a span. A span
        between two ticks has one in its middle.

        Args:
            rate: pictures a second.
            spans: may overlap, in any order; None for the whole video.
            longest_side: larger pictures are scaled down to it; pixels.

        Raises InputError where there is no video, or an argument makes no sense.
        """
        if self.info.video is None:
            raise InputError("the recording has no video", where=self.info.name)
        if not 0 < rate <= 1000:
            raise InputError(f"{rate} pictures a second, expected more than 0 and 1000 at most")
        if longest_side is not None and longest_side < 1:
            raise InputError(f"pictures of {longest_side} pixels, expected 1 or more")
        check_spans(spans or ())
        yield from pictures_of(self.info, self.info.video, Ticks(rate, spans), longest_side, self._met)

    def sound_track(self, track: int) -> AudioTrack:
        """A sound track by its number, from 0. Raises InputError where there is none of it."""
        if not self.info.audio:
            raise InputError("the recording has no sound", where=self.info.name)
        if not 0 <= track < len(self.info.audio):
            raise InputError(
                f"there is no sound track {track}; the recording has {len(self.info.audio)}, counted from 0",
                where=self.info.name,
            )
        return self.info.audio[track]


@contextmanager
def open_recording(
    source: Path | str | BinaryIO, *, opening: Callable[[], None] = lambda: None
) -> Iterator[Recording]:
    """Open a recording for as long as the block lasts.

    Args:
        source: the file; `-` for standard input; or an open binary stream. The last two are kept in a
            temporary file.
        opening: called when all bytes are there, before a decoder sees any of them.

    Raises InputError where there is no such file, or nothing in it that can be decoded.
    """
    if not isinstance(source, (str, Path)):
        with spooled(source) as (path, sha256):
            opening()
            yield _open(path, NAME, sha256)
    elif str(source) == STANDARD_INPUT:
        with spooled() as (path, sha256):
            opening()
            yield _open(path, NAME, sha256)
    else:
        path = Path(source)
        if path.is_dir():
            raise InputError(
                "this is a folder, expected a recording", where=str(path), fix="name a file in it"
            )
        if not path.is_file():
            raise InputError("no such file", where=str(path), fix="check the path of the recording")
        try:
            sha256 = sha256_of(path) if path.stat().st_size else ""
        except OSError as error:
            raise InputError(f"cannot be read: {error.strerror}", where=str(path)) from None
        opening()
        yield _open(path, path.name, sha256)


def _open(path: Path, name: str, sha256: str) -> Recording:
    if not path.stat().st_size:
        raise InputError(
            "the recording has no bytes at all",
            where=name,
            fix="copy the file again; it may still be written",
        )
    return Recording(probe(path, name, sha256))


def _rate(rate: int | None, track: AudioTrack) -> int:
    if rate is None:
        return track.rate
    if not LOWEST_RATE <= rate <= HIGHEST_RATE:
        raise InputError(f"{rate} samples a second, expected {LOWEST_RATE} to {HIGHEST_RATE}")
    return rate


def _sound(channels: Channels, rate: int, start: float) -> Sound:
    if len(channels) == 1:
        return Sound(channels[0], rate, start)
    return StereoSound(mean_of(channels), rate, start, channels=channels)
