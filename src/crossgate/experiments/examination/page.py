"""`examination.md`: an examination as tables, with the pictures beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from crossgate.evaluation.robustness import FAILURES
from crossgate.evaluation.shifts import KINDS
from crossgate.experiments.examination.headlines import (
    FAILED,
    NATS,
    PERCENT,
    PLAIN,
    TURNS,
    in_words,
    pair_name,
)
from crossgate.experiments.examination.tables import (
    Content,
    Row,
    across,
    chance,
    grid,
    header,
    number,
    row,
    with_unit,
)


def markdown(content: Content, pictures: Sequence[str] = ()) -> str:
    """The page.

    Args:
        content: of `examination.json`.
        pictures: names of the files beside the page.
    """
    runs, turns = content["runs"], content["turns"]
    who = " and ".join(
        f"{run['name']} ({run['kind']}; seeds {', '.join(map(str, run['seeds']))})" for run in runs
    )
    lines = [
        f"# {content['title']}",
        "",
        f"{who}. {turns['labelled']:,} labelled utterances of {turns['utterances']:,}. Mean ± standard "
        "deviation over seeds; in the pictures whiskers and bands are that deviation, dots are seeds. "
        "docs/examination.md says how each figure is come by and how far it carries.",
        "",
    ]
    sections: list[tuple[str, str, Callable[[Content], list[str]]]] = [
        ("Scores", "scores", _scores),
        ("Redundancy", "redundancy", _redundancy),
        ("Contributions", "contributions", _contributions),
        ("Gates", "gates", _gates),
        ("Robustness", "robustness", _robustness),
        ("Emotion shifts", "shifts", _shifts),
        ("Calibration", "calibration", _calibration),
    ]
    for heading, part, tables in sections:
        lines += [f"## {heading}", ""]
        if _with(content, part):
            lines += tables(content)
        for run in runs:
            if part in run["missing"]:
                lines += [f"Not for {run['name']}: {run['missing'][part]}.", ""]
        for name in ("reliability", "reliability-against") if part == "calibration" else (part,):
            if f"{name}.png" in pictures:
                lines += [f"![{heading}]({name}.png)", ""]
    if content["comparison"] is not None:
        lines += ["## Side by side", "", *_comparison(content)]
    return "\n".join(lines)


def _scores(content: Content) -> list[str]:
    names = {
        "weighted_f1": ("weighted F1", PERCENT),
        "macro_f1": ("macro F1", PERCENT),
        "accuracy": ("accuracy", PERCENT),
        "negative_log_likelihood": ("negative log-likelihood", NATS),
    }
    rows: list[Row] = [(with_unit(*named), named[1], ["scores", name]) for name, named in names.items()]
    return across(content, "measure", rows)


def _redundancy(content: Content) -> list[str]:
    there = _with(content, "redundancy")
    pairs = list(dict.fromkeys(pair for run in there for pair in run["over_seeds"]["redundancy"]))
    rows: list[Row] = [
        (f"{words}, {pair_name(pair)}", PLAIN, ["redundancy", pair, measure])
        for measure, words in (
            ("cka", "CKA"),
            ("inputs_cka", "CKA of the input features"),
            ("cross_correlation", "squared cross-correlation"),
        )
        for pair in pairs
    ]
    counts = there[0]["utterances"]["redundancy"]
    return [
        *across(content, "measure", rows),
        "Utterances: " + ", ".join(f"{pair_name(pair)} {count:,}" for pair, count in counts.items()) + ". "
        "Independent features have a squared cross-correlation of about 1 / utterances, here "
        f"{1 / min(counts.values()):.4f} at most.",
        "",
    ]


def _contributions(content: Content) -> list[str]:
    lines = [f"Given nothing, the answer is taken to be: {content['settings']['prior_of']}.", ""]
    for run in _with(content, "contributions"):
        values: list[Row] = [
            ("log-probability, nats", NATS, ["contributions", "log_probability"]),
            ("weighted F1, %", PERCENT, ["contributions", "weighted_f1"]),
        ]
        values += [
            (f"log-probability of {emotion}, nats", NATS, ["contributions", "by_emotion", emotion])
            for emotion in content["labels"]["labels"]
        ]
        lines += grid(content, run, "Shapley value of", values, {m: m for m in run["modalities"]})
        worth: list[Row] = [
            ("log-probability, nats", NATS, ["contributions", "worth"]),
            ("weighted F1, %", PERCENT, ["contributions", "worth_weighted_f1"]),
        ]
        subsets = {name: name for name in run["over_seeds"]["contributions"]["worth"]}
        lines += grid(content, run, "given only", worth, subsets)
    return lines


def _gates(content: Content) -> list[str]:
    lines: list[str] = []
    for run in _with(content, "gates"):
        rows: list[Row] = [("all emotions, %", PERCENT, ["gates", "shares"])]
        rows += [
            (f"{emotion}, %", PERCENT, ["gates", "by_emotion", emotion])
            for emotion in content["labels"]["labels"]
        ]
        over = ["gates", "rank_correlation_across_utterances"]
        rows.append(("rank correlation with Shapley values over utterances", PLAIN, over))
        lines += grid(content, run, "share of the mixture", rows, {m: m for m in run["modalities"]})
    within: Row = ("in one turn", PLAIN, ["gates", "rank_correlation_within_utterances"])
    return [*lines, *across(content, "rank correlation with Shapley values", [within])]


def _robustness(content: Content) -> list[str]:
    columns = {
        place: f"{100 * share:.0f} % of turns" for place, share in enumerate(content["settings"]["shares"])
    }
    lines: list[str] = []
    for run in _with(content, "robustness"):
        rows: list[Row] = [
            (f"{modality} {FAILED[failure]}", PERCENT, ["robustness", failure, modality])
            for failure in FAILURES
            for modality in run["modalities"]
        ]
        lines += grid(content, run, "weighted F1, %", rows, columns)
    return lines


def _shifts(content: Content) -> list[str]:
    turns = content["turns"]
    rows: list[Row] = [
        (f"{TURNS[kind]} ({turns[kind]:,}), {words}", PERCENT, ["shifts", kind, measure])
        for kind in KINDS
        for measure, words in (("weighted_f1", "weighted F1, %"), ("accuracy", "accuracy, %"))
    ]
    unknown = f"{turns['unknown']:,} turns are left out: they, or the speaker's turn before, are unlabelled."
    return [*across(content, "turns", rows), *([unknown, ""] if turns["unknown"] else [])]


def _calibration(content: Content) -> list[str]:
    names = ("expected_calibration_error", "maximum_calibration_error", "mean_confidence")
    rows: list[Row] = [(f"{name.replace('_', ' ')}, %", PERCENT, ["calibration", name]) for name in names]
    return [*across(content, "measure", rows), "The diagram shows all seeds' predictions, pooled.", ""]


def _comparison(content: Content) -> list[str]:
    first, second = (run["name"] for run in content["runs"])
    seeds, tests = content["comparison"]["seeds"], content["comparison"]["tests"]
    if not seeds:
        return [f"{first} and {second} have no seed in common, so there is nothing to test.", ""]
    by_chance = sum(1 for test in tests if test["randomisation"])
    lines = [
        f"{first} less {second}, over the seeds both have ({', '.join(map(str, seeds))}). The paired t-test "
        "asks whether a difference would survive other seeds; approximate randomisation over conversations, "
        "of scores of the seeds' mean probabilities, whether it would survive other conversations. Beside "
        f"each p-value stands the one corrected by Holm's method for all {len(tests)} measures (of "
        f"randomisation: {by_chance}).",
        "",
        *header("measure", ("difference", "t-test p", "Holm", "randomisation p", "Holm")),
    ]
    notes: dict[str, None] = {}
    for test in tests:
        words, unit = in_words(test["measure"])
        cells = [with_unit(words, unit), number(test["difference"], unit, sign="+")]
        for kind in ("t_test", "randomisation"):
            one = test[kind] or {}
            cells += [chance(one.get("p_value")), chance(one.get("p_holm"))]
            if one and one["p_value"] is None:
                notes[f"- No test of {words}: {one['note']}."] = None
        lines.append(row(cells))
    return [*lines, "", *([*notes, ""] if notes else [])]


def _with(content: Content, part: str) -> list[Content]:
    """The runs of which a part was measured."""
    return [run for run in content["runs"] if run["over_seeds"][part]]
