"""The page of several benchmarks, and the one table the README shows of them, from their `results.json`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crossgate.experiments.benchmark.report.tables import markdown, probability, spread, table
from crossgate.experiments.benchmark.settings import LEGACY

BEGIN = "<!-- made by `make results` from docs/results/: begin -->"
END = "<!-- end -->"
MEASURE = "weighted_f1"

Reports = Mapping[str, dict[str, Any]]
"""The content of `results.json` by the name of its file."""


def results_page(reports: Reports, pictures: Mapping[str, Mapping[str, str]]) -> str:
    """`docs/results.md`.

    Args:
        reports: in the order of the page.
        pictures: by report and corpus, the path of a figure as the page names it.
    """
    parts = [
        "# Results",
        "",
        "Made by `make results` from the benchmarks' own `results.json`, which stand in",
        "[results/](results/). Every benchmark trains all models in one harness: the same features, splits",
        "and trainer, the same budget of tuning ([benchmark.md](benchmark.md)). No real test split was",
        "opened; what the figures are of stands at each table.",
        "What they mean, and what was tried besides, is in [findings.md](findings.md).",
        "",
    ]
    for name, results in reports.items():
        parts += [markdown(results, 2, pictures.get(name)), *_origin(results), ""]
    return "\n".join(parts).rstrip() + "\n"


def readme_table(reports: Reports) -> str:
    """Ours beside the best rival on every corpus of the honest benchmarks that compare with rivals."""
    rows = []
    for results in reports.values():
        if results["protocol"] == LEGACY:
            continue
        for corpus in results["corpora"]:
            row = _against_the_best(results, corpus)
            if row:
                rows.append(row)
    headings = ("corpus", "measured on", "crossgate", "best rival", "crossgate less it", "p, t-test (Holm)")
    return "\n".join(table(headings, rows))


def with_table(readme: str, drawn: str) -> str:
    """A README whose table between the two marks is another.

    Raises ValueError where the marks are not there, once each and in order.
    """
    if readme.count(BEGIN) != 1 or readme.count(END) != 1 or readme.index(BEGIN) > readme.index(END):
        raise ValueError(f"the README needs one {BEGIN} and, further down, one {END}")
    before, _, rest = readme.partition(BEGIN)
    return before + BEGIN + "\n\n" + drawn + "\n\n" + END + rest.partition(END)[2]


def _against_the_best(results: dict[str, Any], corpus: dict[str, Any]) -> tuple[str, ...] | None:
    """A row of the README's table; None where there is nothing to compare, as in an ablation."""
    scored = {model["name"]: model for model in corpus["models"] if model["scores"]}
    ours = scored.get(results["reference"])
    rivals = [model for model in scored.values() if ours and model["kind"] != ours["kind"]]
    if ours is None or not rivals:
        return None
    best = max(rivals, key=lambda model: float(model["scores"][MEASURE]["mean"]))
    compared = next(one for one in corpus["comparisons"] if one["model"] == best["name"])
    p_value = (compared["t_test"] or {}).get("p_holm")
    return (
        corpus["name"],
        corpus["measured_on"],
        spread(ours["scores"][MEASURE]),
        f"{best['name']} {spread(best['scores'][MEASURE])}",
        f"{-100 * compared['difference']:+.2f}",
        probability(p_value),
    )


def _origin(results: dict[str, Any]) -> Sequence[str]:
    """Command, machine and time below a benchmark's tables."""
    models = [model for corpus in results["corpora"] for model in corpus["models"]]
    hours = sum(model["training_seconds"] for model in models) / 3600
    machine = results.get("machine")
    where = f" on {machine['cores']} cores ({machine['processor']})" if machine and not machine["gpu"] else ""
    where = f" on {machine['gpu']}" if machine and machine["gpu"] else where
    lines = [
        f"Its trainings took {hours:.1f} hours{where}, added up over processes that may have run side by "
        "side."
    ]
    if results.get("command"):
        lines = ["```", results["command"], "```", "", *lines]
    return lines
