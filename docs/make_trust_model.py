"""Makes docs/trust-model.png and the tables of docs/trust-model.md: failing voices and faces, strange texts.

    PYTHONPATH=trust CROSSGATE_DATA=../shared/data .venv/bin/python docs/make_trust_model.py

Both are measured by the checks of trust/checks; this draws what they measure. Some minutes on two cores.
"""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from checks import corrupt_modalities
from crossgate.evaluation.figures import save_figure
from crossgate.files import write_json
from promise import Effort

ROOT = Path(__file__).resolve().parent.parent

PAGE = ROOT / "docs" / "trust-model.md"
FIGURES = ROOT / "docs" / "trust-model.json"
PICTURE = ROOT / "docs" / "trust-model.png"
BEGIN, END = "<!-- made by docs/make_trust_model.py: begin -->", "<!-- end -->"

FAILURE = r"(?P<who>\w+) (?P<kind>.+?)(?: at (?P<share>\d+)%|, the rest missing)"
COLUMNS = {
    "25": "at 25 % of the turns",
    "50": "50 %",
    "75": "75 %",
    "100": "all",
    "a": "voice alone, no face",
    "v": "face alone, no voice",
}


def curves(figures: dict[str, Any]) -> Figure:
    """Accuracy by the share of turns that fail, a panel a checkpoint; text alone is black."""
    figure = Figure(figsize=(3.6 * len(figures), 3.2), layout="constrained")
    panels = figure.subplots(1, len(figures), squeeze=False)[0]
    for panel, (name, found) in zip(panels, figures.items(), strict=True):
        lines: dict[str, list[tuple[float, float]]] = {}
        for what, accuracy in found["failures"].items():
            match = re.fullmatch(FAILURE, what)
            if match and match["share"]:
                points = lines.setdefault(match["kind"], [(0.0, found["all"])])
                points.append((float(match["share"]), accuracy))
        for number, (kind, points) in enumerate(lines.items()):
            style = ("-", (0, (4, 2)), (0, (1, 1)))[number % 3]
            panel.plot(*zip(*points, strict=True), label=kind, linewidth=1.2, linestyle=style)
        panel.axhline(found["text"], color="black", linewidth=1)
        panel.axhline(found["text"] - corrupt_modalities.MOST_LOST, color="black", linestyle=":", linewidth=1)
        panel.set(title=name, xlabel="turns that fail, %", ylabel="accuracy, %")
        panel.title.set_fontsize(8)
    figure.legend(*panels[-1].get_legend_handles_labels(), fontsize=7, loc="outside right")
    return figure


def table(figures: dict[str, Any]) -> str:
    """Every figure, in Markdown: a row a kind of failure, in points of accuracy against text alone."""
    lines = []
    for name, found in figures.items():
        cells = {
            (match["kind"], match["share"] or match["who"]): accuracy - found["text"]
            for what, accuracy in found["failures"].items()
            if (match := re.fullmatch(FAILURE, what))
        }
        kinds = list(dict.fromkeys(kind for kind, _ in cells))
        columns = [column for column in COLUMNS if any(column == found for _, found in cells)]
        lines += [
            f"**{name}**, {found['utterances']} utterances: text alone {found['text']:.2f} %, all modalities "
            f"{found['all']:.2f} %; {found['refused_percent']:.2f} % of real measurements are refused. "
            "Points against text alone:",
            "",
            f"| failure | {' | '.join(COLUMNS[column] for column in columns)} |",
            f"|---|{'---|' * len(columns)}",
            *(
                f"| {kind} | "
                + " | ".join(
                    f"{cells[kind, column]:+.2f}" if (kind, column) in cells else "" for column in columns
                )
                + " |"
                for kind in kinds
            ),
            "",
        ]
    return "\n".join(lines)


def main() -> None:
    """Measure, draw, write."""
    with tempfile.TemporaryDirectory() as work:
        corrupt_modalities.check(Effort(Path(work)))
        figures = json.loads((Path(work) / "corruptions.json").read_text(encoding="utf-8"))
    write_json(FIGURES, figures)
    save_figure(curves(figures), PICTURE)
    page = PAGE.read_text(encoding="utf-8")
    head, _, rest = page.partition(BEGIN)
    made = f"{BEGIN}\n\n![Accuracy as voices and faces fail](trust-model.png)\n\n{table(figures)}\n{END}"
    PAGE.write_text(head + made + rest.partition(END)[2], encoding="utf-8")


if __name__ == "__main__":
    main()
