"""Conversations and what was measured of them, made ready for a network without a table on a disk."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from crossgate.conversation import Conversation, FeatureSpec
from crossgate.corpora.table import FeatureColumn, Split
from crossgate.evaluation.members import examples_of
from crossgate.features.dataset import Example, Features, make_examples
from crossgate.models.checkpoint import Checkpoint


def examples_in_memory(
    conversations: Sequence[Conversation],
    checkpoint: Checkpoint,
    measured: Iterable[FeatureColumn] = (),
    *,
    plausible: bool = True,
) -> list[Example]:
    """What a checkpoint reads of conversations; whatever nobody measured is missing, be it everything.

    Args:
        conversations: their texts are read by the checkpoint's own encoder.
        checkpoint: what will read them.
        measured: columns over all utterances in order, of the checkpoint's features or not.
        plausible: take for missing what cannot have been measured.
    """
    worded = has_words(conversations)
    split = _split(conversations, checkpoint, measured, worded)
    if ("text" in checkpoint.specs and worded) or any(
        column.present.any() for column in split.columns.values()
    ):
        # What people say to each other is not left lying on a disk.
        return examples_of(checkpoint, split, cache=False, plausible=plausible)
    nothing = {
        modality: Features(
            np.zeros((split.rows, len(standardizer.mean)), np.float32), np.zeros(split.rows, dtype=bool)
        )
        for modality, standardizer in checkpoint.standardizers.items()
    }
    return make_examples(conversations, nothing, checkpoint.standardizers, checkpoint.labels)


def has_words(conversations: Iterable[Conversation]) -> bool:
    """Whether any utterance has a text."""
    return any(u.text and u.text.strip() for c in conversations for u in c.utterances)


def _split(
    conversations: Sequence[Conversation],
    checkpoint: Checkpoint,
    measured: Iterable[FeatureColumn],
    worded: bool,
) -> Split:
    rows = sum(len(conversation) for conversation in conversations)
    columns = {column.spec.column: column for column in measured}
    for modality, specs in checkpoint.specs.items():
        for name, spec in zip(checkpoint.features.names(modality), specs, strict=True):
            if modality != "text" or not worded:
                columns.setdefault(f"{modality}_{name}", _missing(spec, rows))
    return Split("in memory", tuple(conversations), columns, sha256="")


def _missing(spec: FeatureSpec, rows: int) -> FeatureColumn:
    """A column of which nothing is there."""
    nothing = np.full((rows, spec.dimension), np.nan, dtype=np.float32)
    return FeatureColumn(spec, nothing, np.zeros(rows, dtype=bool))
