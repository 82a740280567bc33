"""Makes docs/results.md, its figures, and the README's table of results from docs/results/*.json.

    .venv/bin/python docs/make_results.py

The JSON files are the `results.json` of benchmarks, as they came, under a name of their own.
"""

from __future__ import annotations

import json
from pathlib import Path

from crossgate.evaluation.figures import save_figure
from crossgate.experiments.benchmark.report.figure import corpus_figure
from crossgate.experiments.benchmark.report.page import Reports, readme_table, results_page, with_table

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "results"
PAGE = ROOT / "docs" / "results.md"
README = ROOT / "README.md"


def reports() -> Reports:
    """The benchmarks by name, in alphabetical order."""
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))}


def pictures(found: Reports) -> dict[str, dict[str, str]]:
    """Where the figure of every report and corpus stands, as the page names it."""
    return {
        name: {corpus["name"]: f"results/{name}-{corpus['name']}.png" for corpus in results["corpora"]}
        for name, results in found.items()
    }


def main() -> None:
    """Write page, figures and table."""
    found = reports()
    shown = pictures(found)
    for name, results in found.items():
        for corpus in results["corpora"]:
            figure = corpus_figure(results, corpus)
            if figure is None:
                del shown[name][corpus["name"]]
            else:
                save_figure(figure, FOLDER.parent / shown[name][corpus["name"]])
    PAGE.write_text(results_page(found, shown), encoding="utf-8")
    readme = README.read_text(encoding="utf-8")
    README.write_text(with_table(readme, readme_table(found)), encoding="utf-8")


if __name__ == "__main__":
    main()
