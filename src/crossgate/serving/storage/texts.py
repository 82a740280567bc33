"""Texts of users that every database can keep."""

from __future__ import annotations

from crossgate.errors import InputError


def checked_text(text: str, where: str) -> str:
    """The text as it is.

    Raises InputError where it holds U+0000, which PostgreSQL does not keep, or half a surrogate pair.
    """
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise InputError("is no Unicode text: it holds half a surrogate pair", where=where) from None
    if "\0" in text:
        raise InputError("holds the character U+0000", where=where, fix="leave it out")
    return text
