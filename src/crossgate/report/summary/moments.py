"""The moments most worth a second look by a person."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal

import numpy as np

from crossgate.conversation import INITIALS
from crossgate.report.result import Turn
from crossgate.report.summary.parts import Quote, matrix, quote

Kind = Literal["rare", "at odds", "abstained"]

KINDS: tuple[Kind, ...] = ("rare", "at odds", "abstained")

MOST = 10

AT_ODDS = 0.25
"""Divergence from which on views are called at odds; ours, about that of 80:20 against 20:80."""

SINGLES = {initial: modality for modality, initial in INITIALS.items()}


@dataclass(frozen=True)
class Reason:
    """Why a moment is worth a second look.

    Attributes:
        kind: `rare`, `at odds` or `abstained`.
        score: see `moments`; only comparable within a kind.
        in_words: the reason.
    """

    kind: Kind
    score: float
    in_words: str


@dataclass(frozen=True)
class Moment:
    """A turn worth a second look.

    Attributes:
        rank: 1 for the first.
        turn: what was said, by whom.
        reasons: one at least.
    """

    rank: int
    turn: Quote
    reasons: tuple[Reason, ...]


def divergence(views: Sequence[Mapping[str, float]]) -> float:
    """Jensen-Shannon divergence of two or more distributions, from 0, the same, to 1, nothing in common.

    H(mean) - mean H (Lin, IEEE Transactions on Information Theory 1991) in bits, divided by log2 of the
    number of distributions, its largest value: with two of them that is 1 bit.
    """
    rows = np.array([[view[label] for label in views[0]] for view in views])
    rows = rows / rows.sum(axis=1, keepdims=True)

    def bits(p: np.ndarray) -> float:
        held = p[p > 0]
        return float(-(held * np.log2(held)).sum())

    found = bits(rows.mean(axis=0)) - sum(bits(row) for row in rows) / len(rows)
    return min(1.0, max(0.0, found / math.log2(len(rows))))


def moments(
    turns: Sequence[Turn],
    labels: Sequence[str],
    kinds: Sequence[Kind] = KINDS,
    speaker: str | None = None,
) -> tuple[Moment, ...]:
    """At most ten turns, the best of each kind in turn; a turn that is there for several reasons stands once.

    - rare: the model commits itself to an emotion whose share of all turns is below 1 / (number of emotions);
      score = confidence · -ln(share), the share as the mean of the probabilities over the recording.
    - at odds: the single-modality views that are present name different emotions and diverge by 0.25 or more;
      score = `divergence`. The views have seen each other in the network, so the modalities by themselves may
      differ more.
    - abstained: score = 1 - confidence.

    A moment is a place to look, not a finding: rare emotions are where a classifier errs most, and modalities
    differ in irony as in error.

    Args:
        turns: of the whole recording.
        labels: of the result.
        kinds: those wanted.
        speaker: the moments of this one alone; what is rare is still measured on the whole recording.
    """
    if not turns:
        return ()
    means = dict(zip(labels, matrix(turns, labels).mean(axis=0).tolist(), strict=True))
    reasons: dict[Kind, list[tuple[Turn, Reason]]] = {kind: [] for kind in kinds}
    for turn in turns:
        if speaker is not None and turn.speaker != speaker:
            continue
        for reason in (_rare(turn, means), _at_odds(turn), _abstained(turn)):
            if reason is not None and reason.kind in reasons:
                reasons[reason.kind].append((turn, reason))
    for found in reasons.values():
        found.sort(key=lambda one: -one[1].score)  # stable: the earlier turn first
    chosen: dict[str, Turn] = {}
    for row in zip_longest(*reasons.values()):
        for entry in row:
            if entry is not None and len(chosen) < MOST:
                chosen.setdefault(entry[0].id, entry[0])
        if len(chosen) == MOST:
            break
    all_of: dict[str, list[Reason]] = {id: [] for id in chosen}
    for found in reasons.values():
        for turn, reason in found:
            if turn.id in all_of:
                all_of[turn.id].append(reason)
    return tuple(
        Moment(rank, quote(turn), tuple(all_of[id])) for rank, (id, turn) in enumerate(chosen.items(), 1)
    )


def _rare(turn: Turn, means: Mapping[str, float]) -> Reason | None:
    share = means[turn.emotion]
    if turn.abstained or not 0 < share < 1 / len(means):
        return None
    words = f"{turn.emotion} at {turn.confidence:.0%}, which has only {share:.1%} of this recording"
    return Reason("rare", turn.confidence * -math.log(share), words)


def _at_odds(turn: Turn) -> Reason | None:
    views = {SINGLES[name]: view for name, view in turn.views.items() if name in SINGLES}
    if len(views) < 2:
        return None
    says = {modality: max(view, key=lambda label: view[label]) for modality, view in views.items()}
    apart = divergence(list(views.values()))
    if len(set(says.values())) < 2 or apart < AT_ODDS:
        return None
    words = ", ".join(
        f"{modality} says {emotion} ({views[modality][emotion]:.0%})" for modality, emotion in says.items()
    )
    return Reason("at odds", apart, f"{words}; divergence {apart:.2f}")


def _abstained(turn: Turn) -> Reason | None:
    if not turn.abstained:
        return None
    present = any(use.present for use in turn.modalities.values())
    why = f"{turn.emotion} at {turn.confidence:.0%} is the likeliest" if present else "no modality is there"
    return Reason("abstained", 1 - turn.confidence, f"the model does not commit itself: {why}")
