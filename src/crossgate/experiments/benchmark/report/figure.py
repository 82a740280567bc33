"""A picture a corpus: every seed of every model as a dot, their mean, and its interval."""

from __future__ import annotations

import textwrap
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from crossgate.evaluation.figures import BLUE, GREY, VERMILION
from crossgate.experiments.benchmark.settings import LEGACY

MEASURE = "weighted_f1"
WIDTH = 7.2


def corpus_figure(results: dict[str, Any], corpus: dict[str, Any]) -> Figure | None:
    """Weighted F1 of all models on one corpus of `results.json`; None where no model has a score yet.

    Under the legacy protocol a second row of dots, triangles, shows every seed with its epoch chosen on the
    conversations that are measured.
    """
    legacy = results["protocol"] == LEGACY
    shown = [model for model in corpus["models"] if model["scores"]]
    if not shown:
        return None
    figure = Figure(figsize=(WIDTH, 1.9 + (0.62 if legacy else 0.42) * len(shown)), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    up = 0.17 if legacy else 0.0
    for place, model in enumerate(shown):
        dots = [one[MEASURE] for one in model["seeds"]]
        _draw(axes, place - up, dots, model["scores"][MEASURE], BLUE, "o", "honest" if legacy else "one seed")
        if legacy and model["legacy_scores"]:
            chosen = [one["legacy"][MEASURE] for one in model["seeds"] if one["legacy"]]
            _draw(axes, place + up, chosen, model["legacy_scores"][MEASURE], VERMILION, "^", LEGACY)
    axes.set_yticks(range(len(shown)), [model["name"] for model in shown])
    axes.set_ylim(len(shown) - 0.5, -0.5)
    axes.set_xlabel("weighted F1, %")
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color="#E4E4E4", linewidth=0.8)
    axes.set_axisbelow(True)
    handles, labels = axes.get_legend_handles_labels()
    once = dict(zip(labels, handles, strict=True))
    figure.legend(once.values(), once.keys(), loc="outside lower center", frameon=False, ncols=4, fontsize=8)
    figure.suptitle(_broken(f"{results['title']}: {corpus['name']}"), fontsize=11)
    axes.set_title(_broken(corpus["caption"], 95), fontsize=8, color=GREY, loc="left")
    return figure


def _draw(
    axes: Axes, place: float, dots: list[float], score: dict[str, Any], colour: str, marker: str, label: str
) -> None:
    """The dots of one row, a bar at their mean, and a line for its interval."""
    interval = score["interval"]
    if interval:
        axes.plot(
            [100 * interval["low"], 100 * interval["high"]],
            [place, place],
            color=colour,
            alpha=0.35,
            linewidth=5,
            solid_capstyle="butt",
            label=f"{100 * interval['level']:g} % interval of the mean, over conversations",
        )
    axes.plot(
        [100 * value for value in dots],
        [place] * len(dots),
        linestyle="none",
        marker=marker,
        markersize=5,
        markerfacecolor="white",
        color=colour,
        label=label,
    )
    axes.plot(
        [100 * score["mean"]],
        [place],
        linestyle="none",
        marker="|",
        markersize=15,
        color="black",
        label="mean",
    )


def _broken(text: str, width: int = 80) -> str:
    """Text in lines."""
    return "\n".join(textwrap.wrap(text, width))
