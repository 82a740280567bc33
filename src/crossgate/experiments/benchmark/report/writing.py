"""Writes the report of a benchmark: results, tables, pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from crossgate.evaluation.figures import save_figure
from crossgate.experiments.benchmark.report.figure import corpus_figure
from crossgate.experiments.benchmark.report.tables import comma_separated, latex, markdown
from crossgate.files import new_file, write_json

RESULTS_FILE = "results.json"
FIGURES_FOLDER = "figures"
TABLES = {"results.md": markdown, "results.tex": latex, "results.csv": comma_separated}


def write_report(results: dict[str, Any], folder: Path) -> list[Path]:
    """Write `results.json`, the tables and a figure for each corpus that has a score; returns their paths."""
    paths = [folder / RESULTS_FILE]
    write_json(paths[0], results)
    for name, draw in TABLES.items():
        with new_file(folder / name) as draft:
            draft.write_text(draw(results), encoding="utf-8")
        paths.append(folder / name)
    for corpus in results["corpora"]:
        figure = corpus_figure(results, corpus)
        if figure is not None:
            paths.append(save_figure(figure, folder / FIGURES_FOLDER / f"{corpus['name']}.png"))
    return paths
