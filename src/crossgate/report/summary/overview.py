"""The recording as a whole."""

from __future__ import annotations

from dataclasses import dataclass

from crossgate.conversation import MODALITIES, Modality
from crossgate.report.result import Result, Speaker
from crossgate.report.summary.parts import counted, matrix, seconds_of


@dataclass(frozen=True)
class Overview:
    """The recording as a whole.

    Plain counts and means over the turns of which anything was measured. They say what the other figures rest
    on: few turns, many abstained, or a modality that is mostly absent make all of them weaker.

    Attributes:
        recording: name of its file.
        kind: video, audio or text.
        duration: of the recording in seconds; None for a text.
        model: name of the checkpoint.
        policy: name of the usage policy, or None.
        turns: how many.
        left_out: turns that no figure counts, as nothing of them was measured, or nobody speaks in them.
        speakers: in the order of their first turns.
        seconds: of speech, the sum of the turns; None where one has no times.
        abstained: share of turns on which the model does not commit itself; None without turns.
        present: modality -> share of turns where it could be measured; empty without turns.
        shares: modality -> its mean share of the mixture, over turns where any modality has one; empty
            where none has.
        emotions: emotion -> mean probability over all turns; empty without turns.
        warnings: of the analysis.
    """

    recording: str
    kind: str
    duration: float | None
    model: str
    policy: str | None
    turns: int
    left_out: int
    speakers: tuple[Speaker, ...]
    seconds: float | None
    abstained: float | None
    present: dict[Modality, float]
    shares: dict[Modality, float]
    emotions: dict[str, float]
    warnings: tuple[str, ...]


def overview(result: Result) -> Overview:
    """Of one result."""
    warnings, whole = result.warnings, len(result.utterances)
    result = counted(result)
    turns = result.utterances
    lengths = seconds_of(turns)
    mixed = [turn for turn in turns if sum(use.share for use in turn.modalities.values()) > 0]
    shares: dict[Modality, float] = {
        modality: sum(turn.modalities[modality].share for turn in mixed) / len(mixed)
        for modality in MODALITIES
        if mixed
    }
    present: dict[Modality, float] = {
        modality: sum(turn.modalities[modality].present for turn in turns) / len(turns)
        for modality in MODALITIES
        if turns
    }
    means = matrix(turns, result.labels).mean(axis=0).tolist() if turns else []
    return Overview(
        recording=result.media.name,
        kind=result.media.kind,
        duration=result.media.duration,
        model=result.model.name,
        policy=result.policy,
        turns=len(turns),
        left_out=whole - len(turns),
        speakers=result.speakers,
        seconds=None if lengths is None or not turns else sum(lengths),
        abstained=sum(turn.abstained for turn in turns) / len(turns) if turns else None,
        present=present,
        shares=shares,
        emotions=dict(zip(result.labels, means, strict=True)) if turns else {},
        warnings=tuple(warnings),
    )
