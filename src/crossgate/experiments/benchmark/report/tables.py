"""The tables of `results.json`: Markdown, LaTeX and CSV, all from the same cells."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crossgate.experiments.benchmark.settings import LEGACY

NAMES = {"weighted_f1": "weighted F1", "macro_f1": "macro F1", "accuracy": "accuracy"}


COLUMNS = (
    "corpus",
    "model",
    "measure",
    "protocol",
    "measured_on",
    "note",
    "seeds",
    "mean",
    "standard_deviation",
    "low",
    "high",
    "level",
    "together",
    "legacy_mean",
    "legacy_standard_deviation",
    "habit",
    "difference",
    "t_test_p",
    "t_test_p_holm",
    "randomisation_p",
    "randomisation_p_holm",
    "missing",
)
"""Of `results.csv`."""


@dataclass(frozen=True)
class Grid:
    """A table as text.

    Attributes:
        title: of the corpus.
        caption: what a reader must know.
        headings: one a column.
        rows: cells; an empty one says that there is nothing.
        missing: lines below the table.
    """

    title: str
    caption: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    missing: tuple[str, ...]


def markdown(results: dict[str, Any], level: int = 1, pictures: Mapping[str, str] | None = None) -> str:
    """`results.md`, or a part of a page.

    Args:
        results: of a benchmark.
        level: of the first heading.
        pictures: a path for a corpus' name, shown below its caption.
    """
    mark = "#" * level
    lines = [f"{mark} {results['title']}", "", _about(results), ""]
    for corpus, grid in zip(results["corpora"], _grids(results), strict=True):
        lines += [f"{mark}# {grid.title}", "", grid.caption, ""]
        if pictures and corpus["name"] in pictures:
            lines += [f"![Every model on {corpus['name']}: seeds, mean]({pictures[corpus['name']]})", ""]
        lines += table(grid.headings, grid.rows)
        lines.append("")
        if grid.missing:
            lines += ["Missing:", "", *(f"- {line}" for line in grid.missing), ""]
    return "\n".join(lines)


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a Markdown table, its first column words, the others numbers."""
    return [_row(headings), _row(["---", *["---:"] * (len(headings) - 1)]), *(_row(row) for row in rows)]


def latex(results: dict[str, Any]) -> str:
    """`results.tex`: a `table` for every corpus; the document needs the package booktabs."""
    parts = [f"% {results['title']}\n% Needs \\usepackage{{booktabs}}."]
    for grid in _grids(results):
        caption = f"{results['title']}; {grid.title}. {grid.caption} {_about(results)}"
        if grid.missing:
            caption += " Missing: " + "; ".join(grid.missing) + "."
        rows = [" & ".join(map(_escaped, row)) + r" \\" for row in (grid.headings, *grid.rows)]
        parts.append(
            "\n".join(
                [
                    r"\begin{table*}",
                    r"\centering\footnotesize\setlength{\tabcolsep}{3pt}",
                    rf"\caption{{{_escaped(caption)}}}",
                    rf"\begin{{tabular}}{{l{'r' * (len(grid.headings) - 1)}}}",
                    r"\toprule",
                    rows[0],
                    r"\midrule",
                    *rows[1:],
                    r"\bottomrule",
                    r"\end{tabular}",
                    r"\end{table*}",
                ]
            )
        )
    return "\n\n".join(parts) + "\n"


def comma_separated(results: dict[str, Any]) -> str:
    """`results.csv`: a row for every corpus, model and measure; scores are shares of 1."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for corpus in results["corpora"]:
        comparisons = {one["model"]: one for one in corpus["comparisons"]}
        for model in corpus["models"]:
            missing = "; ".join(f"{one['what']}: {one['why']}" for one in model["missing"])
            for measure in results["measures"]:
                score = (model["scores"] or {}).get(measure) or {}
                interval = score.get("interval") or {}
                legacy = (model.get("legacy_scores") or {}).get(measure) or {}
                habit = (model.get("habit") or {}).get(measure) or {}
                compared = comparisons.get(model["name"]) if measure == results["measures"][0] else None
                writer.writerow(
                    [
                        corpus["name"],
                        model["name"],
                        measure,
                        results["protocol"],
                        corpus["measured_on"],
                        corpus["caption"],
                        len(model["seeds"]),
                        score.get("mean"),
                        score.get("standard_deviation"),
                        *(interval.get(key) for key in ("low", "high", "level")),
                        (model["together"] or {}).get(measure),
                        legacy.get("mean"),
                        legacy.get("standard_deviation"),
                        habit.get("mean"),
                        (compared or {}).get("difference"),
                        *(
                            ((compared or {}).get(test) or {}).get(key)
                            for test in ("t_test", "randomisation")
                            for key in ("p_value", "p_holm")
                        ),
                        missing,
                    ]
                )
    return out.getvalue()


def _grids(results: dict[str, Any]) -> list[Grid]:
    draw = _legacy_rows if results["protocol"] == LEGACY else _honest_rows
    grids = []
    for corpus in results["corpora"]:
        headings, rows = draw(corpus, results["reference"])
        size = ""
        if corpus["utterances"]:
            size = (
                f" {corpus['utterances']:,} labelled utterances in {corpus['conversations']:,} conversations."
            )
        missing = tuple(
            f"{one['what']}: {one['why']}" for model in corpus["models"] for one in model["missing"]
        )
        grids.append(
            Grid(
                f"{corpus['name']}, measured on {corpus['measured_on']}",
                corpus["caption"] + size,
                headings,
                tuple(rows),
                missing,
            )
        )
    return grids


def _honest_rows(corpus: dict[str, Any], reference: str) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    headings = (
        "model",
        "seeds",
        "weighted F1",
        "95 % interval",
        "macro F1",
        "accuracy",
        "seeds together, weighted F1",
        *_compared_headings(reference),
    )
    rows = []
    for model in corpus["models"]:
        scores = model["scores"]
        if scores is None:
            rows.append((model["name"], "0", *["–"] * (len(headings) - 2)))
            continue
        rows.append(
            (
                model["name"],
                str(len(model["seeds"])),
                spread(scores["weighted_f1"]),
                _interval(scores["weighted_f1"]["interval"]),
                spread(scores["macro_f1"]),
                spread(scores["accuracy"]),
                f"{100 * model['together']['weighted_f1']:.2f}",
                *_compared(corpus, model["name"], reference),
            )
        )
    return headings, rows


def _legacy_rows(corpus: dict[str, Any], reference: str) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    headings = (
        "model",
        "seeds",
        "honest, weighted F1",
        "95 % interval",
        *_compared_headings(reference),
        "legacy-best-on-test, weighted F1",
        "the habit adds, weighted F1",
        "macro F1",
        "accuracy",
    )
    rows = []
    for model in corpus["models"]:
        habit = model["habit"]
        if model["scores"] is None:
            rows.append((model["name"], "0", *["–"] * (len(headings) - 2)))
            continue
        legacy = model["legacy_scores"]
        rows.append(
            (
                model["name"],
                str(habit["weighted_f1"]["n"] if habit else 0),
                spread(model["scores"]["weighted_f1"]),
                _interval(model["scores"]["weighted_f1"]["interval"]),
                *_compared(corpus, model["name"], reference),
                spread(legacy["weighted_f1"]) if legacy else "–",
                *(spread(habit[name], "+") if habit else "–" for name in NAMES),
            )
        )
    return headings, rows


def _compared_headings(reference: str) -> tuple[str, ...]:
    return (f"less {reference}", "p, t-test", "p (Holm)", "p, randomisation", "p (Holm)")


def _compared(corpus: dict[str, Any], model: str, reference: str) -> tuple[str, ...]:
    """A model's difference from the reference and the tests of it; empty cells for the reference itself."""
    if model == reference:
        return ("",) * len(_compared_headings(reference))
    found: dict[str, Any] = next((one for one in corpus["comparisons"] if one["model"] == model), {})
    difference = found.get("difference")
    return (
        "–" if difference is None else f"{100 * difference:+.2f}",
        *(
            probability((found.get(test) or {}).get(key))
            for test in ("t_test", "randomisation")
            for key in ("p_value", "p_holm")
        ),
    )


def _about(results: dict[str, Any]) -> str:
    """What holds for every table of the report."""
    trials = results["tuning"]["trials"]
    tuning = (
        f"Every model was tuned on every corpus with {trials} trials of one seed."
        if trials
        else "Nothing was tuned: all settings are those of the configuration."
    )
    words = (
        f"Protocol: {results['protocol']}. Scores in percent, mean ± standard deviation over seeds; the "
        f"interval is of that mean, over resampled conversations. {tuning}"
    )
    legacy = results["protocol"] == LEGACY
    if results["correction"]:
        of = "honest weighted F1" if legacy else "weighted F1"
        words += (
            f" Differences and tests are against {results['reference']}, in {of}: a paired t-test "
            "over seeds, and approximate randomisation over conversations of the seeds' mean probabilities; "
            f"{results['correction']}."
        )
    if legacy:
        words += (
            " What the habit adds cannot be negative in weighted F1, so no test of it against 0 is given. "
            "Both protocols are of the same weights epoch by epoch; only the epoch differs."
        )
    return words


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def spread(score: dict[str, Any], sign: str = "") -> str:
    """Mean ± standard deviation of a score, in percent."""
    deviation = score["standard_deviation"]
    mean = format(100 * score["mean"], f"{sign}.2f")
    return mean if deviation is None else f"{mean} ± {100 * deviation:.2f}"


def _interval(interval: dict[str, Any] | None) -> str:
    return "–" if interval is None else f"{100 * interval['low']:.1f} to {100 * interval['high']:.1f}"


def probability(value: float | None) -> str:
    """A p-value for a table."""
    if value is None:
        return "–"
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def _escaped(text: str) -> str:
    """Text for LaTeX."""
    for plain, escaped in (
        ("\\", r"\textbackslash "),
        ("&", r"\&"),
        ("%", r"\%"),
        ("$", r"\$"),
        ("#", r"\#"),
        ("_", r"\_"),
        ("{", r"\{"),
        ("}", r"\}"),
        ("~", r"\textasciitilde "),
        ("^", r"\textasciicircum "),
        ("±", r"$\pm$"),
        ("–", "--"),
        ("<", "$<$"),
    ):
        text = text.replace(plain, escaped)
    return text
