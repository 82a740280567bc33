"""`manifest.json`: what a corpus table holds, where it comes from, and the hash of every file."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crossgate.conversation import FeatureSpec
from crossgate.emotions import LabelSet
from crossgate.errors import InputError
from crossgate.files import read_json

MANIFEST_FILE = "manifest.json"
FORMAT = "crossgate-table"
FORMAT_VERSION = 1


@dataclass(frozen=True)
class SplitFile:
    """One `<split>.parquet`: its name, number of utterances and SHA-256."""

    file: str
    rows: int
    sha256: str

    def __post_init__(self) -> None:
        if not (isinstance(self.file, str) and type(self.rows) is int and isinstance(self.sha256, str)):
            raise InputError("a split is a file, its rows and its SHA-256")


@dataclass(frozen=True)
class Manifest:
    """The description of a corpus table.

    Attributes:
        name: short name of the corpus, for example `meld`.
        labels: the label set.
        features: the extractor behind every feature column.
        splits: file, rows and hash of each split.
        licence: terms of the data, in words; `unknown` where nobody said.
        source: where the data come from, in words.
        notes: what a reader must know before he uses the table (repairs, omissions, warnings).
        derived: True when there was no `manifest.json` and this one was read off the Parquet files.
    """

    name: str
    labels: LabelSet
    features: tuple[FeatureSpec, ...]
    splits: dict[str, SplitFile]
    licence: str = "unknown"
    source: str = "unknown"
    notes: tuple[str, ...] = ()
    derived: bool = field(default=False, compare=False)

    def spec(self, column: str) -> FeatureSpec | None:
        """The spec of a feature column, None where the table has no such column."""
        return next((spec for spec in self.features if spec.column == column), None)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values, the layout of the file."""
        return {
            "format": FORMAT,
            "version": FORMAT_VERSION,
            "name": self.name,
            "labels": {"name": self.labels.name, "labels": list(self.labels.labels)},
            "features": [spec.to_json() for spec in self.features],
            "splits": {name: vars(split) for name, split in self.splits.items()},
            "licence": self.licence,
            "source": self.source,
            "notes": list(self.notes),
        }

    @classmethod
    def from_json(cls, content: dict[str, Any], where: str) -> Manifest:
        """Read the layout of `to_json`. Raises InputError naming the key that is missing or wrong."""
        if content.get("format") != FORMAT or content.get("version") != FORMAT_VERSION:
            raise InputError(
                f"expected format {FORMAT!r} version {FORMAT_VERSION}, got "
                f"{content.get('format')!r} version {content.get('version')!r}",
                where=where,
            )
        try:
            if not isinstance(content["labels"]["labels"], list):
                raise TypeError("labels.labels must be a list of names")
            return cls(
                name=str(content["name"]),
                labels=LabelSet(content["labels"]["name"], tuple(content["labels"]["labels"])),
                features=tuple(FeatureSpec(**spec) for spec in content["features"]),
                splits={name: SplitFile(**split) for name, split in content["splits"].items()},
                licence=str(content.get("licence", "unknown")),
                source=str(content.get("source", "unknown")),
                notes=tuple(content.get("notes", ())),
            )
        except InputError as error:  # what checks itself knows no file
            raise InputError(error.what, where=error.where or where, fix=error.fix) from error
        except (KeyError, TypeError, AttributeError) as error:
            raise InputError(
                f"the manifest lacks a key or has one too many: {error}",
                where=where,
                fix="write it with crossgate.corpora.table.write_table, or delete it to have one derived",
            ) from error


def read_manifest(folder: Path) -> Manifest:
    """Read `manifest.json` of a table folder."""
    path = folder / MANIFEST_FILE
    content = read_json(path)
    if not isinstance(content, dict):
        raise InputError(f"expected an object, got {type(content).__name__}", where=str(path))
    return Manifest.from_json(content, str(path))


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
