"""The bytes of a transcript -> its text, whatever wrote it."""

from __future__ import annotations

import codecs
from pathlib import Path

from crossgate.errors import InputError
from crossgate.media.transcripts.found import Notes

LARGEST = 50 * 1024 * 1024
"""Bytes; a day of talk is about 2 MB of WebVTT, and some 20 MB with every word's times."""

# The mark of UTF-32 begins with that of UTF-16, and is looked for first.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def read_text(path: Path, notes: Notes) -> str:
    """The text of a file, its lines ended by a line feed alone.

    The encoding is that of its byte order mark, else UTF-8, else Windows-1252 with a note.

    Raises:
        InputError: where the file cannot be read, is larger than `LARGEST`, or is no text.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except FileNotFoundError:
        raise InputError("no such transcript", where=str(path)) from None
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL in it
        raise InputError(f"the transcript cannot be read: {error}", where=str(path)) from error
    if len(content) > LARGEST:
        raise InputError(
            f"the transcript is larger than {LARGEST // 1024**2} MB",
            where=str(path),
            fix="check that it is a transcript; a longer one, split into parts",
        )
    text = _decoded(content, str(path), notes)
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise InputError(
            "holds NUL bytes, so it is no text, or UTF-16 without its mark",
            where=f"{path}, line {line}",
            fix="check that it is a transcript, and save it as UTF-8",
        )
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _decoded(content: bytes, where: str, notes: Notes) -> str:
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            try:
                return content[len(mark) :].decode(encoding)
            except UnicodeDecodeError as error:
                raise InputError(
                    f"is marked as {encoding}, and is not (byte {error.start + len(mark)})",
                    where=where,
                    fix="save the transcript as UTF-8",
                ) from error
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        wrong = error.start
    try:
        text = content.decode("cp1252")
    except UnicodeDecodeError as error:
        raise InputError(
            f"is text neither in UTF-8 nor in Windows-1252 (byte {wrong})",
            where=where,
            fix="check that it is a transcript, and save it as UTF-8",
        ) from error
    line = content.count(b"\n", 0, wrong) + 1
    notes.add("not UTF-8; read as Windows-1252, so check letters with accents", f"line {line}")
    return text
