"""The legend of the timeline: what every colour, letter and hatch says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from crossgate.report.colours import colours, hatches, ink, letters, pale
from crossgate.report.exports.timing import plain

LINE, SWATCH, FONT = 0.24, 0.26, 8.0
"""Inches between two lines, inches of a swatch's width, points of the letters."""

ABSTAINED, SHARE, ABSENT = "model abstains", "modality's share", "modality absent"


def legend_height(labels: Sequence[str], width: float) -> float:
    """Inches that the legend of these labels is tall where it may be so many inches wide."""
    return LINE * (1 + max(line for _, line, _ in _places(labels, width))) + 0.1


def draw_legend(axes: Axes, labels: Sequence[str], width: float, height: float) -> None:
    """Draw it into axes of that size in inches."""
    axes.set_xlim(0, width)
    axes.set_ylim(height, 0)
    axes.axis("off")
    look, marks, signs = colours(labels), hatches(labels), letters(labels)
    for name, line, left in _places(labels, width):
        top = line * LINE + 0.03
        colour, edge, hatch, sign = {
            ABSTAINED: (pale("#5A5A5A"), "#5A5A5A", "////", ""),
            SHARE: ("#E4E4E4", "none", "", ""),
            ABSENT: ("#FFFFFF", "#A0A0A0", "xxxx", ""),
        }.get(name) or (look[name], ink(look[name]) if marks[name] else "none", marks[name], signs[name])
        axes.add_patch(
            Rectangle(
                (left, top), SWATCH, 0.16, facecolor=colour, edgecolor=edge, hatch=hatch or None, linewidth=0
            )
        )
        if name == SHARE:
            axes.add_patch(Rectangle((left, top + 0.08), SWATCH, 0.08, facecolor="#5A5A5A", linewidth=0))
        axes.text(
            left + SWATCH / 2,
            top + 0.085,
            sign,
            ha="center",
            va="center_baseline",
            fontsize=7.5,
            color=ink(colour),
            parse_math=False,
            bbox={"facecolor": colour, "edgecolor": "none", "pad": 0.4} if hatch and sign else None,
        )
        axes.text(
            left + SWATCH + 0.06,
            top + 0.085,
            _words(name),
            va="center_baseline",
            fontsize=FONT,
            parse_math=False,
        )


def _places(labels: Sequence[str], width: float) -> Iterator[tuple[str, int, float]]:
    """Every entry, its line and the inches to its left."""
    line, left = 0, 0.0
    for name in (*labels, ABSTAINED, SHARE, ABSENT):
        # A letter is about 0.6 of its size wide.
        needed = SWATCH + 0.06 + 0.58 * FONT / 72 * len(_words(name)) + 0.14
        if left and left + needed > width:
            line, left = line + 1, 0.0
        yield name, line, left
        left += needed


def _words(name: str) -> str:
    words = plain(name)
    return words if len(words) <= 40 else f"{words[:39]}…"
