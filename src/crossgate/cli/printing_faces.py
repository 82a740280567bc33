"""What the commands of the face network print and write."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from crossgate.evaluation.bootstrap import Interval
from crossgate.evaluation.expressions import ExpressionMetrics
from crossgate.evaluation.figures import confusion_figure, save_figure
from crossgate.features.visual.face_settings import EXPRESSIONS
from crossgate.files import write_json

RESULT_FILE = "expressions.json"
CONFUSION_FILE = "confusion.png"


def print_faces_outcome(outcome: dict[str, Any], folder: Path) -> None:
    """What a training run ended with."""
    console = Console(highlight=False)
    measured = outcome["validation"]
    console.print(
        f"kept epoch {outcome['epoch']} of {outcome['epochs']}, {outcome['parameters']:,} parameters; "
        f"measured on {measured['measured']} of {measured['images']} validation faces"
    )
    table = Table("measure", "value", box=None)
    table.add_row("accuracy", f"{100 * measured['accuracy']:.2f}")
    table.add_row("balanced accuracy", f"{100 * measured['balanced_accuracy']:.2f}")
    console.print(table)
    print(f"run: {folder}", file=sys.stderr)


def print_expressions(measured: ExpressionMetrics) -> None:
    """The scores, and the confusion matrix with precision and recall."""
    console = Console(highlight=False)
    left_out = measured.images - measured.measured
    console.print(f"{measured.measured} faces measured; {left_out} left out (no majority, or in --without)")
    console.print(
        f"accuracy           {100 * measured.accuracy:6.2f} %{_words(measured.accuracy_interval)}\n"
        f"balanced accuracy  {100 * measured.balanced_accuracy:6.2f} %"
        f"{_words(measured.balanced_accuracy_interval)}"
    )
    table = Table(
        title="rows: annotated as; columns: predicted as",
        title_justify="left",
        box=None,
        padding=(0, 1, 0, 0),
    )
    table.add_column("", no_wrap=True, min_width=max(len(name) for name in EXPRESSIONS.labels))
    # The first letters of each, so that the table fits a terminal of 80 columns.
    for heading in (*(name[:5] for name in EXPRESSIONS.labels), "recall", "precision"):
        table.add_column(heading, justify="right")
    for one, row in zip(measured.detail.classes, measured.detail.confusion, strict=True):
        cells = [f"[bold]{n}[/]" if k == len(table.rows) else str(n) for k, n in enumerate(row)]
        shares = [f"{100 * one.recall:.1f}" if one.support else "–", f"{100 * one.precision:.1f}"]
        table.add_row(one.emotion, *cells, *shares)
    console.print(table)


def write_expressions(measured: ExpressionMetrics, folder: Path, details: dict[str, Any]) -> list[Path]:
    """Write the measures and the picture of the confusion matrix; returns the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / RESULT_FILE, details | measured.to_json())
    title = f"{measured.measured} faces, accuracy {100 * measured.accuracy:.1f} %"
    figure = confusion_figure(measured.detail.confusion, EXPRESSIONS.labels, title=title)
    cells, bar = figure.axes  # the words of that picture are those of utterances
    cells.set(xlabel="predicted expression", ylabel="annotated expression")
    bar.set_ylabel("share of the annotated expression's faces")
    return [folder / RESULT_FILE, save_figure(figure, folder / CONFUSION_FILE)]


def _words(interval: Interval | None) -> str:
    if interval is None:
        return ""
    level = f"{100 * interval.level:.0f} % interval over faces"
    return f"  ({100 * interval.low:.2f} to {100 * interval.high:.2f}, {level})"
