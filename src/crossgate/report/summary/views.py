"""Which figures are shown to whom: one row a use. A view selects and names figures; it computes none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from crossgate.errors import InputError
from crossgate.report.summary.moments import KINDS, Kind

ViewName = Literal["all", "interview", "call", "health", "tutoring", "assistant"]

Figure = Literal[
    "overview",
    "speakers",
    "thirds",
    "negative",
    "shifts",
    "turning_points",
    "moments",
    "reactions",
    "last_states",
]


@dataclass(frozen=True)
class View:
    """What one use is shown.

    Attributes:
        title: of the whole.
        figures: figure -> its heading, in the order they are read.
        notes: what the reader of this view must know.
        moments: the kinds of moments that are listed.
        after_others: shifts are only those in turns right after another speaker's.
        at_work_or_school: whether the use is one where the law may allow text alone.
    """

    title: str
    figures: Mapping[Figure, str]
    notes: tuple[str, ...] = ()
    moments: tuple[Kind, ...] = KINDS
    after_others: bool = False
    at_work_or_school: bool = False


EXPRESSED = (
    "The figures speak of the emotions that words, voice and face express, not of what a person feels."
)

LAW = (
    "In the European Union systems that infer emotions from biometric data, voice and face among them, are "
    "prohibited at work and in education but for medical or safety reasons (Regulation 2024/1689, "
    "Article 5(1)(f)). Text alone is read with `crossgate analyze --policy eu-work-education`."
)

VIEWS: dict[ViewName, View] = {
    "all": View(
        "Expressed emotions",
        {
            "overview": "The recording",
            "speakers": "What each speaker expresses",
            "thirds": "By thirds of the recording",
            "negative": "Negative emotions together",
            "turning_points": "Turning points",
            "shifts": "Shifts from one turn to the next",
            "moments": "Worth a second look",
            "reactions": "Reactions: what is expressed after the other's turn",
            "last_states": "Last turns",
        },
        (EXPRESSED,),
    ),
    "interview": View(
        "Interview",
        {
            "overview": "The interview",
            "speakers": "What interviewer and candidate express",
            "turning_points": "Turning points",
            "moments": "Passages to read again before judging",
            "reactions": "What is expressed after the other's turn",
        },
        (EXPRESSED, "No figure here measures fitness for a job."),
        at_work_or_school=True,
    ),
    "call": View(
        "Customer call",
        {
            "overview": "The call",
            "thirds": "Beginning, middle and end of the call",
            "reactions": "Reactions of agent and customer to each other",
            "turning_points": "Turning points of the call",
        },
        (EXPRESSED, "The agent is at work: the figures are no measure of an agent's performance."),
        at_work_or_school=True,
    ),
    "health": View(
        "Health follow-up",
        {
            "overview": "The conversation",
            "speakers": "What each speaker expresses",
            "negative": "Negative emotions over the conversation",
        },
        (
            EXPRESSED,
            "No figure here is a diagnosis or a sign of an illness.",
            "Given several recordings of one person, their trend is added.",
        ),
    ),
    "tutoring": View(
        "Tutoring session",
        {
            "overview": "The session",
            "shifts": "Shifts from one turn to the next",
            "moments": "Moments where words, voice and face are at odds",
        },
        (EXPRESSED, "No figure here measures learning."),
        moments=("at odds",),
        at_work_or_school=True,
    ),
    "assistant": View(
        "Assistant",
        {
            "overview": "The conversation",
            "last_states": "What the last turn of each speaker expresses",
            "shifts": "Shifts in turns right after the other's",
        },
        (EXPRESSED,),
        after_others=True,
    ),
}
"""The uses that the paper names; a result does not know which of its speakers has which part."""


def view_of(name: str) -> View:
    """The view of a name. Raises InputError for one that there is not."""
    for known, view in VIEWS.items():
        if known == name:
            return view
    raise InputError(f"unknown view {name!r}; expected one of {', '.join(VIEWS)}")
