"""What the doctor says of one part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["works", "absent", "broken"]
"""Absent is what can be done without; broken is what should work and does not."""


@dataclass(frozen=True)
class Finding:
    """How one part is.

    Attributes:
        part: its name, for people.
        state: whether it works.
        said: what was found: versions, places, what is wrong.
        mend: what the user can do, empty where nothing is to be done.
    """

    part: str
    state: State
    said: str
    mend: str = ""
