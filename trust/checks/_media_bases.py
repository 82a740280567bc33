"""Small whole recordings of many kinds, to be broken afterwards."""

from __future__ import annotations

import sys
from pathlib import Path

import av
import numpy as np

from crossgate.sample import RECORDING

sys.path.append(str(Path(__file__).resolve().parents[2] / "tests"))

from made_media import make_media  # the tests are no package

SECONDS = 2.0
RATE = 16000


def bases(folder: Path) -> dict[str, bytes]:
    """Suffix -> bytes of a recording of two seconds, each with all that its kind holds."""
    folder.mkdir()
    for suffix in ("mp4", "mkv", "ts", "mov"):
        _cut(folder / f"talk.{suffix}")
    sound, times = [noise(SECONDS)], np.arange(0, SECONDS, 0.1).tolist()
    make_media(folder / "talk.avi", sound=sound, times=times)
    make_media(folder / "talk.wav", sound=sound)
    make_media(folder / "talk.flac", sound=sound, sound_codec="flac")
    make_media(folder / "talk.aac", sound=sound, sound_codec="aac")
    make_media(folder / "talk.ogg", sound=sound, sound_codec="libopus", rate=48000)
    make_media(folder / "talk.mp3", sound=sound, sound_codec="libmp3lame")
    return {path.suffix[1:]: path.read_bytes() for path in sorted(folder.iterdir())}


def noise(seconds: float, channels: int = 1) -> np.ndarray:
    """(channel, sample), or (sample,) of one channel."""
    drawn = 0.1 * np.random.default_rng(0).normal(size=(channels, round(seconds * RATE)))
    return drawn.astype(np.float32).squeeze(0) if channels == 1 else drawn.astype(np.float32)


def made(folder: Path, name: str, **how: object) -> bytes:
    """The bytes of what `make_media` writes."""
    path = folder / name
    make_media(path, **how)  # type: ignore[arg-type]
    return path.read_bytes()


def _cut(path: Path) -> None:
    """The first seconds of the recording that ships, as it is stored, in another container."""
    with av.open(str(RECORDING)) as source, av.open(str(path), "w") as target:
        streams = {s.index: target.add_stream_from_template(s) for s in source.streams}
        for packet in source.demux():
            if packet.dts is not None and packet.dts * packet.time_base < SECONDS:
                packet.stream = streams[packet.stream_index]
                target.mux(packet)
