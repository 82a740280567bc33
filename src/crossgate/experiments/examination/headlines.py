"""The few numbers of an examination that two runs are compared by, with their names in words."""

from __future__ import annotations

from crossgate.conversation import INITIALS, MODALITIES
from crossgate.evaluation.robustness import MISSING, NOISE, SHUFFLED, mean_loss
from crossgate.evaluation.shifts import FIRST, SAME, SHIFT
from crossgate.experiments.examination.measure import Measures

PERCENT, PLAIN, NATS = "%", "", "nats"
"""Units; numbers in percent are shares of 1 in the files."""

NAMES = {INITIALS[modality]: modality for modality in MODALITIES}

FAILED = {MISSING: "missing", SHUFFLED: "of another turn", NOISE: "in noise"}
TURNS = {SHIFT: "emotion shifts", SAME: "emotion stays", FIRST: "speaker's first turn"}


def headlines(measures: Measures) -> dict[str, float]:
    """By key, such as `cka.ta`; what was not measured has no entry."""
    found: dict[str, float | None] = {"weighted_f1": measures.scores["weighted_f1"]}
    for pair, one in measures.redundancy.items():
        found[f"cka.{pair}"] = one.cka
    for pair, one in measures.redundancy.items():
        found[f"cross_correlation.{pair}"] = one.cross_correlation
    if measures.contributions is not None:
        for letter in measures.alone:
            found[f"alone.{letter}"] = measures.contributions.worth_f1[letter]
        for modality, value in measures.contributions.overall.items():
            found[f"shapley.{modality}"] = value
    if measures.gates is not None:
        found["gates.agreement"] = measures.gates.within
    for failure, curves in measures.robustness.items():
        for modality, curve in curves.items():
            found[f"loss.{failure}.{modality}"] = mean_loss(curve)
    for kind in (SHIFT, SAME):
        found[f"turns.{kind}"] = measures.shifts[kind].weighted_f1
    found["calibration_error"] = measures.calibration.expected_calibration_error
    return {key: value for key, value in found.items() if value is not None}


def in_words(key: str) -> tuple[str, str]:
    """The name of a headline, and its unit."""
    what, _, which = key.partition(".")
    if what == "weighted_f1":
        return "weighted F1", PERCENT
    if what == "cka":
        return f"CKA, {pair_name(which)}", PLAIN
    if what == "cross_correlation":
        return f"squared cross-correlation, {pair_name(which)}", PLAIN
    if what == "alone":
        return f"weighted F1, given {NAMES[which]} alone", PERCENT
    if what == "shapley":
        return f"Shapley value, {which}", NATS
    if what == "gates":
        return "rank correlation of shares and Shapley values", PLAIN
    if what == "loss":
        failure, _, modality = which.partition(".")
        return f"weighted F1 lost, {modality} {FAILED[failure]}", PERCENT
    if what == "turns":
        return f"weighted F1, {TURNS[which]}", PERCENT
    return "expected calibration error", PERCENT


def pair_name(pair: str) -> str:
    """`ta` as `text and audio`."""
    return " and ".join(NAMES[letter] for letter in pair)
