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


def curves(figures: dict[str, Any]) -> Figure:
    """Accuracy by the share of turns that fail, a panel a checkpoint; text alone is dashed."""
    figure = Figure(figsize=(3.6 * len(figures), 3.2), layout="constrained")
    panels = figure.subplots(1, len(figures), squeeze=False)[0]
    for panel, (name, found) in zip(panels, figures.items(), strict=True):
        lines: dict[str, list[tuple[float, float]]] = {}
        for what, accuracy in found["failures"].items():
            matched = re.fullmatch(r"\w+ (.+) at (\d+)%", what)
            if matched:
                lines.setdefault(matched.group(1), [(0.0, found["all"])]).append(
                    (float(matched.group(2)), accuracy)
                )
        for kind, points in lines.items():
            panel.plot(*zip(*points, strict=True), label=kind, linewidth=1)
        panel.axhline(found["text"], color="black", linestyle="--", linewidth=1)
        panel.axhline(found["text"] - corrupt_modalities.MOST_LOST, color="black", linestyle=":", linewidth=1)
        panel.set(title=name, xlabel="turns that fail, %", ylabel="accuracy, %")
        panel.title.set_fontsize(8)
    panels[-1].legend(fontsize=6)
    return figure


def table(figures: dict[str, Any]) -> str:
    """Every figure, in Markdown."""
    lines = []
    for name, found in figures.items():
        lines += [
            f"**{name}**, {found['utterances']} utterances: text alone {found['text']:.2f} %, all modalities "
            f"{found['all']:.2f} %; {found['refused_percent']:.2f} % of real measurements are refused.",
            "",
            "| failure | accuracy, % | against text alone, points |",
            "|---|---|---|",
            *(
                f"| {what} | {one:.2f} | {one - found['text']:+.2f} |"
                for what, one in found["failures"].items()
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
