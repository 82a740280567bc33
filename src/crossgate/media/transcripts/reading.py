"""A transcript's file -> its segments, whichever of the known formats it is in."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from crossgate.errors import InputError
from crossgate.media.transcripts.checking import checked
from crossgate.media.transcripts.decoding import read_text
from crossgate.media.transcripts.formats import eaf, json_files, rttm, srt, tables, textgrid, vtt
from crossgate.media.transcripts.found import Found, Notes
from crossgate.media.transcripts.segments import Transcript

Reader = Callable[[str, str, Notes], list[Found]]
"""The text of a file, the file for messages, notes to add to -> what the file holds.

A reader raises InputError where the text is not in its format, and nothing else."""

READERS: dict[str, Reader] = {
    "srt": srt.read,
    "vtt": vtt.read,
    "csv": tables.read,
    "tsv": tables.read,
    "json": json_files.read,
    "eaf": eaf.read,
    "textgrid": textgrid.read,
    "rttm": rttm.read,
}
"""Format -> its reader."""

SUFFIXES = {f".{name}": name for name in READERS} | {".jsonl": "json", ".ndjson": "json"}
"""Suffix in small letters -> format."""

NAMES = {
    "srt": "SubRip (SRT)",
    "vtt": "WebVTT",
    "json": "JSON",
    "eaf": "ELAN (EAF)",
    "textgrid": "Praat TextGrid",
    "rttm": "RTTM",
}

# How each format begins; tables begin with anything.
_BEGINNINGS = {
    "vtt": re.compile(r"WEBVTT(?:\s|\Z)"),
    "textgrid": re.compile(r'(?:File type\s*=\s*)?"ooTextFile'),
    "eaf": re.compile(r"<\?xml\b|<ANNOTATION_DOCUMENT\b"),
    "json": re.compile(r'[\[{]\s*["\[{\]}]'),
    "rttm": re.compile(r"(?:;;[^\n]*\n)*SPEAKER[ \t]+\S+[ \t]+\S+[ \t]+-?[0-9.]+[ \t]"),
    "srt": re.compile(r"(?:[0-9]+\s*\n)?\s*[0-9:.,]+\s*-->\s*[0-9:.,]+"),
}


def is_transcript(path: Path) -> bool:
    """Whether the file's suffix is that of a transcript."""
    return path.suffix.lower() in SUFFIXES


def read_transcript(path: Path, format: str | None = None) -> Transcript:
    """Read a transcript and check it.

    Args:
        path: a file of at most 50 MB.
        format: one of `READERS`; None for that of the file's suffix, or, with a note, of its content where
            the two disagree and the content leaves no doubt.

    Raises:
        InputError: where the format is unknown, the content is not in it, or a rule of `checking` is broken;
            it names the file and the line, cue, row or annotation.
    """
    path = Path(path)
    notes = Notes()
    asked = _known(format, path) if format is not None else None
    text = read_text(path, notes)
    if not text.strip():
        raise InputError("the transcript is empty", where=str(path))
    seen = next((name for name, start in _BEGINNINGS.items() if start.match(text.lstrip())), None)
    if asked is None:
        asked = _by_suffix(path, seen)
        if seen is not None and seen != asked:
            notes.add(f"the file is named {path.suffix} and is {NAMES[seen]} by its content: read as that")
            asked = seen
    return checked(READERS[asked](text, str(path), notes), asked, str(path), notes)


def _known(format: str, path: Path) -> str:
    name = format.strip().lower().lstrip(".")
    if f".{name}" not in SUFFIXES:
        raise InputError(
            f"unknown transcript format {format!r}; known are {', '.join(READERS)}", where=str(path)
        )
    return SUFFIXES[f".{name}"]


def _by_suffix(path: Path, seen: str | None) -> str:
    name = SUFFIXES.get(path.suffix.lower())
    if name is None:
        raise InputError(
            f"{path.suffix or 'a name without a suffix'} tells no transcript format; "
            f"known are {', '.join(SUFFIXES)}",
            where=str(path),
            fix=f"its content looks like {NAMES[seen]}: name the file so"
            if seen is not None
            else "give the file its format's suffix",
        )
    return name
