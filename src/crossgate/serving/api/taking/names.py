"""Names people give: kept to be shown, cleaned to be given to a browser, and never part of a path of ours."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath
from urllib.parse import quote

from crossgate.errors import InputError
from crossgate.media.transcripts.reading import SUFFIXES
from crossgate.serving.api.shapes.schemas import LONGEST_NAME
from crossgate.serving.storage.texts import checked_text

LONGEST_FILE_NAME = 100
"""Characters of the name of a download, without its ending: some file systems take 255 bytes."""

RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)")
"""Names that are devices on Windows, whatever follows their point."""


def checked_name(name: str, where: str = "name") -> str:
    """The name as it is. Raises InputError where it is too long or cannot be kept."""
    if len(name) > LONGEST_NAME:
        raise InputError(f"has {len(name)} characters, expected {LONGEST_NAME} at most", where=where)
    return checked_text(name, where)


def base_name(sent: str) -> str:
    """The last part of a file's name in a form: some clients send folders as well.

    Browsers write `"` and line ends as the HTML standard says (multipart/form-data encoding, 4.10.21.8).
    """
    plain = re.sub("(?i)%(22|0d|0a)", lambda found: chr(int(found[1], 16)), sent)
    return re.split(r"[/\\]", plain)[-1]


def transcript_suffix(name: str) -> str:
    """The suffix that tells a transcript's format, in small letters. Raises InputError where none does."""
    suffix = PurePosixPath(base_name(name)).suffix.lower()
    if suffix not in SUFFIXES:
        raise InputError(
            "its name tells no format of transcripts",
            where="transcript",
            fix=f"give it one of the endings {', '.join(SUFFIXES)}",
        )
    return suffix


def download_name(name: str, ending: str) -> str:
    """A name for a download of a recording that every system takes, such as `talk.csv`.

    Args:
        name: what people call the recording; its own ending goes where it is a short one.
        ending: with its point.
    """
    kept = "".join("_" if _unsafe(letter) else " " if letter.isspace() else letter for letter in name)
    stem = re.sub(r"(?<=.)\.\w{1,5}$", "", kept).strip(" ._")[:LONGEST_FILE_NAME].rstrip(" .")
    if RESERVED.match(stem):
        stem = f"_{stem}"
    return (stem or "recording") + ending


def attachment(file_name: str) -> str:
    """The Content-Disposition of a download (RFC 6266): in ASCII for old clients, and as it is."""
    plain = unicodedata.normalize("NFKD", file_name).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^\w.() -]", "_", plain)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(file_name, safe='')}"


def _unsafe(letter: str) -> bool:
    """What parts paths, is forbidden somewhere, cannot be seen, or turns the writing round."""
    return letter in '/\\:*?"<>|' or unicodedata.category(letter) in (
        "Cc",
        "Cf",
        "Cs",
        "Co",
        "Cn",
        "Zl",
        "Zp",
    )
