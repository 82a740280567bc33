"""What befalls the bytes of a recording, and what liars write into its headers."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

import numpy as np

Random = np.random.Generator


def cut_short(content: bytes, other: bytes, random: Random) -> bytes:
    return content[: int(random.integers(1, len(content)))]


def flipped(content: bytes, other: bytes, random: Random) -> bytes:
    changed = bytearray(content)
    for place in random.integers(0, len(content), int(2 ** random.uniform(0, 9))):
        changed[place] ^= 1 << int(random.integers(8))
    return bytes(changed)


def header_flipped(content: bytes, other: bytes, random: Random) -> bytes:
    head = min(len(content), 4096)
    return flipped(content[:head], other, random) + content[head:]


def tail_flipped(content: bytes, other: bytes, random: Random) -> bytes:
    """Where MP4 has its index."""
    tail = max(0, len(content) - 4096)
    return content[:tail] + flipped(content[tail:], other, random)


def head_of_another(content: bytes, other: bytes, random: Random) -> bytes:
    size = int(2 ** random.uniform(3, 13))
    return other[:size] + content[size:]


def swapped(content: bytes, other: bytes, random: Random) -> bytes:
    size = int(2 ** random.uniform(4, 12))
    chunks = [content[first : first + size] for first in range(0, len(content), size)]
    for _ in range(int(random.integers(1, 4))):
        one, two = random.integers(0, len(chunks), 2)
        chunks[one], chunks[two] = chunks[two], chunks[one]
    return b"".join(chunks)


def blotted(content: bytes, other: bytes, random: Random) -> bytes:
    first, size = int(random.integers(len(content))), int(2 ** random.uniform(4, 13))
    blot = random.bytes(size) if random.integers(2) else bytes(size)
    return content[:first] + blot + content[first + size :]


def lost_or_twice(content: bytes, other: bytes, random: Random) -> bytes:
    first, size = int(random.integers(len(content))), int(2 ** random.uniform(0, 12))
    again = content[first : first + size] if random.integers(2) else b""
    return content[:first] + again + again + content[first + size :]


DAMAGE: tuple[Callable[[bytes, bytes, Random], bytes], ...] = (
    cut_short,
    flipped,
    header_flipped,
    tail_flipped,
    head_of_another,
    swapped,
    blotted,
    lost_or_twice,
)

ABSURD = (0, 1, 0x7FFFFFFF, 0xFFFFFFFF)

MP4_FIELDS = {
    "time scale of the film": (b"mvhd", 12, 4),
    "duration of the film": (b"mvhd", 16, 4),
    "duration of a track": (b"tkhd", 20, 4),
    "width shown": (b"tkhd", 76, 4),
    "time scale of a track": (b"mdhd", 12, 4),
    "duration of a track's media": (b"mdhd", 16, 4),
    "samples of one length": (b"stts", 8, 4),
    "length of samples": (b"stts", 12, 4),
    "size of samples": (b"stsz", 4, 4),
    "number of samples": (b"stsz", 8, 4),
    "place of a chunk": (b"stco", 8, 4),
    "width": (b"avc1", 24, 2),
    "height": (b"avc1", 26, 2),
    "channels": (b"mp4a", 16, 2),
    "sample rate": (b"mp4a", 24, 4),
    "edit": (b"elst", 12, 4),
}
"""What it says -> box, place in it after its name, bytes; ISO/IEC 14496-12, version 0 of each box."""

WAV_FIELDS = {"channels": (b"fmt ", 6, 2), "sample rate": (b"fmt ", 8, 4), "bits": (b"fmt ", 18, 2)}
WAV_FIELDS |= {"block": (b"fmt ", 16, 2), "size": (b"data", 0, 4)}
AVI_FIELDS = {"us a frame": (b"avih", 4, 4), "width": (b"strf", 8, 4), "height": (b"strf", 12, 4)}
AVI_FIELDS |= {"scale": (b"strh", 24, 4), "rate": (b"strh", 28, 4), "start": (b"strh", 32, 4)}
MKV_FIELDS = {"duration": (b"\x44\x89", 1, 8), "tick": (b"\x2a\xd7\xb1", 1, 3), "width": (b"\xb0\x82", 0, 2)}
MKV_FIELDS |= {
    "height": (b"\xba\x82", 0, 2),
    "sample rate": (b"\xb5\x88", 0, 8),
    "channels": (b"\x9f\x81", 0, 1),
}


def lies(whole: dict[str, bytes]) -> Iterator[tuple[str, str, bytes]]:
    """(name, suffix, bytes): one field of a header says what cannot be."""
    for suffix, fields, order in (
        ("mp4", MP4_FIELDS, ">"),
        ("wav", WAV_FIELDS, "<"),
        ("avi", AVI_FIELDS, "<"),
        ("mkv", MKV_FIELDS, ">"),
    ):
        for name, (box, offset, size) in fields.items():
            for value in ABSURD:
                content = whole[suffix]
                first = content.find(box)
                if first < 0:
                    continue
                first += len(box) + offset
                said = struct.pack(order + "Q", value if size == 8 else value & (1 << 8 * size) - 1)
                said = said[-size:] if order == ">" else said[:size]
                yield f"{name} {value:#x}", suffix, content[:first] + said + content[first + size :]
