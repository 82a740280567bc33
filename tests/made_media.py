"""Small media files, made where a test needs them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

CLICK = 0.01
"""Seconds."""


def clicks(seconds: float, rate: int, times: Sequence[float]) -> np.ndarray:
    """(sample,) silence with a loud 1 kHz tone of 10 ms at each of the times."""
    samples = np.zeros(round(seconds * rate), np.float32)
    tone = 0.8 * np.cos(2 * np.pi * 1000 * np.arange(round(CLICK * rate)) / rate)
    for time in times:
        first = round(time * rate)
        samples[first : first + len(tone)] = tone[: len(samples) - first]
    return samples


def number_picture(k: int, width: int, height: int) -> np.ndarray:
    """(height, width, 3) grey of a brightness that tells `k`, with a white top left corner."""
    picture = np.full((height, width, 3), 40 + 5 * (k % 30), np.uint8)
    picture[: height // 2, : width // 2] = 255
    return picture


def picture_number(image: np.ndarray) -> int:
    """The `k` modulo 30 of an upright picture of `number_picture`."""
    return round((float(np.median(image[-image.shape[0] // 4 :, -image.shape[1] // 4 :])) - 40) / 5)


def make_media(
    path: Path,
    *,
    sound: Sequence[np.ndarray] = (),
    rate: int = 16000,
    sound_codec: str = "pcm_s16le",
    sound_start: float = 0.0,
    gap: tuple[float, float] | None = None,
    times: Sequence[float] = (),
    size: tuple[int, int] = (64, 48),
    video_codec: str = "mpeg4",
    key_every: int = 12,
    pixel_aspect: Fraction | None = None,
    options: dict[str, str] | None = None,
) -> Path:
    """Write a file.

    Args:
        sound: a track each, (sample,) mono or (channel, sample).
        sound_start: seconds at which the sound begins.
        gap: (at, seconds): the sound's time stamps skip so much there; at a multiple of 1024 samples.
        times: of the pictures; picture k is `number_picture(k)`.
        size: width and height.
        pixel_aspect: width of a pixel by its height.
        options: of the container.
    """
    with av.open(str(path), "w", options=options or {}) as container:
        streams = []
        for samples in sound:
            layout = "mono" if samples.ndim == 1 else {2: "stereo", 6: "5.1"}[len(samples)]
            streams.append(container.add_stream(sound_codec, rate=rate, layout=layout))
        video = None
        if len(times):
            video = container.add_stream(video_codec, rate=Fraction(1000))
            video.width, video.height, video.pix_fmt = *size, "yuv420p"
            video.time_base = video.codec_context.time_base = Fraction(1, 1000)
            video.codec_context.gop_size = key_every
            if pixel_aspect is not None:
                video.codec_context.sample_aspect_ratio = pixel_aspect
            video.codec_context.max_b_frames = 0
            video.codec_context.bit_rate = 2_000_000
        packets = []
        for stream, samples in zip(streams, sound, strict=True):
            packets += _sound_packets(stream, np.atleast_2d(samples), rate, sound_start, gap)
        if video is not None:
            for k, time in enumerate(times):
                frame = av.VideoFrame.from_ndarray(number_picture(k, *size), format="rgb24")
                frame.pts, frame.time_base = round(time * 1000), Fraction(1, 1000)
                packets += video.encode(frame)
            packets += video.encode(None)
        packets.sort(key=lambda packet: packet.dts * packet.time_base)
        for packet in packets:
            container.mux(packet)
    return path


def _sound_packets(
    stream: av.AudioStream,
    samples: np.ndarray,
    rate: int,
    start: float,
    gap: tuple[float, float] | None,
) -> list[av.Packet]:
    resampler = av.AudioResampler(stream.codec_context.format.name, stream.layout.name, rate)
    packets = []
    for first in range(0, samples.shape[1], 1024):
        block = np.ascontiguousarray(samples[:, first : first + 1024], dtype=np.float32)
        frame = av.AudioFrame.from_ndarray(block, format="fltp", layout=stream.layout.name)
        skip = gap[1] if gap is not None and first >= round(gap[0] * rate) else 0.0
        frame.sample_rate, frame.time_base = rate, Fraction(1, rate)
        frame.pts = first + round((start + skip) * rate)
        for piece in resampler.resample(frame):
            packets += stream.encode(piece)
    return packets + stream.encode(None)


def patch_display_matrix(path: Path, matrix: tuple[int, int, int, int]) -> None:
    """Write (a, b, c, d) of the display matrix, each -1, 0 or 1, into the first track's header of an MP4."""
    content = bytearray(path.read_bytes())
    place = content.index(b"tkhd") + 44
    a, b, c, d = (value << 16 for value in matrix)
    content[place : place + 36] = np.array([a, b, 0, c, d, 0, 0, 0, 1 << 30], dtype=">i4").tobytes()
    path.write_bytes(bytes(content))


def pictures_of_sizes(path: Path, sizes: list[tuple[int, int]]) -> Path:
    """Motion JPEG whose pictures have these (width, height), ten a second."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=10)
        stream.width, stream.height, stream.pix_fmt = *sizes[0], "yuvj420p"
        for place, (width, height) in enumerate(sizes):
            encoder = av.CodecContext.create("mjpeg", "w")
            encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuvj420p"
            encoder.time_base = Fraction(1, 10)
            frame = av.VideoFrame.from_ndarray(np.zeros((height, width, 3), np.uint8), format="rgb24")
            frame.pts = 0
            for packet in [*encoder.encode(frame.reformat(format="yuvj420p")), *encoder.encode(None)]:
                packet.stream, packet.pts, packet.dts, packet.time_base = (
                    stream,
                    place,
                    place,
                    Fraction(1, 10),
                )
                container.mux(packet)
    return path
