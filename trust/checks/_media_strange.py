"""Recordings that are odd as a whole, and files that are none or point elsewhere."""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np

from checks._media_bases import RATE, made, noise
from made_media import pictures_of_sizes  # which `_media_bases` has on the path

SUBTITLES = "1\n00:00:00,000 --> 00:00:01,000\nHello\n"

Named = Iterator[tuple[str, str, bytes]]
"""(name, suffix, bytes)."""


SIZES = [(64, 48), (4000, 3000), (8, 8), (640, 480)]
"""Of the pictures of one film, (width, height)."""


def odd(folder: Path, whole: dict[str, bytes]) -> Named:
    """Whole by the letter of their formats."""
    folder.mkdir()
    second, times = noise(1.0), np.arange(0, 1, 0.1).tolist()
    yield "no streams", "mp4", _box(b"ftyp", b"isom\0\0\2\0isom") + _box(b"moov", _box(b"mvhd", bytes(100)))
    yield "subtitles alone", "mkv", _subtitles(folder / "subtitles.mkv")
    for suffix in ("mp4", "mkv"):
        yield "subtitles by another name", suffix, SUBTITLES.encode()
    yield "a cover and no film", "mp4", _cover(folder / "cover.mp4")
    yield (
        "starts before zero",
        "mkv",
        made(folder, "early.mkv", sound=[second], sound_start=-3.0, times=times),
    )
    yield "starts after an hour", "mkv", made(folder, "late.mkv", sound=[second], sound_start=3600.0)
    yield "a gap of minutes", "mkv", made(folder, "gap.mkv", sound=[second], gap=(0.512, 300.0), times=times)
    yield "a gap of three days", "mkv", made(folder, "days.mkv", sound=[second], gap=(0.512, 3 * 86400.0))
    yield "a picture after a day", "mkv", made(folder, "day.mkv", sound=[second], times=[0, 0.1, 86000.0])
    yield "one picture", "mkv", made(folder, "one.mkv", times=[0.0])
    yield "one sample", "wav", made(folder, "sample.wav", sound=[second[:1]])
    yield "no sample", "wav", made(folder, "empty.wav", sound=[second[:1]])[:-2]
    yield "six channels", "mkv", made(folder, "six.mkv", sound=[noise(1.0, 6)])
    yield "sixteen tracks", "mkv", made(folder, "many.mkv", sound=[second] * 16)
    yield "forty tracks", "mkv", made(folder, "more.mkv", sound=[second] * 40)
    yield (
        "a thousand pictures a second",
        "avi",
        made(folder, "fast.avi", times=np.arange(0, 1, 0.001).tolist()),
    )
    for rate in (1, 50, 768001, 4_000_000_000):
        yield f"{rate} samples a second", "wav", _wav(rate, 1, (1000 * noise(1.0)).astype("<i2").tobytes())
    for channels in (3, 64, 255):
        yield f"{channels} channels", "wav", _wav(RATE, channels, bytes(2 * channels * RATE))
    sizes = [
        made(folder, f"{w}.ts", times=times, size=(w, h)) for w, h in ((64, 48), (1920, 1080), (32, 200))
    ]
    yield "other sizes in mid-stream", "ts", b"".join(sizes)
    yield "pictures of other sizes", "avi", pictures_of_sizes(folder / "resized.avi", SIZES).read_bytes()
    rates = [made(folder, f"{r}.aac", sound=[second], sound_codec="aac", rate=r) for r in (8000, 48000)]
    yield "other rates in mid-stream", "aac", b"".join(rates)
    for side in (8000, 16000, 65535):
        yield f"animation of {side} a side", "gif", _gif(side)
        yield f"drawn film of {side} a side", "apng", _apng(side)
        yield f"raw film of {side} a side", "y4m", f"YUV4MPEG2 W{side} H{side} F25:1\nFRAME\n".encode() * 2
    for name, content in _recoded(whole["mp4"]):
        yield name, "mp4", content
    for suffix in ("jpg", "mp3", "vtt", "srt", "txt", "m3u8", "json", "exe"):
        yield f"film by the name of {suffix}", suffix, whole["mp4"]


def none_at_all(whole: dict[str, bytes], random: np.random.Generator) -> Named:
    """No recordings."""
    words = b"So you sold the house? I cannot believe it.\n" * 50
    bare = io.BytesIO()
    with zipfile.ZipFile(bare, "w") as archive:
        archive.writestr("talk.mp4", whole["mp4"])
    yield from (("a zip archive", suffix, bare.getvalue()) for suffix in ("zip", "mp4"))
    bare = io.BytesIO()
    with tarfile.open(fileobj=bare, mode="w") as tape:
        tape.addfile(tarfile.TarInfo("talk.mp4"), io.BytesIO())
    yield from (("a tar archive", suffix, bare.getvalue()) for suffix in ("tar", "mkv"))
    yield "deflated", "mp4", zlib.compress(whole["mp4"])
    yield from (("text", suffix, words) for suffix in ("mp4", "wav", "mp3", "mov"))
    yield "a page", "mp4", b"<!doctype html><video src=talk.mp4></video>" * 40
    yield "settings", "mp4", b'{"segments": [1, 2, 3]}'
    yield "nothing", "mp4", b""
    yield "one byte", "mkv", b"\x1a"
    yield "zeros", "mp4", bytes(100_000)
    for suffix in ("mp4", "ts", "mp3", "aac", "h264"):
        yield "noise", suffix, random.bytes(50_000)
    yield "a program", "mp4", b"\x7fELF" + random.bytes(5000)


def pointing(folder: Path, port: int, whole: dict[str, bytes]) -> Named:
    """Files that would have other files of `folder`, or a server of this machine at `port`, read."""
    film, secret = folder / "film.mp4", folder / "secret.txt"
    for place in (
        str(film),
        film.as_uri(),
        f"../{folder.name}/film.mp4",
        f"http://127.0.0.1:{port}/film.mp4",
    ):
        lists = {
            "m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{place}\n#EXT-X-ENDLIST\n",
            "ffconcat": f"ffconcat version 1.0\nfile '{place}'\n",
            "mpd": f'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
            f'mediaPresentationDuration="PT2S"><Period><AdaptationSet><Representation id="1" '
            f'bandwidth="1" mimeType="video/mp4"><BaseURL>{place}</BaseURL></Representation>'
            "</AdaptationSet></Period></MPD>",
            "asx": f'<asx version="3.0"><entry><ref href="{place}"/></entry></asx>',
        }
        for suffix, text in lists.items():
            yield f"list of {place}", suffix, text.encode()
            yield f"{suffix} list of {place} by another name", "mp4", text.encode()
        yield f"film whose data are in {place}", "mov", _elsewhere(whole["mov"], place.encode())
    key = f'#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="{secret}"\n#EXTINF:2,\n{film}\n#EXT-X-ENDLIST\n'
    yield "list with a key", "m3u8", key.encode()
    yield (
        "a call",
        "sdp",
        f"v=0\nc=IN IP4 127.0.0.1\nm=video {port} RTP/AVP 96\na=rtpmap:96 H264/90000\n".encode(),
    )
    yield (
        "an index of subtitles",
        "idx",
        b"# VobSub index file, v7 (do not modify this line!)\nid: en, index: 0\n",
    )
    yield "a film in parts", "mlv", _mlv()
    yield "a page that moves", "rtsp", f"[Reference]\nRef1=http://127.0.0.1:{port}/film.mp4\n".encode()


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + kind + content


def _elsewhere(content: bytes, place: bytes) -> bytes:
    """The film with all its data references turned into ones to `place`."""
    holders = (b"moov", b"trak", b"mdia", b"minf", b"dinf")
    parts, first = [], 0
    while first + 8 <= len(content):
        size = struct.unpack_from(">I", content, first)[0]
        kind, inside = content[first + 4 : first + 8], content[first + 8 : first + size]
        if kind in holders:
            inside = _elsewhere(inside, place)
        elif kind == b"dref":
            inside = inside[:8] + _box(b"url ", bytes(4) + place + b"\0")
        parts.append(_box(kind, inside))
        first += max(size, 8)
    return b"".join(parts)


def _recoded(film: bytes) -> Iterator[tuple[str, bytes]]:
    place = film.find(b"mp4a")
    yield "an unknown codec", film[:place] + b"zzzz" + film[place + 4 :]
    place = film.find(b"avc1")
    yield "another codec than it is", film[:place] + b"hev1" + film[place + 4 :]
    yield "the index twice", film + film[film.find(b"moov") - 4 :]
    yield "one film after another", film + film


def _subtitles(path: Path) -> bytes:
    words = path.with_suffix(".srt")
    words.write_text(SUBTITLES, encoding="utf-8")
    with av.open(str(words)) as source, av.open(str(path), "w") as target:
        stream = target.add_stream_from_template(source.streams[0])
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    return path.read_bytes()


def _cover(path: Path) -> bytes:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=1)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuvj420p"
        stream.disposition = av.stream.Disposition.attached_pic
        packets = stream.encode(av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="rgb24"))
        for packet in [*packets, *stream.encode(None)]:
            container.mux(packet)
    return path.read_bytes()


def _wav(rate: int, channels: int, content: bytes) -> bytes:
    block = 2 * channels
    head = struct.pack("<HHIIHH", 1, channels, rate, rate * block & 0xFFFFFFFF, block, 16)
    inside = b"WAVEfmt " + struct.pack("<I", 16) + head + b"data" + struct.pack("<I", len(content)) + content
    return b"RIFF" + struct.pack("<I", len(inside)) + inside


def _mlv() -> bytes:
    """The first part of a Magic Lantern video, whose next one would be called .m00."""
    head = b"MLVI" + struct.pack("<I8sQHHIHHIIII", 52, b"v2.0", 1, 0, 2, 0, 1, 0, 1, 0, 25, 1)
    return head + b"RAWI" + struct.pack("<IQHH", 180, 1, 64, 48) + bytes(160)


def _gif(side: int) -> bytes:
    picture = b"\x21\xf9\x04\0\x0a\0\0\0\x2c" + struct.pack("<HHHHB", 0, 0, side, side, 0) + b"\2\2\x4c\1\0"
    return b"GIF89a" + struct.pack("<HHBBB", side, side, 0x80, 0, 0) + bytes(6) + 10 * picture + b"\x3b"


def _apng(side: int) -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    packer = zlib.compressobj(1)
    row = bytes(1 + side)  # grey, a byte a pixel
    content = b"".join(packer.compress(row) for _ in range(side if side <= 16000 else 9)) + packer.flush()
    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    frame = struct.pack(">IIIIIHHBB", 0, side, side, 0, 0, 1, 10, 0, 0)
    again = struct.pack(">IIIIIHHBB", 1, side, side, 0, 0, 1, 10, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"acTL", struct.pack(">II", 2, 0))
        + chunk(b"fcTL", frame)
        + chunk(b"IDAT", content)
        + chunk(b"fcTL", again)
        + chunk(b"fdAT", struct.pack(">I", 2) + content)
        + chunk(b"IEND", b"")
    )
