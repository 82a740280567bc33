"""Voices and faces that are missing or wrong never cost more than two points against text alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from checks._corruptions import KINDS, corrupted
from checks._data import data
from checks._readers import Reader, readers
from crossgate.conversation import INITIALS
from crossgate.files import write_json
from promise import Effort, Outcome

PROMISE = "missing or corrupt voices and faces never lower accuracy more than two points below text alone"
LIMIT = 900

MOST_LOST = 2.0
"""Points of accuracy."""

SHARES = (0.25, 0.5, 0.75, 1.0)
"""Of the turns, where all other modalities fail together; alone they fail at all turns."""


def check(effort: Effort) -> Outcome:
    """Every kind of failure, for every checkpoint, against what it says of the text alone."""
    folder = data()
    if folder is None:
        return Outcome(skipped="the corpora are not here")
    outcome, figures = Outcome(), {}
    for reader in readers(folder, effort):
        figures[reader.name] = found = measured(reader, effort)
        lost = {what: found["text"] - accuracy for what, accuracy in found["failures"].items()}
        for what, points in lost.items():
            if points > MOST_LOST:
                outcome.broken(f"{reader.name}, {what}: {points:.2f} points below text alone")
            else:
                outcome.met()
        worst = max(lost, key=lambda what: lost[what])
        outcome.said += (
            f"{reader.name}: text {found['text']:.2f} %, all {found['all']:.2f} %, worst {worst} "
            f"{lost[worst]:+.2f} points, {found['refused_percent']:.2f} % of real measurements refused; "
        )
    write_json(effort.work / "corruptions.json", figures)
    return outcome


def measured(reader: Reader, effort: Effort) -> dict[str, Any]:
    """Accuracies in percent of text alone, of all modalities, and of every failure by its name."""
    others = tuple(m for m in reader.modalities if m != "text")
    bare = replace(
        reader.split, columns={n: c for n, c in reader.split.columns.items() if c.spec.modality == "text"}
    )
    failures = {}
    for number, kind in enumerate(KINDS):
        if number >= effort.cases(len(KINDS), at_least=3):
            break
        for share in SHARES if effort.share >= 0.5 else (1.0,):
            wrong = corrupted(reader.split, others, kind, share, effort.seed)
            letters = "".join(INITIALS[m] for m in others)
            failures[f"{letters} {kind} at {share:.0%}"] = reader.accuracy(wrong)
        for modality in others if len(others) > 1 and kind != "missing" else ():
            wrong = corrupted(reader.split, (modality,), kind, 1.0, effort.seed)
            rest = [m for m in others if m != modality]
            failures[f"{INITIALS[modality]} {kind}, the rest missing"] = reader.accuracy(
                corrupted(wrong, tuple(rest), "missing", 1.0, effort.seed)
            )
    refused, there = reader.refused()
    return {
        "text": reader.accuracy(bare),
        "all": reader.accuracy(reader.split),
        "failures": failures,
        "refused_percent": 100 * refused / max(1, there),
        "utterances": int(np.sum([len(c) for c in reader.split.conversations])),
    }
