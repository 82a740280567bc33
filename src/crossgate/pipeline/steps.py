"""How long work tells what it is at."""

from __future__ import annotations

from collections.abc import Callable

Step = Callable[[str, float | None], None]
"""Told what is being done, and which share of it is done, 0 to 1, where that is known."""
