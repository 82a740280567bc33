"""`timeline.png`: who expressed what, when; the distribution over time; what each modality gave.

Long recordings are broken into rows like a score, so that five hundred turns can be read as well as three.
Colours, letters and hatches are those of `colours`.
"""

from __future__ import annotations

import math
import warnings
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MultipleLocator

from crossgate.conversation import MODALITIES
from crossgate.evaluation.figures import save_figure
from crossgate.report.colours import colours, hatches, ink, letters, pale
from crossgate.report.exports.timing import Timed, by_time, is_timed, label, plain, without_overlaps
from crossgate.report.legend import draw_legend, legend_height
from crossgate.report.result import Result, Turn

WIDTH, LEFT, RIGHT = 12.0, 1.45, 0.3
INSIDE = WIDTH - LEFT - RIGHT
"""Inches: of the picture, and of its margins."""

HEAD, LANE, DISTRIBUTION, STRIP, GAP, FOOT = 0.62, 0.36, 0.8, 0.17, 0.07, 0.5
"""Inches: title; a speaker; the distribution; a modality; between the parts of a row; below a row."""

TURNS_A_ROW, MOST_ROWS = 70, 16
MOST_LANES = 16
"""Speakers with a lane of their own; the others share one."""

GREY, LIGHT = "#5A5A5A", "#E4E4E4"

Box = tuple[float, float, float, float]
"""Left, right, low and high end of a rectangle, in the units of its axes."""

STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200)
"""Seconds between two marks of the axis."""


@dataclass(frozen=True)
class Row:
    """A stretch of the recording.

    Attributes:
        start: seconds, or turns where there are no times.
        end: as `start`.
        scale: points that one second, or turn, is wide.
        turns: those that are in it, in part at least, by their starts.
    """

    start: float
    end: float
    scale: float
    turns: list[Timed]

    def points(self, one: Timed) -> float:
        """How wide the part of a turn that is in the row will be, in points."""
        return self.scale * (min(one.end / 1000, self.end) - max(one.start / 1000, self.start))

    @property
    def inches(self) -> float:
        """How wide the row is; the last one ends with the recording."""
        return (self.end - self.start) * self.scale / 72

    def stretches(self) -> Iterator[tuple[float, float, Turn]]:
        """Start, end and turn, without overlaps: where turns overlap, the one that began last counts."""
        edges = sorted({edge for one in self.turns for edge in (one.start, one.end)})
        for start, end in pairwise(edges):
            now = [one for one in self.turns if one.start <= start and one.end >= end]
            if now:
                yield start / 1000, end / 1000, max(now, key=lambda one: one.start).turn

    def middle(self, one: Timed) -> float:
        """Of the part of a turn that is in the row."""
        return (min(one.end / 1000, self.end) + max(one.start / 1000, self.start)) / 2


def write_timeline(result: Result, path: Path) -> None:
    """Draw `timeline_figure` into a PNG file."""
    with warnings.catch_warnings():
        # A name in a script the font lacks is drawn as boxes; nobody can do anything about the warning.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        save_figure(timeline_figure(result), path)


def timeline_figure(result: Result) -> Figure:
    """The picture of a result.

    From top to bottom of every row: a lane a speaker, a bar a turn (pale and hatched: the model abstains;
    overlapping turns of one speaker share the height of his lane); the calibrated distribution of every
    turn; for each modality the share it had (height of the bar; hatched: absent). The axis is in minutes and
    seconds, or counts turns where they have no times.
    """
    timed = is_timed(result)
    turns = by_time(result) if timed else _counted(result.utterances)
    rows = list(rows_of(turns, result.media.duration if timed else None, timed=timed))
    lanes = _lanes(result)
    row_height = LANE * len(lanes) + DISTRIBUTION + STRIP * len(MODALITIES) + 2 * GAP + FOOT
    legend = legend_height(result.labels, INSIDE)
    height = HEAD + legend + row_height * max(len(rows), 1)
    figure = Figure(figsize=(WIDTH, height), facecolor="white")
    FigureCanvasAgg(figure)
    _title(figure, result, height)
    draw_legend(_axes(figure, height, HEAD, legend), result.labels, INSIDE, legend)
    top = HEAD + legend
    for row in rows:
        _draw_row(figure, height, top, row, result, lanes, timed)
        top += row_height
    if not rows:
        figure.text(0.5, 0.3, "no turns", ha="center", color=GREY, fontsize=12)
    return figure


def _counted(turns: Sequence[Turn]) -> list[Timed]:
    """Turns without times, one after the other: the first from 0.5 to 1.5."""
    return [Timed(1000 * place + 500, 1000 * place + 1500, turn) for place, turn in enumerate(turns)]


def rows_of(turns: list[Timed], duration: float | None, *, timed: bool) -> Iterator[Row]:
    """Rows of equal length, so that an inch is as long everywhere; the last one ends with the recording.

    Args:
        turns: by their starts.
        duration: seconds of the recording; None where there is none.
        timed: whether they have times; without, a turn is one unit long and the first begins at 0.5.
    """
    if not turns:
        return
    start = 0.0 if timed else 0.5
    end = max(duration or 0.0, *(one.end / 1000 for one in turns))
    count = min(math.ceil(len(turns) / TURNS_A_ROW), MOST_ROWS)
    length = (end - start) / count
    if timed and count > 1:
        step = next((step for step in STEPS if length / step <= 12), STEPS[-1])
        length = math.ceil(length / step) * step
    elif count > 1:
        length = math.ceil(length)
    # What is left over at the end, where it is next to nothing, goes into the margin of the last row.
    count = max(1, math.ceil((end - start) / length - 0.02))
    for row in range(count):
        left = start + row * length
        right = end if row == count - 1 else left + length
        inside = [one for one in turns if one.start / 1000 < right and one.end / 1000 > left]
        yield Row(left, right, 72 * INSIDE / length, inside)


def _lanes(result: Result) -> list[list[str]]:
    """The speakers of every lane."""
    names = [speaker.name for speaker in result.speakers]
    if len(names) <= MOST_LANES:
        return [[name] for name in names]
    return [*([name] for name in names[: MOST_LANES - 1]), names[MOST_LANES - 1 :]]


def _draw_row(
    figure: Figure, height: float, top: float, row: Row, result: Result, lanes: list[list[str]], timed: bool
) -> None:
    tall = LANE * len(lanes)
    upper = _axes(figure, height, top, tall, row.inches)
    middle = _axes(figure, height, top + tall + GAP, DISTRIBUTION, row.inches)
    below = top + tall + DISTRIBUTION + 2 * GAP
    lower = _axes(figure, height, below, STRIP * len(MODALITIES), row.inches)
    _draw_lanes(upper, row, result, lanes)
    _draw_distribution(middle, row, result.labels)
    _draw_modalities(lower, row)
    for axes in (upper, middle, lower):
        axes.set_xlim(row.start, row.end)
        axes.spines[["top", "right", "bottom"]].set_visible(False)
        axes.spines["left"].set_color(LIGHT)
        axes.tick_params(axis="both", length=0, labelsize=8, colors="#222222")
        axes.grid(axis="x", color=LIGHT, linewidth=0.8)
        axes.set_axisbelow(True)
        length = 72 * INSIDE / row.scale
        if timed:
            axes.xaxis.set_major_locator(
                MultipleLocator(next((step for step in STEPS if length / step <= 12), 24 * STEPS[-1]))
            )
            axes.xaxis.set_major_formatter(FuncFormatter(lambda seconds, _: _clock(seconds)))
        else:
            axes.xaxis.set_major_locator(MultipleLocator(max(1, math.ceil(length / 20))))
        axes.tick_params(axis="x", labelbottom=axes is lower)
    if not timed:
        lower.set_xlabel("turn", fontsize=8, labelpad=1)


def _draw_lanes(axes: Axes, row: Row, result: Result, lanes: list[list[str]]) -> None:
    look = colours(result.labels)
    marks = hatches(result.labels)
    signs = letters(result.labels)
    bars: dict[tuple[str, str, bool], list[Box]] = defaultdict(list)
    for place, names in enumerate(lanes):
        tiers = without_overlaps(one for one in row.turns if one.turn.speaker in names)
        size = 0.84 / max(len(tiers), 1)
        for number, tier in enumerate(tiers):
            low = place - 0.42 + number * size
            for one in tier:
                emotion, abstained = one.turn.emotion, one.turn.abstained
                colour = pale(look[emotion]) if abstained else look[emotion]
                if not one.turn.measured:
                    colour = "#ffffff"
                hatch = "////" if abstained else marks[emotion]
                bars[colour, hatch, abstained].append((one.start / 1000, one.end / 1000, low, low + size))
                middle = low + size / 2
                _say(axes, row, one, middle, signs[emotion], colour, bool(hatch), 72 * LANE * size)
    for (colour, hatch, abstained), boxes in bars.items():
        edge = GREY if abstained else ink(colour) if hatch else "white"
        _fill(axes, boxes, colour, edge, hatch, 0.3)
    axes.set_ylim(len(lanes) - 0.5, -0.5)
    axes.set_yticks(range(len(lanes)), [_name(names) for names in lanes])
    for words in axes.get_yticklabels():
        words.set_parse_math(False)


def _say(
    axes: Axes, row: Row, one: Timed, y: float, sign: str, colour: str, hatched: bool, tall: float
) -> None:
    """The emotion inside its bar: in full with its confidence, in full, or its letter; whatever fits."""
    full = plain(label(one.turn))
    largest = min(8.0, 0.7 * tall)
    sure = f" {100 * one.turn.confidence:.0f} %" if one.turn.measured else ""
    sign = sign if one.turn.measured else "-"
    for words, smallest in ((full + sure, 7.0), (full, 7.0), (sign, 4.0)):
        # A letter is about 0.62 of its size wide.
        size = min(largest, (row.points(one) - 1) / (0.62 * len(words)))
        if size >= min(smallest, largest) and size >= 4:
            axes.text(
                row.middle(one),
                y,
                words,
                ha="center",
                va="center_baseline",
                fontsize=size,
                color=ink(colour),
                parse_math=False,
                # Over a hatch, letters need a ground of their own.
                bbox={"facecolor": colour, "edgecolor": "none", "pad": 0.4} if hatched else None,
            )
            return


def _draw_distribution(axes: Axes, row: Row, labels: Sequence[str]) -> None:
    """Stacked areas that step at every turn."""
    look, marks = colours(labels), hatches(labels)
    times: list[float] = []
    columns: list[list[float]] = []
    for start, end, turn in row.stretches():
        if not turn.measured:
            continue
        times += [start, end]
        columns += [[turn.probabilities[name] for name in labels], [0.0] * len(labels)]
    floor = [0.0] * len(times)
    for place, name in enumerate(labels):
        ceiling = [low + column[place] for low, column in zip(floor, columns, strict=True)]
        axes.fill_between(
            times,
            floor,
            ceiling,
            step="post",
            facecolor=look[name],
            edgecolor=ink(look[name]) if marks[name] else "none",
            hatch=marks[name] or None,
            linewidth=0,
        )
        floor = ceiling
    axes.set_ylim(0, 1)
    axes.set_yticks([0, 0.5, 1], ["0 %", "probability", "100 %"])


def _draw_modalities(axes: Axes, row: Row) -> None:
    """A bar as high as the share on a light ground; where there is no ground but a hatch, it was absent."""
    present: list[Box] = []
    absent: list[Box] = []
    shares: list[Box] = []
    for start, end, turn in row.stretches():
        for place, modality in enumerate(MODALITIES):
            use = turn.modalities[modality]
            low, high = place - 0.42, place + 0.42
            (present if use.present else absent).append((start, end, low, high))
            shares.append((start, end, high - 0.84 * use.share, high))
    _fill(axes, present, LIGHT)
    _fill(axes, absent, "white", "#A0A0A0", "xxxx")
    _fill(axes, shares, GREY)
    axes.set_ylim(len(MODALITIES) - 0.5, -0.5)
    axes.set_yticks(range(len(MODALITIES)), MODALITIES)


def _fill(
    axes: Axes, boxes: list[Box], colour: str, edge: str = "none", hatch: str = "", width: float = 0.0
) -> None:
    """Draw rectangles at once: one at a time is slow for hundreds."""
    corners = [[(left, low), (right, low), (right, high), (left, high)] for left, right, low, high in boxes]
    bars = PolyCollection(
        corners, facecolor=colour, edgecolor=edge, hatch=hatch or None, linewidth=width, zorder=1.5
    )
    axes.add_collection(bars, autolim=False)


def _axes(figure: Figure, height: float, top: float, tall: float, wide: float = INSIDE) -> Axes:
    """Axes at the left margin, so many inches below the top, tall and wide."""
    return figure.add_axes((LEFT / WIDTH, 1 - (top + tall) / height, wide / WIDTH, tall / height))


def _title(figure: Figure, result: Result, height: float) -> None:
    count = len(result.utterances)
    about = f"expressed emotions by {result.model.name}, {count} {'turn' if count == 1 else 'turns'}"
    if result.policy is not None:
        about += f", usage policy {result.policy}"
    for words, inches, size, colour in (
        (_short(result.media.name, 90), 0.24, 12, "black"),
        (_short(about, 150), 0.47, 9, GREY),
    ):
        figure.text(
            LEFT / WIDTH,
            1 - inches / height,
            words,
            fontsize=size,
            color=colour,
            va="center",
            parse_math=False,
        )


def _name(names: list[str]) -> str:
    return _short(names[0], 18) if len(names) == 1 else f"{len(names)} others"


def _short(words: str, longest: int) -> str:
    words = plain(words)
    return words if len(words) <= longest else f"{words[: longest - 1]}…"


def _clock(seconds: float) -> str:
    """`1:05`, or `1:01:05` from an hour on."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
