"""What commands print, in one hand."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from crossgate.corpora.manifest import Manifest
from crossgate.evaluation.by_gender import Group
from crossgate.evaluation.packing.measure import Measured
from crossgate.evaluation.run import RunEvaluation

NAMES = {
    "weighted_f1": "weighted F1",
    "nested_weighted_f1": "weighted F1, epoch chosen without the fold",
    "macro_f1": "macro F1",
    "accuracy": "accuracy",
}


def print_manifest(manifest: Manifest) -> None:
    """The corpus in a few lines on stderr, with the warning that a derived manifest deserves."""
    console = Console(stderr=True, highlight=False)
    splits = ", ".join(f"{name} {split.rows}" for name, split in manifest.splits.items())
    console.print(
        f"corpus {manifest.name}: {splits} utterances; {len(manifest.labels)} emotions", style="bold"
    )
    console.print(f"  labels: {', '.join(manifest.labels.labels)}")
    for spec in manifest.features:
        console.print(f"  {spec}")
    if manifest.derived:
        console.print("  no manifest.json: all this was read off the Parquet files")


def print_outcome(outcome: dict[str, Any], folder: Path) -> None:
    """What a run ended with."""
    console = Console(highlight=False)
    console.print(f"kept epoch {outcome['epoch']}, selected by {outcome['selected_by']}")
    table = Table("measure", "value", box=None)
    for name, words in NAMES.items():
        if name in outcome:
            table.add_row(words, f"{100 * outcome[name]:.2f}")
    for name, value in outcome.get("folds", {}).items():
        table.add_row(f"weighted F1, {name} left out", f"{100 * value:.2f}")
    console.print(table)
    print(f"run: {folder}", file=sys.stderr)


def print_seeds(summary: dict[str, Any], folder: Path) -> None:
    """Mean and spread over seeds."""
    console = Console(highlight=False)
    count = len(summary["seeds"])
    few = "" if count >= 5 else " (fewer than five: take the spread with care)"
    console.print(f"{count} seeds{few}, selected by {summary['selected_by']}; epochs {summary['epochs']}")
    table = Table("measure", "mean", "sd", "min", "max", box=None)
    for name, words in NAMES.items():
        if name in summary["scores"]:
            score = summary["scores"][name]
            table.add_row(
                words, *(f"{100 * score[key]:.2f}" for key in ("mean", "standard_deviation", "min", "max"))
            )
    console.print(table)
    print(f"runs: {folder}", file=sys.stderr)


def print_evaluation(result: RunEvaluation) -> None:
    """The report, then the seeds one by one, then the views."""
    console = Console(highlight=False)
    console.print(result.report.render())
    if result.seeds:
        table = Table("single seeds", "mean ± sd", "min", "max", box=None)
        for name, words in NAMES.items():
            if name in result.seeds:
                score = result.seeds[name]
                table.add_row(words, str(score), f"{100 * score.min:.2f}", f"{100 * score.max:.2f}")
        console.print(table)
    if result.views:
        console.print("views of one pass; each modality has been strengthened by the others", style="dim")
        table = Table("view", "weighted F1", box=None)
        for name, value in result.views.items():
            table.add_row(name, f"{100 * value:.2f}")
        console.print(table)
    if result.groups:
        print_groups(result.groups)


def print_groups(groups: Sequence[Group]) -> None:
    """Women, men and their difference, as a table in Markdown that cards take over."""
    print(
        "\n| | utterances | accuracy, % | weighted F1, % "
        "| confidence less accuracy, points | calibration error, % |"
    )
    print("|---|---|---|---|---|---|")
    for group in groups:
        figures = [
            f"{100 * one.value:.1f} ({100 * one.low:.1f} to {100 * one.high:.1f})"
            for one in (group.accuracy, group.weighted_f1, group.overconfidence)
        ]
        error = "" if group.calibration_error is None else f"{100 * group.calibration_error:.1f}"
        print(f"| {group.name} | {group.utterances or ''} | {' | '.join(figures)} | {error} |")


def print_packed(measured: Measured, folder: Path) -> None:
    """The report of what ships, its calibration, and what it is worth with some modalities."""
    console = Console(highlight=False)
    console.print(measured.report.render())
    table = Table("calibration", "value", box=None)
    table.add_row("temperature", f"{measured.temperature.usual:.3f}")
    for subset, value in measured.temperature.given.items():
        table.add_row(f"temperature given {subset}", f"{value:.3f}")
    table.add_row("expected calibration error before, %", f"{100 * measured.error_before:.2f}")
    error = measured.report.calibration.expected_calibration_error
    table.add_row("expected calibration error after, %", f"{100 * error:.2f}")
    kept = measured.abstention
    table.add_row("abstains below a confidence of", f"{kept.threshold:.3f}")
    table.add_row("answered, %", f"{100 * kept.coverage:.2f}")
    table.add_row("right of those, %", f"{100 * kept.accuracy:.2f}")
    console.print(table)
    if measured.subsets:
        table = Table("given", "weighted F1", "calibration error", box=None)
        for name, scores in measured.subsets.items():
            shown = (scores["weighted_f1"], scores["expected_calibration_error"])
            table.add_row(name, *(f"{100 * value:.2f}" for value in shown))
        console.print(table)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    print(f"checkpoint: {folder}, {size / 1e6:.2f} MB", file=sys.stderr)
