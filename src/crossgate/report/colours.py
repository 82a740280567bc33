"""The look of every emotion, in the picture and on the page: a colour, a letter, a hatch.

The colours are Okabe and Ito's (2008) and two of Tol's "muted" (2021), told apart with every common colour
vision; the grey is light enough not to be taken for the purple by those who see no red or green. The letter
stands beside the colour so that this is never the only sign.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

GREY, ORANGE, SKY, GREEN = "#D0D0D0", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, VERMILION, PURPLE = "#F0E442", "#0072B2", "#D55E00", "#CC79A7"
WINE, INDIGO = "#882255", "#332288"

PALETTE = (GREY, SKY, PURPLE, BLUE, YELLOW, GREEN, VERMILION, ORANGE, WINE, INDIGO)
"""Ten colours; further labels start again, with a hatch."""

KNOWN = {
    "neutral": GREY,
    "surprise": SKY,
    "fear": PURPLE,
    "sadness": BLUE,
    "sad": BLUE,
    "joy": YELLOW,
    "happy": YELLOW,
    "happiness": YELLOW,
    "disgust": GREEN,
    "anger": VERMILION,
    "angry": VERMILION,
    "excited": ORANGE,
    "frustrated": WINE,
    "contempt": INDIGO,
}
"""Emotions of MELD, IEMOCAP and FER+ have their colour in every report."""

HATCHES = ("", "..", "xx", "++", "oo")
"""One a round through the palette; none of them is that of abstention, `//`."""


def colours(labels: Sequence[str]) -> dict[str, str]:
    """Label -> colour as `#RRGGBB`, in the order of the labels.

    Known emotions have theirs; others get those of the palette that no label before them has, in its order,
    and start it again when all are given (`hatches` tells the rounds apart).
    """
    return {label: colour for label, (colour, _) in _looks(labels).items()}


def hatches(labels: Sequence[str]) -> dict[str, str]:
    """Label -> hatch as matplotlib writes it; empty for the first label of a colour."""
    return {label: HATCHES[place % len(HATCHES)] for label, (_, place) in _looks(labels).items()}


def letters(labels: Sequence[str]) -> dict[str, str]:
    """Label -> its first letter, two or three where others begin so too; a number where that does not do."""
    found: dict[str, str] = {}
    for label in labels:
        others = [other.lower() for other in labels if other != label]
        signs = (label[:length].lower() for length in (1, 2, 3))
        sign = next((s for s in signs if not any(other.startswith(s) for other in others)), "")
        found[label] = sign.capitalize()
    taken = set(found.values())
    numbers = (number for number in map(str, count(1)) if number not in taken)
    return {label: sign or next(numbers) for label, sign in found.items()}


def ink(colour: str) -> str:
    """Black or white, whichever stands out more from a colour (contrast of WCAG 2.2)."""
    light = _luminance(colour)
    return "#000000" if (light + 0.05) / 0.05 >= 1.05 / (light + 0.05) else "#FFFFFF"


def pale(colour: str, share: float = 0.65) -> str:
    """A colour mixed with so much white."""
    parts = (round(part + (255 - part) * share) for part in _parts(colour))
    return "#" + "".join(f"{part:02X}" for part in parts)


def _looks(labels: Sequence[str]) -> dict[str, tuple[str, int]]:
    """Label -> colour, and how many labels before it have the same."""
    given = {label: KNOWN[label.lower()] for label in labels if label.lower() in KNOWN}
    left: list[str] = [colour for colour in PALETTE if colour not in given.values()]
    for label in labels:
        if label not in given:
            left = left or list(PALETTE)
            given[label] = left.pop(0)
    seen: dict[str, int] = {}
    looks = {}
    for label in labels:
        looks[label] = (given[label], seen.get(given[label], 0))
        seen[given[label]] = seen.get(given[label], 0) + 1
    return looks


def _luminance(colour: str) -> float:
    """Relative luminance, 0 to 1 (WCAG 2.2)."""
    red, green, blue = (
        part / 255 / 12.92 if part <= 10 else ((part / 255 + 0.055) / 1.055) ** 2.4 for part in _parts(colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _parts(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
