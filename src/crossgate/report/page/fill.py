"""Puts a result into the built page."""

from __future__ import annotations

import base64
import json
import mimetypes
import os
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

from crossgate.errors import InputError
from crossgate.report.colours import colours, letters

VIEWER_FILE = "viewer.html"

SLOT = '<script type="application/json" id="result">null</script>'
"""Stands in the built page once; the content takes the place of its `null`."""

LARGEST_EMBEDDED = 50 * 1024 * 1024
"""Bytes of a recording that a page may hold; base64 adds a third, and browsers read the page whole."""

UNSAFE = re.compile("[<>&\u2028\u2029\ud800-\udfff]")
"""What could end the block or be taken for markup, and half surrogate pairs, which UTF-8 cannot hold."""


def page_html(
    content: Mapping[str, Any],
    media: Path | None = None,
    embed: bool = False,
    *,
    folder: Path | None = None,
) -> str:
    """The report of one result, as the text of an HTML file.

    Args:
        content: of a `result.json`, with the `summary` where there is one.
        media: the recording, for the page to play; None where there is none to play.
        embed: whether the page holds the recording itself, in the place of a link.
        folder: where the page will lie, to link to `media` from there; without it the link is `media` as it
            stands.

    Raises InputError where the recording to embed cannot be read or has more than 50 MB, and where the
    content holds a number that is none.
    """
    labels = content["labels"]
    data = {
        "result": content,
        "colours": colours(labels),
        "letters": letters(labels),
        "media": None if media is None else _embedded(media) if embed else _link(media, folder),
    }
    head, tail = _viewer()
    return head + SLOT.replace("null", _json(data)) + tail


@cache
def _viewer() -> tuple[str, str]:
    """The built page, before and after the slot."""
    page = files(__package__).joinpath(VIEWER_FILE).read_text(encoding="utf-8")
    head, slot, tail = page.partition(SLOT)
    assert slot, "the built page has no place for a result"
    return head, tail


def _json(data: Mapping[str, Any]) -> str:
    """JSON that stays text wherever it stands in a page."""
    try:
        text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except ValueError as error:
        raise InputError(
            f"the result holds a number that is none: {error}", fix="analyse the recording again"
        ) from error
    return UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _link(media: Path, folder: Path | None) -> str:
    """URL of the recording: relative to the page where that can be, `file:` where it cannot."""
    if folder is not None:
        try:
            media = Path(os.path.relpath(media, folder))
        except ValueError:  # Windows: on another drive
            media = media.resolve()
    # Bytes of a name that are no UTF-8 go into the URL as they are.
    return media.as_uri() if media.is_absolute() else quote(os.fsencode(media.as_posix()))


def refuse_large(media: Path) -> None:
    """Raise InputError where a recording has more bytes than a page may hold."""
    size = media.stat().st_size
    if size > LARGEST_EMBEDDED:
        raise InputError(
            f"has {size / 2**20:.0f} MB; a page can hold a recording of {LARGEST_EMBEDDED // 2**20} MB",
            where=str(media),
            fix="link to it instead, or make it smaller",
        )


def _embedded(media: Path) -> str:
    """The recording as a `data:` URL."""
    try:
        refuse_large(media)
        encoded = base64.b64encode(media.read_bytes()).decode("ascii")
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror or error}", where=str(media)) from error
    kind = mimetypes.guess_type(media.name)[0] or "application/octet-stream"
    return f"data:{kind};base64,{encoded}"
