"""`reproduction.md`, which is also what the command prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crossgate.experiments.benchmark.settings import LEGACY
from crossgate.experiments.reproduction.results import ON_VALIDATION

NAMES = {"crossgate": "crossgate (ours)", "sdt": "SDT"}
UNKNOWN = "–"

SAME_WEIGHTS = (
    "Per model and seed, both protocols look at the same weights epoch by epoch; only the epoch differs. But "
    "for the rounding of a GPU the difference in weighted F1 cannot be negative, so no test of it against "
    "0 is given."
)
TRAINED_HERE = (
    "SDT here is our implementation with its authors' loss, and with their sizes unless others were set. The "
    "trainer is ours for both models (AdamW with warm-up, cosine and an average of the weights), and vectors "
    "of nothing but zeros count as missing. What else differs from SDT's public code stands in "
    "`models/baselines/sdt.py`."
)
VALIDATION_APART = (
    "The lists of the pickle count MELD's validation dialogues as training; here they are trained on under "
    "neither protocol, so that both train on the same."
)


def markdown(results: dict[str, Any]) -> str:
    """`reproduction.md`, from the content of `reproduction.json`."""
    lines = [f"# {results['title']}", ""]
    if results["stopped"]:
        lines += [results["stopped"], ""]
    lines += [_about(results), ""]
    lines += _table(
        ("system", "epoch chosen on", "accuracy", "weighted F1", "seeds", "source"),
        [*_published_rows(results), *_trained_rows(results)],
    )
    lines += [
        "Published figures are as printed by others and were not measured by us; – is what we do not know. "
        + results["own_paper"],
        "",
        TRAINED_HERE,
        "",
    ]
    if any(one["chosen_on"] == ON_VALIDATION for one in results["trained"]):
        lines += [VALIDATION_APART, ""]
    if results["habit"]:
        lines += [f"## What the habit adds: {LEGACY} less honest", ""]
        lines += _table(
            ("model", "accuracy", "weighted F1", "seeds"),
            [
                (
                    NAMES[one["model"]],
                    _spread(one["accuracy"], "+"),
                    _spread(one["weighted_f1"], "+"),
                    str(one["weighted_f1"]["n"]),
                )
                for one in results["habit"]
            ],
        )
        lines += [SAME_WEIGHTS, ""]
    missing = [f"{one['what']}: {one['why']}" for model in results["trained"] for one in model["missing"]]
    if missing and not results["stopped"]:
        lines += ["## Missing", "", *(f"- {line}" for line in missing), ""]
    lines += ["## The features", "", results["pickle"], ""]
    lines += [f"- {note}" for note in results["notes"]]
    lines += [f"- audit: {line}" for line in finding_lines(results["audit"])]
    return "\n".join([*lines, ""])


def finding_lines(audit: dict[str, Any]) -> list[str]:
    """What an audit found, a line each, and how much that is."""
    numbers = ", ".join(
        f"{count} {severity}{'' if count == 1 else 's'}" for severity, count in audit["summary"].items()
    )
    found = [f"{one['severity']}, {one['check']}, {one['where']}: {one['what']}" for one in audit["findings"]]
    return [*found, numbers]


def _about(results: dict[str, Any]) -> str:
    words = (
        "Percent of the test split; of what is trained here mean ± standard deviation over seeds. "
        f"`honest`: the test split chose nothing. `{LEGACY}`: the epoch with the best weighted F1 on the "
        "test split is the one reported, as in much of the literature; such a figure does not tell what a "
        "model does on utterances it was not chosen by, and is to be compared with its like alone."
    )
    if results["scored"]:
        size = results["scored"]
        words += f" {size['utterances']:,} labelled utterances in {size['conversations']:,} conversations."
    if results["set"]:
        words += f" In place of the published settings: `{results['set']}`."
    return words


def _published_rows(results: dict[str, Any]) -> list[tuple[str, ...]]:
    return [
        (
            one["system"],
            one["note"] or UNKNOWN,
            one["accuracy"] or UNKNOWN,
            one["weighted_f1"] or UNKNOWN,
            UNKNOWN,
            one["source"] or UNKNOWN,
        )
        for one in results["published"]
    ]


def _trained_rows(results: dict[str, Any]) -> list[tuple[str, ...]]:
    return [
        (
            f"{NAMES[one['model']]}, trained here, `{one['protocol']}`",
            one["chosen_on"],
            *(
                _spread(one["scores"][name]) if one["scores"] else UNKNOWN
                for name in ("accuracy", "weighted_f1")
            ),
            str(len(one["seeds"])),
            "this run",
        )
        for one in results["trained"]
    ]


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(cells)} |" for cells in (headings, ["---"] * len(headings), *rows)] + [""]


def _spread(score: dict[str, Any], sign: str = "") -> str:
    spread = score["standard_deviation"]
    mean = format(100 * score["mean"], f"{sign}.2f")
    return mean if spread is None else f"{mean} ± {100 * spread:.2f}"
