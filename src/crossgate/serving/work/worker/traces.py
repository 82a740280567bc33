"""Errors in the log: where they came from, and nothing of what was said."""

from __future__ import annotations

import traceback

DEEPEST = 10
"""Causes of causes."""


def trace_without_words(error: BaseException) -> str:
    """A traceback of files, lines and the error's kind, without its message: that may hold texts or names."""
    parts: list[str] = []
    following: BaseException | None = error
    while following is not None and len(parts) < DEEPEST:
        frames = traceback.format_list(traceback.extract_tb(following.__traceback__))
        kind = type(following)
        parts.append("".join([*frames, f"{kind.__module__}.{kind.__qualname__}"]))
        following = following.__cause__ or following.__context__
    return "\ncaused by\n".join(parts)
