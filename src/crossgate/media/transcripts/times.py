"""Times as transcripts write them -> seconds, and back for messages."""

from __future__ import annotations

import re

from crossgate.media.transcripts.found import shown

CLOCK = r"-?(?:[0-9]{1,5}:)?[0-9]{1,5}:[0-9]{1,2}(?:[.,][0-9]{1,9})?"
"""Minutes and seconds, with or without hours and a fraction, as a regular expression."""

_CLOCK = re.compile(r"(-?)(?:([0-9]{1,5}):)?([0-9]{1,5}):([0-9]{1,2})(?:[.,]([0-9]{1,9}))?")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+)(?:[eE][+-]?[0-9]{1,3})?")


def seconds_of_clock(text: str) -> float:
    """Seconds of `1:02:03.5`, `00:01:02,500`, `01:02.5`; hours may pass 99.

    Raises ValueError, in words for the user, for anything else and where minutes beside hours, or seconds,
    pass 59.
    """
    match = _CLOCK.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{shown(text)} is not a time such as 00:01:02.500")
    sign, hours, minutes, seconds, fraction = match.groups()
    if int(seconds) > 59 or (hours is not None and int(minutes) > 59):
        raise ValueError(f"{shown(text)} is not a time: minutes and seconds go to 59")
    whole = int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)
    total = round(whole + float(f"0.{fraction or 0}"), 9)
    return -total if sign else total


def seconds_of_number(text: str) -> float:
    """The number in a text, with a decimal point or comma. Raises ValueError, in words for the user."""
    stripped = text.strip()
    if not _NUMBER.fullmatch(stripped):
        raise ValueError(f"{shown(text)} is not a number of seconds")
    return float(stripped.replace(",", "."))


def seconds_of(text: str) -> float:
    """Seconds of a number or a clock time. Raises ValueError, in words for the user."""
    if ":" in text:
        return seconds_of_clock(text)
    try:
        return seconds_of_number(text)
    except ValueError:
        raise ValueError(f"{shown(text)} is not a time such as 62.5 or 0:01:02.5") from None


def spoken(seconds: float) -> str:
    """Seconds as people say them: `3:20`, `1:02:03`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
