"""The pictures of an examination, all drawn from `examination.json`.

Conventions as in `evaluation/figures.py`. Modalities and runs differ by hatching, marker or line as well as
by colour, so that a print in grey can be read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from crossgate.evaluation.figures import BLUE, GREEN, GREY, ORANGE, SKY, empty_figure, plain, titled
from crossgate.evaluation.robustness import FAILURES
from crossgate.evaluation.shifts import KINDS
from crossgate.experiments.examination.headlines import FAILED, TURNS, pair_name

OF_MODALITY = {"text": (BLUE, "", "o"), "audio": (ORANGE, "///", "s"), "visual": (GREEN, "...", "^")}
"""Colour, hatching and marker."""
OF_RUN = ((BLUE, "", "-"), (SKY, "///", "--"))
"""Colour, hatching and line."""

Content = dict[str, Any]


def figures(content: Content) -> dict[str, Figure]:
    """Every picture there is something for, by the name of its file without the ending."""
    drawers: dict[str, tuple[str, Callable[[Content], Figure]]] = {
        "redundancy": ("redundancy", redundancy_figure),
        "contributions": ("contributions", contributions_figure),
        "robustness": ("robustness", robustness_figure),
        "shifts": ("shifts", shifts_figure),
    }
    return {
        name: draw(content)
        for name, (part, draw) in drawers.items()
        if any(run["over_seeds"][part] for run in content["runs"])
    }


def redundancy_figure(content: Content) -> Figure:
    """CKA and cross-correlation by pair of modalities: mean, deviation, every seed a dot."""
    runs = [run for run in content["runs"] if run["over_seeds"]["redundancy"]]
    pairs = list(dict.fromkeys(pair for run in runs for pair in run["over_seeds"]["redundancy"]))
    figure = empty_figure(9.0, 4.2)
    panels = figure.subplots(1, 2)
    for axes, measure, label in (
        (panels[0], "cka", "linear CKA, debiased (0 unlike, 1 alike)"),
        (panels[1], "cross_correlation", "mean squared cross-correlation"),
    ):
        _bars(
            axes,
            [
                (
                    run["name"],
                    _look(content, run),
                    [run["over_seeds"]["redundancy"].get(pair, {}).get(measure) for pair in pairs],
                    [
                        [seed["redundancy"].get(pair, {}).get(measure) for seed in run["by_seed"]]
                        for pair in pairs
                    ],
                )
                for run in runs
            ],
        )
        if measure == "cka":
            for place, pair in enumerate(pairs):
                given = runs[0]["over_seeds"]["redundancy"].get(pair, {}).get("inputs_cka")
                if given:
                    words = None if place else "of the input features"
                    axes.hlines(given["mean"], place - 0.42, place + 0.42, color="black", lw=1.6, label=words)
        axes.set_xticks(range(len(pairs)), [pair_name(pair).replace(" and ", "\nand ") for pair in pairs])
        axes.set_xlabel("modalities")
        axes.set_ylabel(label)
    _legend(figure, panels[0])
    titled(figure, f"Redundancy of single-modality representations: {content['title']}")
    return figure


def contributions_figure(content: Content) -> Figure:
    """Shapley values by emotion, and below them the gates' shares; a column a run."""
    runs = [run for run in content["runs"] if run["over_seeds"]["contributions"]]
    gates = any(run["over_seeds"]["gates"] for run in runs)
    emotions = content["labels"]["labels"]
    wide = max(5.8, 1.6 + 0.62 * (len(emotions) + 1))
    figure = empty_figure(wide * len(runs), 6.6 if gates else 4.2)
    panels = figure.subplots(2 if gates else 1, len(runs), sharex=True, sharey="row", squeeze=False)
    for column, run in enumerate(runs):
        values = run["over_seeds"]["contributions"]
        upper = panels[0][column]
        rows = [values["log_probability"], *(values["by_emotion"][emotion] for emotion in emotions)]
        _grouped(upper, rows, run["modalities"])
        upper.axhline(0, color="black", linewidth=0.8)
        if len(runs) > 1:
            upper.set_title(run["name"], fontsize=10)
        last = upper
        if gates:
            last = panels[1][column]
            if run["over_seeds"]["gates"]:
                shares = run["over_seeds"]["gates"]
                rows = [shares["shares"], *(shares["by_emotion"][emotion] for emotion in emotions)]
                _stacked(last, rows, run["modalities"])
            else:
                last.text(0.5, 0.5, "no gates", transform=last.transAxes, ha="center", color=GREY)
                plain(last)
        last.set_xticks(range(len(emotions) + 1), ["all", *emotions], rotation=30, ha="right")
        last.set_xlabel("annotated emotion")
    panels[0][0].set_ylabel("Shapley value, nats")
    if gates:
        panels[1][0].set_ylabel("share of the gates")
        panels[1][0].yaxis.set_major_formatter(PercentFormatter(1))
        panels[1][0].set_ylim(0, 1)
    _legend(figure, panels[0][0])
    titled(figure, f"What each modality contributes: {content['title']}")
    return figure


def robustness_figure(content: Content) -> Figure:
    """Weighted F1 against the share of turns at which a modality fails; bands are deviations over seeds."""
    runs = [run for run in content["runs"] if run["over_seeds"]["robustness"]]
    shares = 100 * np.array(content["settings"]["shares"])
    figure = empty_figure(10.2, 4.4)
    panels = figure.subplots(1, len(FAILURES), sharey=True)
    for axes, failure in zip(panels, FAILURES, strict=True):
        for run in runs:
            _, _, line = _look(content, run)
            for modality, curve in run["over_seeds"]["robustness"][failure].items():
                colour, _, marker = OF_MODALITY[modality]
                mean = np.array([point["mean"] for point in curve])
                spread = np.array([point["standard_deviation"] or 0.0 for point in curve])
                words = modality if len(runs) == 1 else f"{modality}, {run['name']}"
                filled = colour if line == "-" else "white"
                axes.plot(
                    shares,
                    mean,
                    color=colour,
                    marker=marker,
                    markersize=5,
                    markerfacecolor=filled,
                    linestyle=line,
                    linewidth=1.4,
                    label=words,
                )
                axes.fill_between(shares, mean - spread, mean + spread, color=colour, alpha=0.15, linewidth=0)
        axes.set_title(f"modality {FAILED[failure]}", fontsize=10)
        axes.set_xlabel("turns concerned, %")
        axes.set_xticks(shares)
        plain(axes)
    panels[0].set_ylabel("weighted F1, %")
    panels[0].yaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=""))
    _legend(figure, panels[0], columns=3 if len(runs) == 1 else len(runs))
    titled(figure, f"One modality fails: {content['title']}")
    return figure


def shifts_figure(content: Content) -> Figure:
    """Weighted F1 and accuracy by what happens to the speaker's emotion."""
    counts = content["turns"]
    kinds = [kind for kind in KINDS if counts[kind]]
    figure = empty_figure(9.0, 4.2)
    panels = figure.subplots(1, 2, sharey=True)
    for axes, measure, label in (
        (panels[0], "weighted_f1", "weighted F1, %"),
        (panels[1], "accuracy", "accuracy, %"),
    ):
        _bars(
            axes,
            [
                (
                    run["name"],
                    _look(content, run),
                    [run["over_seeds"]["shifts"][kind][measure] for kind in kinds],
                    [[seed["shifts"][kind][measure] for seed in run["by_seed"]] for kind in kinds],
                )
                for run in content["runs"]
            ],
        )
        axes.set_xticks(range(len(kinds)), [f"{TURNS[kind]}\n(n = {counts[kind]:,})" for kind in kinds])
        axes.set_xlabel("turns")
        axes.set_ylabel(label)
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=""))
    _legend(figure, panels[0])
    titled(figure, f"Where a speaker's emotion changes: {content['title']}")
    return figure


def _look(content: Content, run: Content) -> tuple[str, str, str]:
    """Colour, hatching and line of a run, the same in every picture."""
    return OF_RUN[content["runs"].index(run)]


def _bars(axes: Axes, runs: Sequence[tuple[str, tuple[str, str, str], list[Any], list[list[Any]]]]) -> None:
    """A bar a run at every place: name, look, summaries by place, values by place and seed."""
    width = 0.8 / len(runs)
    for index, (name, (colour, hatch, _), means, seeds) in enumerate(runs):
        for place, (summary, values) in enumerate(zip(means, seeds, strict=True)):
            if summary is None:
                continue
            x = place - 0.4 + (index + 0.5) * width
            axes.bar(
                x,
                summary["mean"],
                width=0.92 * width,
                color=colour,
                hatch=hatch,
                edgecolor="white",
                yerr=summary["standard_deviation"],
                error_kw={"elinewidth": 1.4, "capsize": 4},
                label=None if place else name,
            )
            dots = [value for value in values if value is not None]
            if len(dots) > 1:
                spots = x + width * np.linspace(-0.28, 0.28, len(dots))
                axes.plot(spots, dots, "o", markersize=3.5, color="black", markerfacecolor="white")
    plain(axes)


def _grouped(axes: Axes, rows: Sequence[dict[str, Any]], modalities: Sequence[str]) -> None:
    """A bar a modality at every place, with its deviation."""
    width = 0.84 / len(modalities)
    for index, modality in enumerate(modalities):
        colour, hatch, _ = OF_MODALITY[modality]
        for place, row in enumerate(rows):
            if row[modality] is None:
                continue
            axes.bar(
                place - 0.42 + (index + 0.5) * width,
                row[modality]["mean"],
                width=0.94 * width,
                color=colour,
                hatch=hatch,
                edgecolor="white",
                yerr=row[modality]["standard_deviation"],
                error_kw={"elinewidth": 1.2, "capsize": 2.5},
                label=None if place else modality,
            )
    plain(axes)


def _stacked(axes: Axes, rows: Sequence[dict[str, Any]], modalities: Sequence[str]) -> None:
    """The shares of the modalities on top of each other at every place."""
    for place, row in enumerate(rows):
        below = 0.0
        for modality in modalities:
            if row[modality] is None:
                continue
            colour, hatch, _ = OF_MODALITY[modality]
            share = row[modality]["mean"]
            axes.bar(place, share, width=0.76, bottom=below, color=colour, hatch=hatch, edgecolor="white")
            if share > 0.08:
                axes.annotate(
                    f"{100 * share:.0f}",
                    (place, below + share / 2),
                    ha="center",
                    va="center",
                    fontsize=8,
                    bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1.0},
                )
            below += share
    plain(axes)


def _legend(figure: Figure, axes: Axes, columns: int = 4) -> None:
    """One legend below all panels."""
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", frameon=False, ncols=columns, fontsize=9)
