"""What the figures share: matrices of probabilities, quotes, and plain JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from crossgate.errors import InputError
from crossgate.report.result import NOBODY, Result, Turn

Matrix = npt.NDArray[np.float64]
"""(turn, emotion), every row sums to 1."""

LONGEST_QUOTE = 120
"""Characters; a quote is there to find the turn again, the transcript stands elsewhere."""

DECIMALS = 6
"""Of every number in JSON; far more than any of them is sure of, few enough to read."""


def matrix(turns: Sequence[Turn], labels: Sequence[str]) -> Matrix:
    """The probabilities of turns, in the order of `labels`; rows are made to sum to 1 exactly.

    Raises InputError naming the turn whose probabilities are not a distribution over `labels`.
    """
    rows = np.zeros((len(turns), len(labels)))
    for row, turn in enumerate(turns):
        where = f"turn {turn.id}"
        if set(turn.probabilities) != set(labels):
            raise InputError(
                f"has probabilities for {', '.join(turn.probabilities)}, expected {', '.join(labels)}",
                where=where,
                fix="analyse the recording again",
            )
        rows[row] = [turn.probabilities[label] for label in labels]
        if not (np.isfinite(rows[row]).all() and (rows[row] >= 0).all() and rows[row].sum() > 0):
            raise InputError("has probabilities that are no distribution", where=where)
    totals: Matrix = rows.sum(axis=1, keepdims=True)
    return rows / totals


@dataclass(frozen=True)
class Quote:
    """A turn, short enough to be shown beside a figure.

    Attributes:
        id: of the turn.
        speaker: who says it.
        start: seconds from the start of the recording; None without times.
        text: what was said, cut to 120 characters; None where nobody wrote it down.
        emotion: the likeliest.
        confidence: its calibrated probability.
    """

    id: str
    speaker: str
    start: float | None
    text: str | None
    emotion: str
    confidence: float


def quote(turn: Turn) -> Quote:
    """The turn as a quote."""
    text = None if turn.text is None else " ".join(turn.text.split())
    if text is not None and len(text) > LONGEST_QUOTE:
        text = text[: LONGEST_QUOTE - 1].rstrip() + "…"
    return Quote(turn.id, turn.speaker, turn.start, text, turn.emotion, turn.confidence)


def counted(result: Result) -> Result:
    """The result without what says nothing of anybody: turns of which nothing was measured, or nobody's."""
    return replace(
        result,
        utterances=tuple(turn for turn in result.utterances if turn.measured and turn.speaker != NOBODY),
    )


def speaker_turns(turns: Sequence[Turn]) -> dict[str, list[Turn]]:
    """The turns of every speaker, speakers in the order of their first turns."""
    found: dict[str, list[Turn]] = {}
    for turn in turns:
        found.setdefault(turn.speaker, []).append(turn)
    return found


def seconds_of(turns: Sequence[Turn]) -> list[float] | None:
    """The length of every turn; None where one of them has no times."""
    lengths = [turn.end - turn.start for turn in turns if turn.start is not None and turn.end is not None]
    return lengths if len(lengths) == len(turns) else None


def plain(value: Any) -> Any:
    """Dataclasses, mappings, sequences and numbers of numpy as plain JSON values; None stays None.

    Raises ValueError for a number that JSON cannot hold.
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, float | np.floating):
        if not np.isfinite(value):
            raise ValueError(f"{value} cannot stand in JSON")
        return round(float(value), DECIMALS)
    if isinstance(value, int | np.integer):
        return int(value)
    return value
