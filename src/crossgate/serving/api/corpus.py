"""What people corrected, as a corpus table to train on."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from crossgate import __version__
from crossgate.corpora.manifest import MANIFEST_FILE, Manifest
from crossgate.corpora.rows import ROW_SCHEMA
from crossgate.corpora.table import write_table
from crossgate.emotions import KNOWN, LabelSet
from crossgate.report.result import Result
from crossgate.serving.api.context import Context
from crossgate.serving.api.errors import ApiError
from crossgate.serving.api.found import result_of_recording
from crossgate.serving.storage.corrections import corrections_of
from crossgate.serving.storage.projects import Access
from crossgate.serving.storage.recordings import Filter, listed
from crossgate.serving.storage.tables import COMPLETED, Recording

SPLIT = "train"

SCHEMA = pa.schema([*ROW_SCHEMA, ("predicted", pa.string())])
"""Of every row; `predicted` is what the model said of the turn, and no label to train on."""

PAGE = 200


def write_corpus(context: Context, access: Access, only_corrected: bool, folder: Path) -> Path:
    """Write a project's conversations as a corpus table, and pack it; returns the ZIP file.

    The emotion of a turn is a person's; turns that nobody corrected have none. Who corrected them, and what
    he noted, is not in it.

    Args:
        context: the service.
        access: whose conversations.
        only_corrected: leave out conversations without any correction.
        folder: for the files; it is empty.

    Raises ApiError (409) where there is no conversation to put in.
    """
    rows: list[dict[str, Any]] = []
    label_sets: dict[tuple[str, ...], None] = {}
    conversations = corrected = 0
    for recording in _completed(context, access, only_corrected):
        found = corrections_of(context.storage.database, access.project_id, recording.id)
        try:
            result = result_of_recording(context, recording)
        except ApiError:  # deleted since it was listed
            continue
        emotions = {each.utterance_id: each.emotion for each in found or ()}
        rows += _rows(recording.id, result, emotions)
        label_sets[result.labels] = None
        conversations += 1
        corrected += len(emotions)
    if not rows:
        raise ApiError(409, "correct a turn first", title="There is nothing to make a corpus of")
    manifest = Manifest(
        name=f"{access.project}-corrections",
        labels=_labels(tuple(label_sets)),
        features=(),
        splits={},
        licence="unknown: the recordings are of those who sent them",
        source=f"corrections by people, kept by crossgate {__version__}",
        notes=(
            f"{conversations} conversations, {corrected} of {len(rows)} turns with the emotion a person "
            "gave; the others have none",
            "the column predicted is what a model said, and no label",
            *_mixed(tuple(label_sets)),
        ),
    )
    table = write_table(folder / "table", manifest, {SPLIT: pa.Table.from_pylist(rows, schema=SCHEMA)})
    packed = folder / "corpus.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in (MANIFEST_FILE, *(split.file for split in table.manifest.splits.values())):
            archive.write(table.folder / name, name)
    return packed


def _completed(context: Context, access: Access, only_corrected: bool) -> Iterator[Recording]:
    """The newest first."""
    cursor = None
    while True:
        page = listed(context.storage.database, access.project_id, Filter(state=COMPLETED), PAGE, cursor)
        yield from (each for each in page.items if each.corrections or not only_corrected)
        cursor = page.next
        if cursor is None:
            return


def _rows(recording: str, result: Result, emotions: dict[str, str]) -> list[dict[str, Any]]:
    """One a turn. Ids of turns are unique in a recording alone, so its own id goes before them."""
    return [
        {
            "conversation_id": recording,
            "utterance_id": f"{recording}/{turn.id}",
            "turn": place,
            "speaker": turn.speaker,
            "text": turn.text,
            "start": turn.start,
            "end": turn.end,
            "emotion": emotions.get(turn.id),
            "predicted": turn.emotion,
        }
        for place, turn in enumerate(result.utterances)
    ]


def _labels(sets: Sequence[tuple[str, ...]]) -> LabelSet:
    """The emotions of all results, in the order they are met."""
    labels = tuple(dict.fromkeys(label for labels in sets for label in labels))
    name = next((known.name for known in KNOWN if known.labels == labels), "custom")
    return LabelSet(name, labels)


def _mixed(sets: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    if len(sets) == 1:
        return ()
    said = "; ".join(", ".join(labels) for labels in sets)
    return (f"the conversations were analysed by models of {len(sets)} sets of emotions: {said}",)
