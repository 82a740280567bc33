"""A walk over the opcodes of a pickle that executes none of them.

It checks what the unpickler would take on trust: that every stated length is there, and that the memo is not
far larger than the program that fills it (five bytes could otherwise ask for gigabytes).
"""

from __future__ import annotations

import mmap
import pickletools
from typing import BinaryIO

TRUST = "load it once where you trust it, convert it to dicts, lists and numpy arrays, and pickle it again"
"""What to do with a pickle that holds more than data."""

_AGAIN = "the file may be damaged or cut short: fetch it again"
_MEMO_SLACK = 1024  # Python 2 counts memo places from 1, and optimised pickles leave gaps
_FORBIDDEN = {
    "PERSID": "refers to objects outside of it (persistent ids)",
    "BINPERSID": "refers to objects outside of it (persistent ids)",
    "NEXT_BUFFER": "keeps its arrays outside of the file (protocol 5 buffers)",
    "EXT1": "uses registered extensions",
    "EXT2": "uses registered extensions",
    "EXT4": "uses registered extensions",
}
_CHECKED = (*_FORBIDDEN, "FRAME", "PUT", "BINPUT", "LONG_BINPUT")
_LENGTH_BYTES = {-2: 1, -3: 4, -4: 4, -5: 8}  # pickletools' codes for arguments that begin with their length

_OPCODES = {ord(opcode.code): opcode for opcode in pickletools.opcodes}
_WIDTHS = [-1] * 256
"""Bytes an opcode takes with its argument, by code; 0 where `_end_of` has to look, -1 where there is none."""
for _code, _opcode in _OPCODES.items():
    _argument = 0 if _opcode.arg is None else _opcode.arg.n
    _WIDTHS[_code] = 1 + _argument if _argument >= 0 and _opcode.name not in _CHECKED else 0


_STOP = ord(".")


class Refused(Exception):
    """Something in a pickle that is not admitted; `read_pickle` makes an InputError of it."""

    def __init__(self, what: str, fix: str = TRUST) -> None:
        super().__init__(what)
        self.fix = fix


def scan(file: BinaryIO, size: int) -> None:
    """Walk a pickle of `size` bytes up to its STOP opcode; the position of `file` is left alone.

    Raises Refused where it is no pickle, is cut short, states lengths it does not hold, or uses opcodes that
    reach out of the file.
    """
    if size == 0:
        raise Refused("the file is empty", _AGAIN)
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if data[:4] == b"PK\x03\x04":
            raise Refused("this is a zip archive, as torch.save writes; expected a pickle")
        place = steps = 0
        while place < size:
            code = data[place]
            if code == _STOP:
                return
            steps += 1
            width = _WIDTHS[code]
            if width < 0:
                raise Refused(f"not a pickle: byte {place} is no opcode", _AGAIN)
            place = place + width if width else _end_of(data, place, steps)
    raise _cut_short()


def _end_of(data: mmap.mmap, place: int, steps: int) -> int:
    """Where an opcode ends whose argument has no fixed width, or has to be looked at."""
    opcode = _OPCODES[data[place]]
    if opcode.name in _FORBIDDEN:
        raise Refused(f"the pickle {_FORBIDDEN[opcode.name]}")
    assert opcode.arg is not None
    width = opcode.arg.n
    if width in _LENGTH_BYTES:
        start = place + 1 + _LENGTH_BYTES[width]
        return start + int.from_bytes(data[place + 1 : start], "little")
    if width > 0:
        end = place + 1 + width
        value = int.from_bytes(data[place + 1 : end], "little")
    else:
        end = place + 1
        for _ in range(2 if opcode.name in ("GLOBAL", "INST") else 1):
            end = data.find(b"\n", end) + 1
            if end == 0:
                raise _cut_short()
        value = int(data[place + 1 : end]) if opcode.name == "PUT" else 0
    if opcode.name == "FRAME":
        if end + value > len(data):
            raise _cut_short()
    elif value > steps + _MEMO_SLACK:
        raise Refused(f"the pickle asks for memo place {value} in its step {steps}: a memory bomb")
    return end


def _cut_short() -> Refused:
    return Refused("the pickle ends in the middle", _AGAIN)
