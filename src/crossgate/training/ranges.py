"""What numbers of a training's settings may be; no torch here."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from crossgate.errors import InputError


def refuse_out_of_range(
    settings: Mapping[str, Any],
    prefix: str = "",
    *,
    counts: Sequence[str] = (),
    positive: Sequence[str] = (),
    shares: Sequence[str] = (),
    not_negative: Sequence[str] = (),
) -> None:
    """Raises InputError for the first setting that is not as its kind is.

    Args:
        settings: the numbers by name, `vars` of a dataclass for example.
        prefix: goes before their names in the message, `training.` for example.
        counts: 1 or more.
        positive: more than 0, finite.
        shares: 0 or more, less than 1.
        not_negative: 0 or more, finite.
    """
    kinds: tuple[tuple[Sequence[str], Callable[[float], bool], str], ...] = (
        (counts, lambda value: value >= 1, "1 or more"),
        (positive, lambda value: 0 < value < math.inf, "more than 0"),
        (shares, lambda value: 0 <= value < 1, "0 or more, less than 1"),
        (not_negative, lambda value: 0 <= value < math.inf, "0 or more"),
    )
    for names, fits, expected in kinds:
        for name in names:
            if not fits(settings[name]):
                raise InputError(f"{prefix}{name} is {settings[name]}, expected {expected}")
