"""Pictures of an evaluation, drawn with matplotlib's objects: no pyplot, hence no global state and no window.

Colours are Okabe and Ito's (2008), told apart with every common colour vision; what a colour says is said by
position, marker or number as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from crossgate.errors import InputError
from crossgate.evaluation.calibration import Reliability
from crossgate.files import new_file

DPI = 150

BLUE, ORANGE, GREEN, VERMILION, PURPLE, SKY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9"
CYCLE = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY)
MARKERS = ("o", "s", "^", "D", "v", "P")
GREY = "#5A5A5A"


def save_figure(figure: Figure, path: Path) -> Path:
    """Write a figure as PNG at 150 dots per inch, whole or not at all; returns the path."""
    with new_file(Path(path)) as draft:
        # No version of matplotlib in the file: the same numbers then give the same bytes.
        figure.savefig(draft, format="png", dpi=DPI, metadata={"Software": None})
    return Path(path)


def confusion_figure(confusion: npt.ArrayLike, emotions: Sequence[str], *, title: str) -> Figure:
    """Confusion matrix: colour is the share of the row, cells hold the share and the count.

    Args:
        confusion: (emotion, emotion) counts, row = label, column = prediction.
        emotions: their names, in that order.
        title: of the picture.

    Raises InputError where the matrix does not fit the names.
    """
    counts = np.asarray(confusion)
    size = len(emotions)
    if counts.shape != (size, size):
        raise InputError(f"the confusion matrix has shape {counts.shape}, expected ({size}, {size})")
    support = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, support, out=np.zeros(counts.shape), where=support > 0)
    figure = empty_figure(2.6 + 0.92 * size, 2.0 + 0.72 * size)
    axes = figure.add_subplot()
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for row in range(size):
        for column in range(size):
            dark = shares[row, column] > 0.5
            diagonal = row == column
            axes.annotate(
                f"{100 * shares[row, column]:.0f} %" if support[row] else "–",
                (column, row),
                xytext=(0, 5),
                textcoords="offset points",
                ha="center",
                va="center",
                fontsize=11,
                fontweight="bold" if diagonal else "normal",
                color="white" if dark else "black",
            )
            axes.annotate(
                f"{counts[row, column]:,}",
                (column, row),
                xytext=(0, -9),
                textcoords="offset points",
                ha="center",
                va="center",
                fontsize=8,
                color="white" if dark else "black" if shares[row, column] > 0.25 else GREY,
            )
    axes.set_xticks(range(size), emotions, rotation=30, ha="right", rotation_mode="anchor")
    axes.set_yticks(
        range(size), [f"{name}\n(n = {int(n):,})" for name, n in zip(emotions, support[:, 0], strict=True)]
    )
    axes.set_xticks(np.arange(size - 1) + 0.5, minor=True)
    axes.set_yticks(np.arange(size - 1) + 0.5, minor=True)
    axes.grid(which="minor", color="white", linewidth=1.5)
    axes.tick_params(which="both", length=0)
    axes.spines[:].set_visible(False)
    axes.set_xlabel("predicted emotion")
    axes.set_ylabel("annotated emotion")
    titled(figure, title)
    bar = figure.colorbar(image, ax=axes, fraction=0.04, pad=0.02, format=PercentFormatter(1))
    bar.set_label("share of the annotated emotion's utterances")
    bar.outline.set_visible(False)
    return figure


def reliability_figure(calibration: Reliability, *, title: str) -> Figure:
    """Reliability diagram: accuracy against confidence, over the number of utterances in each bin."""
    filled = [one for one in calibration.bins if one.utterances]
    figure = empty_figure(5.6, 6.4)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    upper.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1, label="perfect calibration")
    upper.bar(
        [one.low for one in filled],
        [one.accuracy or 0.0 for one in filled],
        width=[one.high - one.low for one in filled],
        align="edge",
        color=SKY,
        edgecolor="white",
        label="accuracy in the bin",
    )
    upper.plot(
        [one.confidence or 0.0 for one in filled],
        [one.accuracy or 0.0 for one in filled],
        color=BLUE,
        marker="o",
        markersize=4,
        linewidth=1.2,
        label="at the bin's mean confidence",
    )
    upper.text(
        0.97,
        0.05,
        f"expected calibration error {100 * calibration.expected_calibration_error:.1f} %\n"
        f"mean confidence {100 * calibration.mean_confidence:.1f} %",
        transform=upper.transAxes,
        ha="right",
        va="bottom",
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.95},
    )
    upper.set_ylim(0, 1)
    upper.set_ylabel("accuracy")
    upper.yaxis.set_major_formatter(PercentFormatter(1))
    upper.legend(loc="upper left", frameon=False)
    lower.bar(
        [one.low for one in filled],
        [one.utterances for one in filled],
        width=[one.high - one.low for one in filled],
        align="edge",
        color=GREY,
        edgecolor="white",
    )
    lower.set_ylabel("utterances")
    lower.set_xlabel("confidence (probability of the predicted emotion)")
    lower.set_xlim(0, 1)
    lower.xaxis.set_major_formatter(PercentFormatter(1))
    for axes in (upper, lower):
        plain(axes)
    titled(figure, title)
    return figure


def learning_figure(rows: Sequence[Mapping[str, Any]], *, title: str, step: str = "epoch") -> Figure:
    """Learning curves from the rows of a run's `metrics.jsonl`.

    Args:
        rows: one mapping a row; nested ones are flattened: `{"validation": {"weighted_f1": 0.6}}` counts as
            `validation_weighted_f1`. Numbers named `...loss` or `...log_likelihood` go into the upper part,
            `...f1` and `...accuracy` into the lower one; the rest, and rows without a `step`, are left out.
        title: of the picture.
        step: the horizontal axis.

    Raises InputError where there is nothing to draw.
    """
    flat = [_flat(row) for row in rows]
    flat = [row for row in flat if step in row]
    names = list(dict.fromkeys(name for row in flat for name in row))
    losses = [name for name in names if name.endswith(("loss", "log_likelihood", "nll"))]
    scores = [name for name in names if name.endswith(("f1", "accuracy"))]
    parts = [(part, label) for part, label in ((losses, "loss"), (scores, "score")) if part]
    if not parts:
        raise InputError(
            f"no learning curve in {len(rows)} rows; expected {step!r} with losses and scores beside it",
            where="metrics.jsonl",
        )
    figure = empty_figure(7.2, 0.8 + 2.9 * len(parts))
    for axes, (part, label) in zip(
        np.atleast_1d(figure.subplots(len(parts), 1, sharex=True)), parts, strict=True
    ):
        for position, name in enumerate(part):
            points = [(row[step], row[name]) for row in flat if name in row]
            colour = CYCLE[position % len(CYCLE)]
            axes.plot(
                [x for x, _ in points],
                [y for _, y in points],
                color=colour,
                marker=MARKERS[position % len(MARKERS)],
                markersize=3.5,
                linewidth=1.4,
                linestyle="--" if name.startswith("train") else "-",
                label=name.replace("_", " "),
            )
            if label == "score" and name.endswith("weighted_f1") and not name.startswith("train"):
                best = max(points, key=lambda point: point[1])
                axes.axvline(best[0], color=GREY, linewidth=0.8, linestyle=":", zorder=0)
                axes.annotate(
                    f"best {100 * best[1]:.1f} % in {step} {best[0]:g}",
                    (best[0], 0.03),
                    xycoords=axes.get_xaxis_transform(),
                    xytext=(4, 0),
                    textcoords="offset points",
                    fontsize=8,
                    color=GREY,
                )
        if label == "score":
            axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
            axes.margins(y=0.15)
        axes.set_ylabel(label)
        axes.legend(loc="best", frameon=False, ncols=2 if len(part) > 4 else 1, fontsize=8)
        plain(axes)
    axes.set_xlabel(step)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    titled(figure, title)
    return figure


def subset_figure(
    scores: Mapping[str, float],
    ceilings: Mapping[str, float],
    *,
    title: str,
    score: str = "accuracy",
    chance: float | None = None,
) -> Figure:
    """What a model reaches with each subset of modalities, against what anybody could reach.

    Args:
        scores: by subset (`t`, `av`, `tav`, ...), shares of 1.
        ceilings: the best possible score by subset; subsets without one get no mark.
        title: of the picture.
        score: name of the score.
        chance: score of always saying the commonest emotion, drawn as a line.

    Raises InputError where there is no score.
    """
    if not scores:
        raise InputError("no subset to draw", fix="give one score a subset of modalities")
    figure = empty_figure(1.6 + 0.85 * max(len(scores), 4), 4.4)
    axes = figure.add_subplot()
    places = np.arange(len(scores))
    axes.bar(places, list(scores.values()), width=0.62, color=BLUE, label=f"{score} reached")
    for place, (subset, value) in enumerate(scores.items()):
        axes.annotate(
            f"{100 * value:.1f}",
            (place, 0),
            xytext=(0, 5),
            textcoords="offset points",
            ha="center",
            color="white",
            fontsize=9,
        )
        ceiling = ceilings.get(subset)
        if ceiling is None:
            continue
        axes.hlines(ceiling, place - 0.4, place + 0.4, color=VERMILION, linewidth=2.5)
        axes.annotate(
            f"{100 * ceiling:.1f}",
            (place, max(ceiling, value)),  # a small split can put a score above its ceiling
            xytext=(0, 4),
            textcoords="offset points",
            ha="center",
            color=VERMILION,
            fontsize=9,
        )
    if any(subset in ceilings for subset in scores):
        axes.plot([], [], color=VERMILION, linewidth=2.5, label="ceiling")
    if chance is not None:
        axes.axhline(
            chance, color=GREY, linestyle="--", linewidth=1, label=f"commonest emotion, {100 * chance:.1f}"
        )
    axes.set_xticks(places, list(scores))
    axes.set_xlabel("modalities: t text, a audio, v visual")
    axes.set_ylabel(f"{score}, %")
    axes.set_ylim(0, min(1.06, 1.2 * max(*scores.values(), *ceilings.values(), 0.1)))
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    plain(axes)
    axes.tick_params(axis="x", length=0)
    figure.legend(loc="outside lower center", frameon=False, ncols=3)
    titled(figure, title)
    return figure


def empty_figure(width: float, height: float) -> Figure:
    """An empty figure of so many inches."""
    figure = Figure(figsize=(width, height), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def titled(figure: Figure, title: str) -> None:
    """Set the title, broken into lines the figure is wide enough for."""
    width = int(figure.get_size_inches()[0] * 12)
    lines: list[str] = []
    for word in title.split():
        if lines and len(lines[-1]) + 1 + len(word) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    figure.suptitle("\n".join(lines), fontsize=11)


def plain(axes: Axes) -> None:
    """Only the lines that carry something."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#E4E4E4", linewidth=0.8)
    axes.set_axisbelow(True)


def _flat(row: Mapping[str, Any], before: str = "") -> dict[str, float]:
    """The finite numbers of a nested mapping, names joined with `_`."""
    numbers: dict[str, float] = {}
    for key, value in row.items():
        name = f"{before}{key}".replace("/", "_").replace(".", "_")
        if isinstance(value, Mapping):
            numbers.update(_flat(value, f"{name}_"))
        elif isinstance(value, int | float) and not isinstance(value, bool) and np.isfinite(value):
            numbers[name] = float(value)
    return numbers
