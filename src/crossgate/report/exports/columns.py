"""The columns of the tables, CSV and Parquet alike: one row a turn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from crossgate.conversation import MODALITIES
from crossgate.report.result import Result


def columns(result: Result) -> list[tuple[str, type]]:
    """Name and type of every column.

    `start` and `end` are in seconds; `p_<label>` is a calibrated probability; `<modality>_share` is the
    modality's part of the final mixture; `policy` is the usage policy of the analysis. The views are in
    `result.json` alone.
    """
    return [
        ("id", str),
        ("speaker", str),
        ("start", float),
        ("end", float),
        ("text", str),
        ("emotion", str),
        ("confidence", float),
        ("abstained", bool),
        *((f"p_{label}", float) for label in result.labels),
        *(
            (f"{modality}_{name}", kind)
            for modality in MODALITIES
            for name, kind in (("present", bool), ("share", float), ("note", str))
        ),
        ("policy", str),
    ]


def rows(result: Result) -> Iterator[list[Any]]:
    """The cells of every turn, in the order of `columns`; None is unknown."""
    for turn in result.utterances:
        yield [
            turn.id,
            turn.speaker,
            turn.start,
            turn.end,
            turn.text,
            turn.emotion,
            turn.confidence,
            turn.abstained,
            *(turn.probabilities[label] for label in result.labels),
            *(
                cell
                for use in (turn.modalities[modality] for modality in MODALITIES)
                for cell in (use.present, use.share, use.note)
            ),
            result.policy,
        ]
