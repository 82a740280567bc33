"""Cuts a conversation into stretches of turns that a text encoder can read at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Window:
    """Turns an encoder reads together.

    Attributes:
        first, end: turns `first` to `end - 1` are read.
        taken: those of them whose vectors are taken from this window.
    """

    first: int
    end: int
    taken: tuple[int, ...]


def causal_windows(lengths: Sequence[int], limit: int) -> list[Window]:
    """Windows that depend on the past alone, so that a live conversation is cut as a finished one.

    A window grows turn by turn until the next does not fit; the next window then keeps as many of the last
    turns as fit into half of it. Every turn is taken from the window that was growing when it was spoken.

    Args:
        lengths: (turn,) tokens of each turn, none above `limit`.
        limit: most tokens in a window.
    """
    windows: list[Window] = []
    first, used, taken_from = 0, 0, 0
    for turn, length in enumerate(lengths):
        if used + length > limit:
            windows.append(Window(first, turn, tuple(range(taken_from, turn))))
            while used + length > max(limit // 2, length):
                used -= lengths[first]
                first += 1
            taken_from = turn
        used += length
    if lengths:
        windows.append(Window(first, len(lengths), tuple(range(taken_from, len(lengths)))))
    return windows


def centred_windows(lengths: Sequence[int], limit: int) -> list[Window]:
    """The same windows for an encoder that looks both ways; a turn is taken where it has most around it.

    That is the window with the larger of min(tokens before, tokens after), where the beginning and the end
    of the conversation count as boundless.
    """
    windows = causal_windows(lengths, limit)
    starts = [0]
    for length in lengths:
        starts.append(starts[-1] + length)
    taken: list[list[int]] = [[] for _ in windows]
    for turn in range(len(lengths)):
        surroundings = {}
        for index, window in enumerate(windows):
            if window.first <= turn < window.end:
                before = starts[turn] - starts[window.first] if window.first else limit
                after = starts[window.end] - starts[turn + 1] if window.end < len(lengths) else limit
                surroundings[index] = min(before, after)
        taken[max(surroundings, key=lambda index: surroundings[index])].append(turn)
    return [
        Window(window.first, window.end, tuple(turns))
        for window, turns in zip(windows, taken, strict=True)
        if turns
    ]


def training_windows(lengths: Sequence[int], limit: int, offset: int) -> list[Window]:
    """Windows side by side, each turn in one of them; the first holds at most `offset` tokens.

    With another offset every round a turn is seen with more and with less around it.
    """
    windows: list[Window] = []
    first, used, room = 0, 0, max(1, offset)
    for turn, length in enumerate(lengths):
        if used + length > room and turn > first:
            windows.append(Window(first, turn, tuple(range(first, turn))))
            first, used, room = turn, 0, limit
        used += length
    if lengths:
        windows.append(Window(first, len(lengths), tuple(range(first, len(lengths)))))
    return windows
