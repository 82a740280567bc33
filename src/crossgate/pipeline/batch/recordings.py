"""Which recordings a batch is of: files, folders and patterns, each with its transcript."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from crossgate.errors import InputError
from crossgate.media.transcripts.reading import is_transcript
from crossgate.pipeline.batch import places
from crossgate.pipeline.batch.places import FoundFile
from crossgate.pipeline.batch.transcripts import Transcripts

MEDIA = frozenset(
    f".{name}"
    for name in (
        *("3gp", "aac", "aif", "aiff", "amr", "asf", "au", "avi", "flac", "flv", "m2ts", "m4a", "m4b", "m4v"),
        *("mka", "mkv", "mov", "mp2", "mp3", "mp4", "mpeg", "mpg", "mts", "mxf", "oga", "ogg", "ogv", "opus"),
        *("ts", "vob", "wav", "weba", "webm", "wma", "wmv"),
    )
)
"""Suffixes of what is taken from a folder; a pattern, or a file's own name, takes whatever it names."""


@dataclass(frozen=True)
class Recording:
    """A recording to be analysed, or a transcript alone.

    Attributes:
        name: unique in the batch: its path below the folder that holds all of them, with `/`.
        source: path or URL.
        size: bytes.
        version: another one where the file has changed.
        transcript: path or URL; None where there is none.
        transcript_version: as `version`, with the size.
        trouble: why it cannot be analysed as things are; empty where it can.
    """

    name: str
    source: str
    size: int
    version: str
    transcript: str | None = None
    transcript_version: str = ""
    trouble: str = ""


def is_one(sources: Sequence[str]) -> bool:
    """Whether it is a single recording by its path, or `-`: what is no batch."""
    if len(sources) != 1:
        return False
    (source,) = sources
    if source == "-":
        return True
    return not ("://" in source or places.is_pattern(source) or Path(source).is_dir())


def find_recordings(sources: Sequence[str], transcripts: str | None, out: str) -> list[Recording]:
    """The recordings, in the order of their names.

    Args:
        sources: paths or URLs of files, folders, or patterns in which `**` stands for folders however deep.
        transcripts: folder or pattern of transcripts; None where they lie beside the recordings.
        out: where the batch is written; what lies in there is no recording.

    Raises InputError where something is not there, or nothing is found.
    """
    found: dict[str, FoundFile] = {}
    bases = []
    for source in map(places.plain, sources):
        if source == "-":
            raise InputError("standard input is one recording, not one of many", fix="analyse it by itself")
        base, files = _of_source(source)
        bases.append(base)
        found |= {places.absolute(one.location): one for one in files if not _inside(one.location, out)}
    base = _common(bases)
    named = {_name(location, base): one for location, one in found.items()}
    with_words = {_stem(name) for name in named if not is_transcript(Path(name))}
    # Of a recording and the transcript beside it, a pattern such as calls/** finds both.
    named = {n: one for n, one in named.items() if not (is_transcript(Path(n)) and _stem(n) in with_words)}
    if not named:
        raise InputError("no recording is there", where=", ".join(sources), fix="check the pattern")
    look = Transcripts(transcripts)
    for name in named:
        if above := [str(folder) for folder in Path(name).parents if str(folder) in named]:
            raise InputError(f"is the name of a recording and of a folder with {name}", where=above[0])
    return [_recording(name, named[name], look) for name in sorted(named)]


def _recording(name: str, one: FoundFile, look: Transcripts) -> Recording:
    if is_transcript(Path(name)):
        return Recording(name, one.location, one.size, one.version)
    found, trouble = look.of(name, one.location)
    if found is None:
        return Recording(name, one.location, one.size, one.version, trouble=trouble)
    version = f"{found.size}/{found.version}"
    return Recording(name, one.location, one.size, one.version, found.location, version)


def folder_of(source: str) -> str:
    """The folder that what a source means lies in."""
    if places.is_pattern(source):
        return places.fixed_part(source)
    if not places.is_url(source) and Path(source).is_dir():
        return source
    return source.rpartition("/")[0] or ("/" if source.startswith("/") else ".")


def _of_source(source: str) -> tuple[str, list[FoundFile]]:
    """The folder that names are told from, and the files."""
    if places.is_pattern(source):
        return folder_of(source), places.matching(source)
    inside = places.below(source)
    if inside is not None:
        return source, [one for one in inside if Path(one.location).suffix.lower() in MEDIA]
    one = places.one_file(source)
    if one is None:
        raise InputError("no such file", where=source, fix="check the path")
    return folder_of(source), [one]


def _common(bases: Sequence[str]) -> str:
    """The folder that holds all of them. Raises InputError where nothing does."""
    whole = [places.absolute(base) for base in bases]
    kinds = {each.partition("://")[0] if places.is_url(each) else "" for each in whole}
    if len(kinds) > 1:
        raise InputError("some lie on this machine and some in a store", fix="analyse them in two batches")
    if kinds == {""}:
        return os.path.commonpath(whole)
    shared = []
    for parts in zip(*(each.rstrip("/").split("/") for each in whole), strict=False):
        if len(set(parts)) > 1:
            break
        shared.append(parts[0])
    return "/".join(shared)


def _name(location: str, base: str) -> str:
    name = location.removeprefix(base).lstrip("/")
    if places.is_url(location) and any(part in ("", ".", "..") for part in name.split("/")):
        raise InputError("no folder can be named so", where=location, fix="rename it in its store")
    return name


def _inside(location: str, folder: str) -> bool:
    return places.absolute(location).startswith(f"{places.absolute(folder)}/")


def _stem(name: str) -> str:
    return str(Path(name).with_suffix(""))
