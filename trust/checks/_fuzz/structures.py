"""Objects with parts exchanged, made by hypothesis."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from((0, -1, 1, 2**31, 2**63, -(2**63), 10**30, 10**400, 1e308, -1e308, 1e-320, 0.5, -0.0)),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(
        ("", "\0", "\ud800", "\u2028", "../x", "/etc/passwd", "1", "true", "a" * 5000, "=1+1", "(a+)+$")
    ),
)
ANY = st.recursive(
    ODD, lambda part: st.lists(part, max_size=4) | st.dictionaries(st.text(max_size=8), part, max_size=3)
)


def changed(objects: Sequence[Any]) -> st.SearchStrategy[Any]:
    """One of the objects, with one to three parts put in another's place, left out, doubled, or made something else."""
    change = st.tuples(
        st.integers(0, 10_000), st.sampled_from(("other", "other", "gone", "twice", "named", "moved")), ANY
    )
    return st.builds(_apply, st.sampled_from(objects), st.lists(change, min_size=1, max_size=3))


def _apply(content: Any, changes: Sequence[tuple[int, str, Any]]) -> Any:
    content = copy.deepcopy(content)
    for place, how, value in changes:
        spots = list(_spots(content))
        if not spots:
            return value
        holder, key = spots[place % len(spots)]
        if how == "gone":
            del holder[key]
        elif how == "twice" and isinstance(holder, list):
            holder.insert(key, holder[key])
        elif how == "named" and isinstance(holder, dict):
            holder[value if isinstance(value, str) else str(value)] = holder.pop(key)
        elif how == "moved":
            other, name = spots[(place * 7 + 3) % len(spots)]
            holder[key] = copy.deepcopy(other[name])
        else:
            holder[key] = value
    return content


def entries(content: Any) -> list[tuple[Any, Any]]:
    """(key, value) of what an object or a list holds; nothing of anything else."""
    if isinstance(content, dict):
        return list(content.items())
    return list(enumerate(content)) if isinstance(content, list) else []


def _spots(content: Any) -> Any:
    """Every (container, key) inside."""
    for key, value in entries(content):
        yield content, key
        yield from _spots(value)
