"""Draws docs/model.svg, the picture of the network.

    .venv/bin/python docs/draw_model.py

Forward runs from left to right. Every view stands below the stage that yields it, so teaching runs from right
to left. Positions are computed from the constants below; arrow heads are drawn, not marked, so that every
reader of SVG shows the same picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import combinations
from math import cos, hypot, radians, sin
from pathlib import Path

Point = tuple[float, float]

WIDTH, HEIGHT = 1100, 544
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, 'DejaVu Sans', sans-serif"
TITLE, NOTE = 16, 13.5

INK, SOFT, LINE = "#1a1a1a", "#4a4a4a", "#5a5a5a"
PAPER, STAGE, EDGE = "#ffffff", "#f3f5f7", "#d5dae0"
TEACH = "#8a2f74"

MODALITIES = {"t": "text", "a": "audio", "v": "visual"}
COLOUR = {"t": "#0072B2", "a": "#E69F00", "v": "#009E73"}
"""Of Okabe and Ito, told apart by every kind of colour vision."""
TINT = {"t": "#e3f0f8", "a": "#fdf2da", "v": "#dff4ed"}
ON = {"t": "#ffffff", "a": "#1a1a1a", "v": "#1a1a1a"}
"""Ink of a letter on its colour."""

PAIRS = ["".join(pair) for pair in combinations(MODALITIES, 2)]
MIDDLE = 222
ROW = dict(zip(MODALITIES, (138, MIDDLE, 306), strict=True))
PAIR_ROW = dict(zip(PAIRS, ROW.values(), strict=True))

STAGES = {1: (204, 332), 2: (350, 546), 3: (564, 792), 4: (812, 944)}
"""Left and right of the panel of each stage; they share top and bottom."""
STAGE_TOP, STAGE_BOTTOM = 84, 360
BAND = (204, 384, 944, 526)
"""Left, top, right and bottom of the panel of stage 5."""

CONVERSATION = (84, 186)
ENCODER = (214, 322)
SUM_X, SINGLE_X, GATE_X, PAIR_X, MIX_X = 478.0, 520.0, 690.0, 744.0, 878.0
"""Middles of the columns: sums and single tiles of stage 2, gates and pair tiles of 3, the mixture of 4."""
CELL, TILE = 26, 30
"""Width of a letter's part of a tile, and the height of a tile."""
SUM_R, GATE_R, MIX_R = 11, 10.5, 21


def centre(stage: int) -> float:
    """The middle of a stage."""
    left, right = STAGES[stage]
    return (left + right) / 2


def number(value: float) -> str:
    """At most one decimal."""
    return f"{round(value, 1):g}"


def around(middle: Point, radius: float, degrees: float) -> Point:
    """The point at an angle, 0 to the right, 90 downwards."""
    return middle[0] + radius * cos(radians(degrees)), middle[1] + radius * sin(radians(degrees))


def text(
    x: float,
    y: float,
    words: str,
    size: float = NOTE,
    fill: str = INK,
    anchor: str = "middle",
    weight: int = 400,
) -> str:
    """A line of text on its baseline."""
    return (
        f'<text x="{number(x)}" y="{number(y)}" font-size="{number(size)}" font-weight="{weight}" '
        f'text-anchor="{anchor}" fill="{fill}">{escape(words)}</text>'
    )


def box(
    left: float,
    top: float,
    right: float,
    bottom: float,
    fill: str = PAPER,
    stroke: str = EDGE,
    radius: float = 8,
    width: float = 1,
) -> str:
    """A rounded rectangle."""
    return (
        f'<rect x="{number(left)}" y="{number(top)}" width="{number(right - left)}" '
        f'height="{number(bottom - top)}" rx="{number(radius)}" fill="{fill}" stroke="{stroke}" '
        f'stroke-width="{number(width)}"/>'
    )


def disc(middle: Point, radius: float, fill: str, stroke: str = "none", width: float = 1) -> str:
    """A circle."""
    return (
        f'<circle cx="{number(middle[0])}" cy="{number(middle[1])}" r="{number(radius)}" fill="{fill}" '
        f'stroke="{stroke}" stroke-width="{number(width)}"/>'
    )


def stroke(path: str, colour: str, width: float, dashed: bool = False) -> str:
    """An open path."""
    dash = ' stroke-dasharray="5 4"' if dashed else ""
    return (
        f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{number(width)}" '
        f'stroke-linejoin="round"{dash}/>'
    )


def head(tip: Point, before: Point, colour: str, size: float) -> tuple[str, Point]:
    """The head of an arrow coming from the side of `before`, and the point its line has to reach."""
    length = hypot(tip[0] - before[0], tip[1] - before[1])
    along = ((tip[0] - before[0]) / length, (tip[1] - before[1]) / length)
    back = (tip[0] - size * along[0], tip[1] - size * along[1])
    half = 0.46 * size
    corners = [
        tip,
        (back[0] - half * along[1], back[1] + half * along[0]),
        (back[0] + half * along[1], back[1] - half * along[0]),
    ]
    points = " ".join(f"{number(x)},{number(y)}" for x, y in corners)
    inside = (tip[0] - 0.7 * size * along[0], tip[1] - 0.7 * size * along[1])
    return f'<polygon points="{points}" fill="{colour}"/>', inside


def route(
    points: list[Point],
    colour: str,
    width: float = 2,
    dashed: bool = False,
    tipped: bool = True,
    size: float = 9,
) -> str:
    """An arrow over straight pieces, corners rounded."""
    tip, end = head(points[-1], points[-2], colour, size) if tipped else ("", points[-1])
    points = [*points[:-1], end]
    path = f"M{number(points[0][0])} {number(points[0][1])}"
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        near, far = (
            (
                corner[0] + 10 * (other[0] - corner[0]) / hypot(other[0] - corner[0], other[1] - corner[1]),
                corner[1] + 10 * (other[1] - corner[1]) / hypot(other[0] - corner[0], other[1] - corner[1]),
            )
            for other in (before, after)
        )
        path += (
            f" L{number(near[0])} {number(near[1])} Q{number(corner[0])} {number(corner[1])} "
            f"{number(far[0])} {number(far[1])}"
        )
    path += f" L{number(end[0])} {number(end[1])}"
    return stroke(path, colour, width, dashed) + tip


def directions(start: Point, end: Point, degrees: float, reach: tuple[float, float]) -> tuple[Point, Point]:
    """The inner control points of a curve: see `bend`."""
    across = end[0] - start[0]
    return (start[0] + reach[0] * across, start[1]), around(end, reach[1] * across, degrees)


def bend(
    start: Point,
    end: Point,
    degrees: float,
    colour: str,
    width: float = 2,
    dashed: bool = False,
    reach: tuple[float, float] = (0.5, 0.45),
) -> str:
    """An arrow that leaves to the right and reaches `end` from the side `degrees` names, seen from there.

    `reach` is how far the curve keeps to its first and to its last direction, in widths of the whole.
    """
    first, last = directions(start, end, degrees, reach)
    tip, end = head(end, last, colour, 8)
    path = (
        f"M{number(start[0])} {number(start[1])} C{number(first[0])} {number(first[1])} "
        f"{number(last[0])} {number(last[1])} {number(end[0])} {number(end[1])}"
    )
    return stroke(path, colour, width, dashed) + tip


def on_bend(start: Point, end: Point, degrees: float, reach: tuple[float, float], share: float) -> Point:
    """The point of a curve at a share of its parameter, 0 at the start and 1 at the end."""
    first, last = directions(start, end, degrees, reach)
    weights = ((1 - share) ** 3, 3 * share * (1 - share) ** 2, 3 * share**2 * (1 - share), share**3)
    points = (start, first, last, end)
    return (
        sum(weight * x for weight, (x, _) in zip(weights, points, strict=True)),
        sum(weight * y for weight, (_, y) in zip(weights, points, strict=True)),
    )


def tile(x: float, y: float, view: str) -> str:
    """A view: a letter for each of its modalities, in their colours, around a middle."""
    left, top = x - CELL * len(view) / 2, y - TILE / 2
    clip = f"{view}-{number(x)}-{number(y)}"
    cells = "".join(
        f'<rect x="{number(left + CELL * place)}" y="{number(top)}" width="{CELL}" height="{TILE}" '
        f'fill="{COLOUR[letter]}"/>'
        for place, letter in enumerate(view)
    )
    letters = "".join(
        text(left + CELL * (place + 0.5), y + 5.5, letter, TITLE, ON[letter], weight=700)
        for place, letter in enumerate(view)
    )
    return (
        f'<clipPath id="{clip}"><rect x="{number(left)}" y="{number(top)}" width="{CELL * len(view)}" '
        f'height="{TILE}" rx="6"/></clipPath><g clip-path="url(#{clip})">{cells}</g>{letters}'
    )


def gate(middle: Point, guide: str) -> str:
    """A gate in the colour of what guides it."""
    return disc(middle, GATE_R, PAPER, guide, 2) + text(middle[0], middle[1] + 4.5, "σ", 15, INK, weight=600)


def title(x: float, name: str, notes: Sequence[str]) -> str:
    """What stands above a column."""
    return text(x, 33, name, TITLE, weight=700) + "".join(
        text(x, 53 + 18 * row, note, fill=SOFT) for row, note in enumerate(notes)
    )


TITLES = {
    1: ("Encode", "in context: attention", "over the turns"),
    2: ("Guided gate", "first duty: the two others", "strengthen each modality"),
    3: ("Guided gate", "second duty: the third", "steers each pair's fusion"),
    4: ("Gated mixture", "softmax over pairs,", "per feature"),
}
"""The name of each stage, and two lines on what it does."""


def badge(x: float, y: float, step: int) -> str:
    """The number of a stage."""
    return disc((x, y), 10, SOFT) + text(x, y + 4.8, str(step), 13.5, PAPER, weight=700)


def stages() -> list[str]:
    """The panels of the stages with their numbers, and a title above each."""
    lines: list[str] = []
    for step, (name, *notes) in TITLES.items():
        left, right = STAGES[step]
        lines += [
            box(left, STAGE_TOP, right, STAGE_BOTTOM, STAGE, EDGE, 10),
            badge(left + 17, STAGE_TOP + 17, step),
            title(centre(step), name, notes),
        ]
    return lines


def icon(modality: str, x: float, y: float) -> str:
    """Lines of writing, a wave of sound, a face."""
    colour = COLOUR[modality]
    if modality == "t":
        return "".join(
            route([(x - 8, y + 7 * row), (x - 8 + length, y + 7 * row)], colour, 2.4, tipped=False)
            for row, length in ((-1, 16), (0, 16), (1, 10))
        )
    if modality == "a":
        return "".join(
            route([(x + 4 * place, y - half), (x + 4 * place, y + half)], colour, 2.4, tipped=False)
            for place, half in ((-2, 3), (-1, 8), (0, 5), (1, 10), (2, 4))
        )
    mouth = stroke(f"M{number(x - 4.5)} {number(y + 3)} q4.5 5 9 0", colour, 1.8)
    eyes = disc((x - 3.5, y - 3), 1.5, colour) + disc((x + 3.5, y - 3), 1.5, colour)
    return disc((x, y), 9.5, PAPER, colour, 2) + eyes + mouth


def conversation() -> list[str]:
    """Three turns of two speakers, each with three modalities."""
    left, right = CONVERSATION
    turns = [left + 18 + 33 * turn for turn in range(3)]
    lines = [title((24 + right) / 2, "Conversation", ("turns of speakers", "A and B"))]
    for x, speaker in zip(turns, "ABA", strict=True):
        fill, ink = (INK, PAPER) if speaker == "A" else (PAPER, INK)
        lines += [disc((x, 102), 10, fill, INK, 1.4), text(x, 106.5, speaker, 13, ink, weight=700)]
    for modality, y in ROW.items():
        lines += [
            text(24, y + 5, MODALITIES[modality], 15, INK, "start", 600),
            box(left, y - 22, right, y + 22, TINT[modality], COLOUR[modality], 8, 1.4),
            *(box(x - 14, y - 16, x + 14, y + 16, PAPER, PAPER, 5) + icon(modality, x, y) for x in turns),
            route([(right, y), (ENCODER[0], y)], COLOUR[modality], 2.6),
        ]
    return lines


def encoders() -> list[str]:
    """Self-attention over the turns of each modality."""
    left, right = ENCODER
    lines: list[str] = []
    for modality, y in ROW.items():
        lines.append(box(left, y - 22, right, y + 22, TINT[modality], COLOUR[modality], 8, 1.4))
        dots = [((left + right) / 2 + 32 * turn, y + 9) for turn in (-1, 0, 1)]
        for (start, base), (end, _) in combinations(dots, 2):
            high = 12 if end - start < 40 else 29
            path = (
                f"M{number(start)} {number(base)} C{number(start + 6)} {number(base - high)} "
                f"{number(end - 6)} {number(base - high)} {number(end)} {number(base)}"
            )
            lines.append(stroke(path, COLOUR[modality], 1.6))
        lines += [disc(dot, 4.5, COLOUR[modality]) for dot in dots]
    return lines


STRENGTHEN = {
    ("t", "a"): (36, (0.6, 0.3), 0.74),
    ("t", "v"): (74, (0.8, 0.5), 0.84),
    ("a", "t"): (-28, (0.25, 0.45), 0.42),
    ("a", "v"): (28, (0.25, 0.45), 0.42),
    ("v", "a"): (-36, (0.6, 0.3), 0.74),
    ("v", "t"): (-74, (0.8, 0.5), 0.84),
}
"""Stage 2, for each modality and each of its guides: the slope at which the guide's line reaches the sum, the
reach of its bend, and the share of the line at which its gate stands."""


def strengthening() -> list[str]:
    """First duty: into each modality, what the two others add, each through a gate."""
    lines: list[str] = []
    over: list[str] = []
    for (strong, guide), (slope, reach, share) in STRENGTHEN.items():
        start = (float(ENCODER[1]), float(ROW[guide]))
        end = around((SUM_X, float(ROW[strong])), SUM_R + 1, 180 - slope)
        lines.append(bend(start, end, 180 - slope, COLOUR[guide], reach=reach))
        over.append(gate(on_bend(start, end, 180 - slope, reach, share), COLOUR[guide]))
    for modality, y in ROW.items():
        colour = COLOUR[modality]
        lines.append(route([(ENCODER[1], y), (SUM_X - SUM_R, y)], colour, 3))
        over += [
            route([(SUM_X + SUM_R, y), (SINGLE_X - CELL / 2, y)], colour, 3),
            disc((SUM_X, y), SUM_R, PAPER, INK, 1.6),
            route([(SUM_X - 5.5, y), (SUM_X + 5.5, y)], INK, 1.8, tipped=False),
            route([(SUM_X, y - 5.5), (SUM_X, y + 5.5)], INK, 1.8, tipped=False),
            tile(SINGLE_X, y, modality),
        ]
    return lines + over


TO_PAIR = {
    "ta": {"t": 0, "a": 38, "v": 76},
    "tv": {"t": -42, "v": 42, "a": 0},
    "av": {"v": 0, "a": -38, "t": -76},
}
"""Stage 3: the slope at which each modality's line reaches the pair's gate."""


def pairing() -> list[str]:
    """Second duty: the third modality steers the gate between the two of a pair."""
    lines: list[str] = []
    over: list[str] = []
    for pair, y in PAIR_ROW.items():
        middle = (GATE_X, float(y))
        for modality, slope in TO_PAIR[pair].items():
            guides = modality not in pair
            start = (SINGLE_X + CELL / 2, float(ROW[modality]))
            end = around(middle, GATE_R + 1, 180 - slope)
            line = bend(start, end, 180 - slope, COLOUR[modality], 2 if guides else 2.6, guides)
            (over if guides else lines).append(line)
        guide = next(modality for modality in MODALITIES if modality not in pair)
        over += [
            route([(GATE_X + GATE_R, y), (PAIR_X - CELL, y)], LINE, 2.6),
            gate(middle, COLOUR[guide]),
            tile(PAIR_X, y, pair),
        ]
    return lines + over


def mixing() -> list[str]:
    """The gated mixture of the pairs."""
    lines: list[str] = []
    middle = (MIX_X, float(MIDDLE))
    for y, slope in zip(PAIR_ROW.values(), (-42, 0, 42), strict=True):
        lines.append(
            bend((PAIR_X + CELL, float(y)), around(middle, MIX_R + 1, 180 - slope), 180 - slope, LINE, 2.6)
        )
    return [*lines, disc(middle, MIX_R, PAPER, INK, 1.8), text(MIX_X, MIDDLE + 8, "Σ", 23, weight=600)]


BARS = {
    "t": (6, 13, 5, 8),
    "a": (8, 10, 6, 7),
    "v": (9, 8, 7, 6),
    "ta": (5, 14, 4, 6),
    "tv": (5, 14, 5, 7),
    "av": (7, 12, 5, 7),
    "tav": (3, 16, 3, 4),
}
"""What the head of each view says, for the eye only: fuller views are surer."""

TILE_Y, GROUP_TOP, GROUP_BOTTOM, TEACH_Y = 430, 408, 473, 494


def views() -> list[str]:
    """Below each stage the views it yields, with their heads; fuller views teach smaller ones."""
    left, top, right, bottom = BAND
    lines = [
        box(left, top, right, bottom, STAGE, EDGE, 10),
        badge(left + 17, top + 22, 5),
        text(left + 34, top + 28, "Seven views", TITLE, anchor="start", weight=700),
    ]
    notes = ("a head for each,", "labels supervise all,", "fuller views teach,", "redundancy penalised")
    lines += [
        text(left + 14, top + 50 + 18 * row, note, fill=SOFT, anchor="start")
        for row, note in enumerate(notes)
    ]
    groups: list[tuple[float, float, float]] = []
    for step, members, gap in ((2, list(MODALITIES), 16), (3, PAIRS, 12), (4, ["".join(MODALITIES)], 0)):
        x = MIX_X if step == 4 else centre(step)
        wide = sum(CELL * len(view) for view in members) + gap * (len(members) - 1)
        groups.append((x - wide / 2 - 12, x, x + wide / 2 + 12))
        lines.append(box(groups[-1][0], GROUP_TOP, groups[-1][2], GROUP_BOTTOM))
        place = x - wide / 2
        for view in members:
            middle = place + CELL * len(view) / 2
            lines.append(tile(middle, TILE_Y, view))
            lines += [
                f'<rect x="{number(middle - 12 + 6.5 * bar)}" y="{number(GROUP_BOTTOM - 5 - tall)}" '
                f'width="4.5" height="{tall}" fill="{LINE}"/>'
                for bar, tall in enumerate(BARS[view])
            ]
            place += CELL * len(view) + gap
        start = MIDDLE + MIX_R if step == 4 else STAGE_BOTTOM
        lines.append(route([(x, start), (x, GROUP_TOP)], LINE, 2.6))
    singles, pairs, full = groups
    y = (GROUP_TOP + GROUP_BOTTOM) / 2
    lines += [
        route([(full[0], y), (pairs[2], y)], TEACH, 3, size=12),
        route([(pairs[0], y), (singles[2], y)], TEACH, 3, size=12),
        route(
            [(full[1], GROUP_BOTTOM), (full[1], TEACH_Y), (singles[1], TEACH_Y), (singles[1], GROUP_BOTTOM)],
            TEACH,
            3,
            size=12,
        ),
        text(
            (singles[1] + full[1]) / 2,
            TEACH_Y + 20,
            "distillation: predictions and features agree",
            fill=TEACH,
        ),
        route([(full[2], y), (EMOTION_X, y), (EMOTION_X, STAGE_BOTTOM)], LINE, 2.6),
        text(EMOTION_X, y + 24, "prediction", fill=SOFT),
    ]
    return lines


EMOTION_X = 1018.0
EMOTIONS = {"happy": 9, "sad": 5, "neutral": 14, "angry": 6, "excited": 44, "frustrated": 4}
"""The six of IEMOCAP; the shares are for the eye only."""


def emotions() -> list[str]:
    """A distribution for every turn."""
    left, right = 964, WIDTH - 28
    lines = [title(EMOTION_X, "Emotion", ("a distribution", "for each turn"))]
    for shift in (8, 4, 0):
        lines.append(
            box(left + shift, STAGE_TOP + 8 - shift, right + shift, STAGE_BOTTOM - shift, PAPER, "#9aa3ad")
        )
    best = max(EMOTIONS, key=lambda name: EMOTIONS[name])
    pitch = 42
    for row, (name, share) in enumerate(EMOTIONS.items()):
        y = STAGE_TOP + 31 + pitch * row
        lines += [
            text(left + 12, y, name, NOTE, INK, "start", 700 if name == best else 400),
            f'<rect x="{left + 12}" y="{y + 6}" width="84" height="9" rx="2" fill="#e8ebee"/>',
            f'<rect x="{left + 12}" y="{y + 6}" width="{number(1.5 * share)}" height="9" rx="2" '
            f'fill="{INK if name == best else "#8d969f"}"/>',
        ]
    return lines


def legend() -> list[str]:
    """What gates and lines mean."""
    left, label = 24, 70
    rows = [407, 439, 471, 503]
    middle = left + 18
    return [
        gate((middle, rows[0]), LINE),
        route([(left, rows[1]), (left + 36, rows[1])], LINE, 2.6),
        route([(left, rows[2]), (left + 36, rows[2])], LINE, 2, dashed=True),
        route([(left + 36, rows[3]), (left, rows[3])], TEACH, 3, size=12),
        *(
            text(label, y + 5, words, anchor="start")
            for y, words in zip(rows, ("gate", "representation", "guide of a gate", "teaches"), strict=True)
        ),
    ]


def draw() -> str:
    """The picture as SVG."""
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
        f'height="{HEIGHT}" font-family="{FONT}" role="img" aria-labelledby="title description">',
        '<title id="title">The network of crossgate</title>',
        '<desc id="description">Text, audio and visual features of a conversation are encoded in context. A '
        "guided gate lets the two other modalities strengthen each one. A second guided gate fuses each pair "
        "under the third modality. A gated mixture joins the pairs. Seven views have a head each; the "
        "trimodal view teaches pairs and single modalities, and the pairs teach their single modalities. "
        "The trimodal view gives the distribution over emotions.</desc>",
        box(0.5, 0.5, WIDTH - 0.5, HEIGHT - 0.5, PAPER, EDGE, 14),
        *stages(),
        *conversation(),
        *encoders(),
        *strengthening(),
        *pairing(),
        *views(),
        *mixing(),
        *emotions(),
        *legend(),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    picture = Path(__file__).with_name("model.svg")
    picture.write_text(draw(), encoding="utf-8")
    print(f"wrote docs/{picture.name}")
