"""All figures of one recording in one piece, as a view selects them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from crossgate.errors import InputError
from crossgate.report.result import Result, Turn
from crossgate.report.summary.changes import (
    LastState,
    Shifts,
    TurningPoint,
    last_states,
    shifts,
    turning_points,
)
from crossgate.report.summary.moments import Moment, moments
from crossgate.report.summary.overview import Overview, overview
from crossgate.report.summary.parts import counted, plain
from crossgate.report.summary.reactions import Reaction, reactions
from crossgate.report.summary.shares import (
    SpeakerShares,
    Third,
    negative_labels,
    negative_shares,
    shares_by_thirds,
    speaker_shares,
)
from crossgate.report.summary.views import LAW, Figure, View, view_of

SEED = 0


@dataclass(frozen=True)
class Negative:
    """The share of the negative emotions together.

    p_i = Σ of the negative emotions' probabilities; else as `Share`. Which emotions count is a convention
    (`shares.NEGATIVE`); an expressed negative emotion is no sign that something is wrong.

    Attributes:
        emotions: those that count.
        speakers: one share each, over the whole recording.
        thirds: the same in each third.
    """

    emotions: tuple[str, ...]
    speakers: tuple[SpeakerShares, ...]
    thirds: tuple[Third, ...]


@dataclass(frozen=True)
class Summary:
    """The figures of one recording; those that the view does not include are None.

    Attributes:
        view: its name.
        title: of the view.
        speaker: whose figures alone these are, or None for everybody's.
        seed: of the shuffles behind the turning points, the only figure drawn by chance.
        labels: the emotions, in the order of every table.
        headings: figure -> its heading, in the order they are read.
        notes: what the reader must know.
        overview: the recording as a whole, always.
        speakers: shares of every speaker.
        thirds: shares in each third.
        negative: the negative emotions together; None also where the label set is not known.
        shifts: from one turn to the next.
        turning_points: of the recording.
        moments: worth a second look.
        reactions: between speakers; with `speaker` those he or she takes part in.
        last_states: the last turn of every speaker.
    """

    view: str
    title: str
    speaker: str | None
    seed: int
    labels: tuple[str, ...]
    headings: dict[Figure, str]
    notes: tuple[str, ...]
    overview: Overview
    speakers: tuple[SpeakerShares, ...] | None = None
    thirds: tuple[Third, ...] | None = None
    negative: Negative | None = None
    shifts: Shifts | None = None
    turning_points: tuple[TurningPoint, ...] | None = None
    moments: tuple[Moment, ...] | None = None
    reactions: tuple[Reaction, ...] | None = None
    last_states: tuple[LastState, ...] | None = None

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values, without the figures that the view does not include."""
        made: dict[str, Any] = plain(self)
        return {name: value for name, value in made.items() if value is not None or name == "speaker"}


def summarize(result: Result, view: str = "all", speaker: str | None = None, *, seed: int = SEED) -> Summary:
    """The figures of a recording.

    Args:
        result: of the analysis.
        view: one of `VIEWS`.
        speaker: the candidate, customer, student or user: the figures of this speaker alone. The overview
            stays that of the whole recording.
        seed: of the shuffles behind the turning points.

    Raises InputError for an unknown view, and for a speaker who is not in the recording.
    """
    chosen = view_of(view)
    whole = overview(result)
    result = counted(result)
    turns, labels = result.utterances, result.labels
    names = dict.fromkeys(turn.speaker for turn in turns)
    if speaker is not None and speaker not in names:
        raise InputError(
            f"there is no speaker {speaker!r}; there are {', '.join(names) or 'none'}",
            where=result.media.name,
        )

    def wanted(figure: Figure) -> bool:
        return figure in chosen.figures

    def theirs(name: str) -> bool:
        return speaker in (None, name)

    own = tuple(turn for turn in turns if theirs(turn.speaker))
    negative = _negative(result, own, speaker) if wanted("negative") else None
    headings = {figure: words for figure, words in chosen.figures.items() if figure != "negative" or negative}
    return Summary(
        view=view,
        title=chosen.title,
        speaker=speaker,
        seed=seed,
        labels=labels,
        headings=headings,
        notes=_notes(result, chosen, whole.left_out, unknown=wanted("negative") and negative is None),
        overview=whole,
        speakers=speaker_shares(own, labels) if wanted("speakers") else None,
        thirds=_of(shares_by_thirds(result), speaker) if wanted("thirds") else None,
        negative=negative,
        shifts=shifts(turns, after_others=chosen.after_others, speaker=speaker) if wanted("shifts") else None,
        turning_points=turning_points(own, labels, seed) if wanted("turning_points") else None,
        moments=moments(turns, labels, chosen.moments, speaker) if wanted("moments") else None,
        reactions=tuple(one for one in reactions(turns, labels) if theirs(one.first) or theirs(one.then))
        if wanted("reactions")
        else None,
        last_states=last_states(own) if wanted("last_states") else None,
    )


def _of(thirds: tuple[Third, ...], speaker: str | None) -> tuple[Third, ...]:
    return tuple(
        Third(
            one.number,
            one.start,
            one.end,
            tuple(shares for shares in one.speakers if speaker in (None, shares.speaker)),
        )
        for one in thirds
    )


def _negative(result: Result, own: tuple[Turn, ...], speaker: str | None) -> Negative | None:
    emotions = negative_labels(result.labels)
    if emotions is None:
        return None
    return Negative(
        emotions,
        negative_shares(own, result.labels, emotions),
        _of(shares_by_thirds(result, emotions), speaker),
    )


def _notes(result: Result, view: View, left_out: int, *, unknown: bool) -> tuple[str, ...]:
    notes = list(view.notes)
    if left_out:
        notes.append(
            f"{left_out} turn{'s' if left_out > 1 else ''} of which nothing was measured, or in which nobody "
            "speaks, are in no figure."
        )
    beyond_text = any(
        use.share > 0 for turn in result.utterances for name, use in turn.modalities.items() if name != "text"
    )
    if view.at_work_or_school:
        notes.append(LAW)
        if beyond_text:
            notes.append("This recording was read with voice or face, not by text alone.")
    if unknown:
        notes.append("Which of these emotions count as negative is not known: that figure is left out.")
    return tuple(notes)
