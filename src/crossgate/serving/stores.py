"""URLs of recordings in stores the service may take from, and of nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import unquote, urlsplit

from crossgate.errors import InputError
from crossgate.serving.storage.texts import checked_text


def store_of(url: str, stores: Sequence[str]) -> str | None:
    """The store, of these, in whose folder a URL lies by its beginning; None where it lies in none."""
    return next((each for each in stores if url.startswith(f"{each.rstrip('/')}/")), None)


def checked_url(url: str, stores: Sequence[str], where: str) -> str:
    """The URL as it is.

    Args:
        url: of a file.
        stores: URLs of folders; the file lies in one of them, however deep.
        where: the name of the field, for messages.

    Raises InputError where it lies in none, leads out, carries credentials, or could mean several files.
    """
    checked_text(url, where)
    store = store_of(url, stores)
    if store is None:
        raise InputError(
            "lies in no store the service may take from",
            where=where,
            fix=f"it may take from {', '.join(stores)}" if stores else "start the service with --allow-store",
        )
    path = url.removeprefix(store.rstrip("/"))
    for wrong, why in (
        (not path.strip("/") or path.endswith("/"), "names no file"),
        (_has_dots(path), "leads out of its folder"),
        (any(not letter.isprintable() for letter in unquote(path)), "holds characters that cannot be seen"),
        (any(letter in path for letter in "\\?#*[]{}"), "holds one of \\ ? # * [ ] { }"),
        ("::" in url or "://" in path, "is a URL inside a URL"),
        (_has_credentials(url), "holds credentials, which are the service's to have"),
    ):
        if wrong:
            raise InputError(why, where=where, fix="name one file, below the store's own URL")
    return url


def _has_dots(path: str) -> bool:
    """Whether a part of it is `.` or `..`, however often it is percent-encoded."""
    while (decoded := unquote(path)) != path:
        path = decoded
    return any(part in (".", "..") for part in path.replace("\\", "/").split("/"))


def _has_credentials(url: str) -> bool:
    try:
        return "@" in urlsplit(url).netloc
    except ValueError:  # half an IPv6 address
        return True
