"""The corpus table: a folder of `<split>.parquet` and `manifest.json`, one row per utterance in order.

The test split is not read here: `evaluation/sealed.py` is the only way to it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from crossgate.conversation import MODALITIES, Conversation, FeatureSpec
from crossgate.corpora.defined import version_of
from crossgate.corpora.manifest import (
    MANIFEST_FILE,
    Manifest,
    SplitFile,
    read_manifest,
    sha256_of,
)
from crossgate.corpora.rows import conversations_of, feature_values, is_vector, plain_values
from crossgate.emotions import label_set_of, refuse_misspelt
from crossgate.errors import InputError, reason_of
from crossgate.files import new_folder, write_json

LONGEST_NAME = 100
"""Characters of a split's file name; file systems take 255 bytes."""

SEALED = frozenset({"test"})
"""Splits that open only through `evaluation/sealed.py`."""


@dataclass(frozen=True)
class FeatureColumn:
    """The vectors of one extractor over the utterances of a split.

    Attributes:
        spec: what made them.
        values: (utterance, feature) float32, as stored: NaN where a dimension could not be measured.
        present: (utterance,) bool; False where the vector is null or all NaN.
    """

    spec: FeatureSpec
    values: npt.NDArray[np.float32]
    present: npt.NDArray[np.bool_]


class Release(NamedTuple):
    """A released corpus as it was read, not written yet.

    Attributes:
        folder: where it was found.
        manifest: without its splits, which `write_table` fills in.
        contents: the rows of every split, features not among them.
    """

    folder: Path
    manifest: Manifest
    contents: dict[str, pa.Table]


@dataclass(frozen=True)
class Split:
    """One split in memory: conversations and, row for row in the same order, their feature columns.

    Attributes:
        name: train, validation, test or what the table calls it.
        conversations: in the order of the file.
        columns: feature columns by column name.
        sha256: of the file the split was read from.
    """

    name: str
    conversations: tuple[Conversation, ...]
    columns: dict[str, FeatureColumn]
    sha256: str

    @property
    def rows(self) -> int:
        """Number of utterances."""
        return sum(len(conversation) for conversation in self.conversations)

    def select(self, keep: Callable[[Conversation], bool], name: str | None = None) -> Split:
        """The conversations for which `keep` holds, with their feature rows."""
        kept = [keep(conversation) for conversation in self.conversations]
        lengths = [len(conversation) for conversation in self.conversations]
        rows = np.repeat(np.asarray(kept, dtype=bool), lengths)
        return Split(
            name=name or self.name,
            conversations=tuple(c for c, k in zip(self.conversations, kept, strict=True) if k),
            columns={
                key: replace(column, values=column.values[rows], present=column.present[rows])
                for key, column in self.columns.items()
            },
            sha256=self.sha256,
        )


@dataclass(frozen=True)
class CorpusTable:
    """A corpus table that was opened: its folder and its manifest."""

    folder: Path
    manifest: Manifest

    def split(self, name: str) -> Split:
        """Read a split that is not sealed. Raises InputError for the test split and for unknown ones."""
        if name.lower() in SEALED:
            raise InputError(
                f"the {name} split is sealed",
                where=str(self.folder),
                fix="`crossgate evaluate` and `crossgate predict` open it and record that they did",
            )
        return read_split(self, name)


def open_table(folder: Path) -> CorpusTable:
    """Open a table, or a bare folder of `<split>.parquet` whose manifest is then derived.

    Raises InputError where the folder, a file or a hash is not as it should be.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(
            "no such folder", where=str(folder), fix="name the folder that holds <split>.parquet"
        )
    if not (folder / MANIFEST_FILE).exists():
        return _sealed_apart(CorpusTable(folder, derive_manifest(folder)))
    manifest = read_manifest(folder)
    for name, split in manifest.splits.items():
        path = folder / split.file
        if path.name != split.file or len(split.file) > LONGEST_NAME or "\0" in split.file:
            raise InputError(f"{split.file!r} is not a plain file name", where=str(folder / MANIFEST_FILE))
        if name.lower() in SEALED:
            continue  # looked at when it is opened; what does not open it need not have it
        if not path.is_file():
            raise InputError("the manifest names this file, but it is not there", where=str(path))
        if sha256_of(path) != split.sha256:
            raise InputError(
                "the file is not the one the manifest describes (its SHA-256 differs)",
                where=str(path),
                fix="fetch or import the corpus again; if the change was meant, delete manifest.json",
            )
    return _sealed_apart(CorpusTable(folder, manifest))


def _sealed_apart(table: CorpusTable) -> CorpusTable:
    """The table, unless a split under another name is the test split after all."""
    splits = table.manifest.splits
    sealed = {split.sha256 for name, split in splits.items() if name.lower() in SEALED}
    for name, split in splits.items():
        alias = Path(split.file).stem.lower() in SEALED or split.sha256 in sealed
        if alias and name.lower() not in SEALED:
            raise InputError(
                f"the split {name!r} is the test split under another name ({split.file})",
                where=str(table.folder),
                fix="give every split utterances of its own",
            )
    return table


def derive_manifest(folder: Path) -> Manifest:
    """Read a manifest off a bare folder of Parquet files.

    Columns named `<modality>_<name>` that hold lists of numbers become features, of version `unknown` where
    the name stands for no definition of ours.
    """
    files = sorted(folder.glob("*.parquet"))
    if not files:
        raise InputError(
            "neither manifest.json nor a <split>.parquet in this folder",
            where=str(folder),
            fix="`crossgate import` and `crossgate surrogate` write tables",
        )
    splits: dict[str, SplitFile] = {}
    specs: dict[str, FeatureSpec] = {}
    emotions: set[str] = set()
    # Of a sealed split only the number of rows is asked, unless there is no other to learn the columns from.
    shown = [path for path in files if path.stem.lower() not in SEALED] or files
    for path in files:
        if path not in shown:
            splits[path.stem] = SplitFile(path.name, _rows_of(path), sha256_of(path))
            continue
        table = open_parquet(path)
        splits[path.stem] = SplitFile(path.name, table.num_rows, sha256_of(path))
        for field in table.schema:
            modality = next((m for m in MODALITIES if field.name.startswith(f"{m}_")), None)
            if modality is None or not is_vector(field.type) or field.name in specs:
                continue
            values, _ = feature_values(table.column(field.name), f"{path}, column {field.name}")
            if values.shape[1]:
                specs[field.name] = FeatureSpec(
                    modality,
                    field.name.removeprefix(f"{modality}_"),
                    version_of(field.name, values.shape[1]),
                    values.shape[1],
                    f"column of {folder.name}/{path.name}",
                )
        if "emotion" in table.column_names and path.stem.lower() not in SEALED:
            # What is no string is refused, with its row, when the split is read.
            emotions.update(e for e in plain_values(table, "emotion", str(path)) if e and isinstance(e, str))
    refuse_misspelt(emotions, str(folder))
    order = {"train": 0, "validation": 1, "test": 2}
    return Manifest(
        name=folder.resolve().name,
        labels=label_set_of(emotions),
        features=tuple(specs.values()),
        splits=dict(sorted(splits.items(), key=lambda item: (order.get(item[0], 3), item[0]))),
        notes=("derived from the Parquet files; licence and source are not known",),
        derived=True,
    )


def _rows_of(path: Path) -> int:
    """Rows of a Parquet file by its footer; 0 where that cannot be read: opening the split will say why."""
    try:
        return int(pq.ParquetFile(path).metadata.num_rows)
    except (pa.ArrowException, OSError):
        return 0


def open_parquet(path: Path) -> pa.Table:
    """Read a Parquet file memory-mapped. Raises InputError where it is not one, or is cut short."""
    try:
        table = pq.read_table(path, memory_map=True)
        table.column_names  # noqa: B018  # decoded when asked for: no UTF-8, and it is no such file
        return table
    except FileNotFoundError:
        raise InputError("the manifest names this file, but it is not there", where=str(path)) from None
    except (pa.ArrowException, OSError, ValueError, MemoryError) as error:
        raise InputError(
            f"not a readable Parquet file: {reason_of(error)}",
            where=str(path),
            fix="the file may have been cut short: fetch or import it again",
        ) from error


def read_split(table: CorpusTable, name: str) -> Split:
    """Read any split, sealed or not. For this module, the audit and `evaluation/sealed.py` alone."""
    entry = table.manifest.splits.get(name)
    if entry is None:
        raise InputError(
            f"no split {name!r}; the table has {', '.join(table.manifest.splits)}", where=str(table.folder)
        )
    path = table.folder / entry.file
    content = open_parquet(path)
    columns = {}
    for spec in table.manifest.features:
        if spec.column not in content.column_names:
            continue
        where = f"{path}, column {spec.column}"
        values, present = feature_values(content.column(spec.column), where, dimension=spec.dimension)
        columns[spec.column] = FeatureColumn(spec, values, present)
    if not content.num_rows:
        raise InputError("the split has no utterance", where=str(path), fix="leave the file out, or fill it")
    conversations = conversations_of(content, table.manifest.labels, str(path))
    return Split(name, conversations, columns, entry.sha256)


def write_table(
    folder: Path,
    manifest: Manifest,
    splits: Mapping[str, pa.Table],
    extra_json: Mapping[str, Any] | None = None,
) -> CorpusTable:
    """Write a table, whole or not at all; `manifest.splits` is filled in from `splits`.

    `extra_json` are further files of the folder, content by file name. Raises InputError where
    the folder exists already: nothing is overwritten.
    """
    with new_folder(Path(folder)) as draft:
        entries = {}
        for name, content in splits.items():
            path = draft / f"{name}.parquet"
            pq.write_table(content, path, compression="zstd")
            entries[name] = SplitFile(path.name, content.num_rows, sha256_of(path))
        written = replace(manifest, splits=entries)
        write_json(draft / MANIFEST_FILE, written.to_json())
        for name, extra in (extra_json or {}).items():
            write_json(draft / name, extra)
        for name in splits:  # what was written must be readable by the rules of the reader
            read_split(CorpusTable(draft, written), name)
    return open_table(Path(folder))
