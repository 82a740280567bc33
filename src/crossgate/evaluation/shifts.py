"""Turns at which a speaker's emotion changes, against turns at which it stays.

Emotions tend to persist, and a model that leans on the context finds those more easily that do. Poria et al.
(Emotion Recognition in Conversation: Research Challenges, Datasets, and Recent Advances, IEEE Access 2019)
name the emotion shift as the harder case.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from crossgate.conversation import Conversation
from crossgate.evaluation.metrics import weighted_f1

SHIFT, SAME, FIRST = "shift", "same", "first"
KINDS = (SHIFT, SAME, FIRST)
UNKNOWN = ""

Kinds = npt.NDArray[np.str_]


@dataclass(frozen=True)
class KindScores:
    """Scores on the turns of one kind; None where there is none.

    Attributes:
        utterances: number of them.
        accuracy: share of them that is right.
        weighted_f1: mean of F1 over emotions, weighted by their frequency among these turns.
    """

    utterances: int
    accuracy: float | None
    weighted_f1: float | None

    def to_json(self) -> dict[str, Any]:
        """The scores as plain JSON values; the number of utterances is left out."""
        return {"accuracy": self.accuracy, "weighted_f1": self.weighted_f1}


def kinds_of_turns(conversations: Iterable[Conversation]) -> Kinds:
    """What happens to the speaker's emotion at every utterance, (utterance,).

    `shift`: it differs from that of the same speaker's previous turn in the conversation; `same`: it does
    not; `first`: the speaker has no previous turn. `UNKNOWN` where this turn or that one is unlabelled.
    """
    found = []
    for conversation in conversations:
        last: dict[str, str | None] = {}
        for utterance in conversation.utterances:
            kind = FIRST
            if utterance.speaker in last:
                kind = SAME if utterance.emotion == last[utterance.speaker] else SHIFT
            before = last.get(utterance.speaker, utterance.emotion)
            found.append(UNKNOWN if utterance.emotion is None or before is None else kind)
            last[utterance.speaker] = utterance.emotion
    return np.array(found, dtype="<U7")


def shift_scores(
    kinds: Kinds, labels: npt.NDArray[np.int64], predicted: npt.NDArray[np.int64], emotions: int
) -> dict[str, KindScores]:
    """Scores by kind of turn.

    Args:
        kinds: (utterance,) of `kinds_of_turns`.
        labels: (utterance,) class indices; every turn of a kind is labelled.
        predicted: (utterance,) class indices.
        emotions: number of emotions.
    """
    found = {}
    for kind in KINDS:
        rows = kinds == kind
        truth, answer = labels[rows], predicted[rows]
        some = bool(len(truth))
        found[kind] = KindScores(
            utterances=len(truth),
            accuracy=float((truth == answer).mean()) if some else None,
            weighted_f1=weighted_f1(truth, answer, emotions) if some else None,
        )
    return found
