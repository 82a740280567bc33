"""Writes a corpus anew with faces paired to its utterances; `pairing.py` says what that is and is not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from crossgate.conversation import FeatureSpec
from crossgate.corpora.manifest import Manifest
from crossgate.corpora.pairing import COUNTERPARTS, WORDS, FaceBank, column_of, draw_faces, paired_spec
from crossgate.corpora.rows import vector_column
from crossgate.corpora.table import SEALED, CorpusTable, Split, open_parquet, write_table
from crossgate.errors import InputError

PAIRING_FILE = "pairing.json"
FACE_COLUMN = "face_row"
"""Column of the table that holds the row of an utterance's face in the file of faces; null without one."""


@dataclass(frozen=True)
class PairedSplit:
    """What came of pairing one split; numbers of utterances, and of faces where that is said.

    Attributes:
        utterances: of the split.
        unlabelled: without an emotion, hence without a face.
        missing: labelled, but left without a face on purpose.
        paired: with a face.
        own_emotion: of those, with a face of their own emotion, by the coin or by chance.
        distinct_faces: different faces among them.
        faces: faces to draw from, by emotion.
        file: the faces' file.
        sha256: of that file.
    """

    utterances: int
    unlabelled: int
    missing: int
    paired: int
    own_emotion: int
    distinct_faces: int
    faces: dict[str, int]
    file: str
    sha256: str

    def __str__(self) -> str:
        share = self.own_emotion / max(1, self.paired)
        return (
            f"of {self.utterances:,} utterances {self.paired:,} have a face, {100 * share:.1f} % of them one "
            f"of their own emotion ({self.distinct_faces:,} different faces); {self.missing:,} have none on "
            f"purpose, {self.unlabelled:,} for want of a label"
        )


def pair_table(
    table: CorpusTable,
    banks: Mapping[str, FaceBank],
    *,
    reliability: float,
    missing: float = 0.1,
    seed: int = 0,
    out: Path,
) -> CorpusTable:
    """Write a corpus anew with paired faces as a visual feature: its open splits, all columns kept.

    The test split is neither opened nor written. `pairing.json` beside the table holds the settings and what
    came of them, and the column `face_row` says which face an utterance got.

    Args:
        table: the corpus.
        banks: by split, one for each open split of the corpus.
        reliability: see `draw_faces`.
        missing: see `draw_faces`.
        seed: see `draw_faces`.
        out: folder of the new table; it must not exist, or be empty.

    Raises InputError as `draw_table` does, and where `out` is not empty.
    """
    settings: dict[str, Any] = {"reliability": reliability, "missing": missing, "seed": seed}
    contents, outcomes = {}, {}
    for name, faces in draw_table(table, banks, **settings).items():
        contents[name] = _with_faces(open_parquet(_path(table, name)), banks[name], faces)
        outcomes[name] = _outcome(table.split(name), banks[name], faces)
    spec = paired_spec(next(banks[name].spec for name in contents))
    return write_table(
        out,
        _manifest(table.manifest, spec, settings, outcomes),
        contents,
        extra_json={
            PAIRING_FILE: {
                "about": f"{WORDS}. To train and compare with; a gain by them is no gain on the corpus.",
                "corpus": {name: table.manifest.splits[name].sha256 for name in contents},
                **settings,
                "network": spec.to_json(),
                "splits": {name: asdict(outcome) for name, outcome in outcomes.items()},
            }
        },
    )


def draw_table(
    table: CorpusTable, banks: Mapping[str, FaceBank], *, reliability: float, missing: float, seed: int
) -> dict[str, npt.NDArray[np.int64]]:
    """`draw_faces` for every open split of a corpus; arguments as in `pair_table`.

    Raises InputError where a bank is missing, two are of one file or made by different networks, the corpus
    is paired already or has such a column, and as `draw_faces` does.
    """
    names = open_splits(table)
    if lacking := [name for name in names if name not in banks]:
        raise InputError(
            f"no faces for the {' and the '.join(lacking)} split",
            where=str(table.folder),
            fix="give the faces of the part of FER+ of the same name",
        )
    _refuse_unequal({name: banks[name] for name in names})
    present = {column for name in names for column in open_parquet(_path(table, name)).column_names}
    if taken := sorted(present & {FACE_COLUMN, *(banks[name].spec.column for name in names)}):
        raise InputError(
            f"the corpus has a column {' and a column '.join(taken)} already",
            where=str(table.folder),
            fix="pair the corpus as it was before, not one that is paired or has faces of its own",
        )
    return {
        name: draw_faces(table.split(name), banks[name], reliability=reliability, missing=missing, seed=seed)
        for name in names
    }


def open_splits(table: CorpusTable) -> list[str]:
    """The names of a corpus' splits that may be paired: all but test. Raises InputError for none."""
    names = [name for name in table.manifest.splits if name.lower() not in SEALED]
    if not names:
        raise InputError("no split but the test split, which stays shut", where=str(table.folder))
    return names


def _path(table: CorpusTable, split: str) -> Path:
    return table.folder / table.manifest.splits[split].file


def _refuse_unequal(banks: Mapping[str, FaceBank]) -> None:
    """Raise InputError for vectors of two networks, and for one file used twice."""
    first, *others = banks.values()
    for other in others:
        if not first.spec.matches(other.spec):
            raise InputError(
                f"the faces of {first.file} were embedded by {first.spec}, those of {other.file} by "
                f"{other.spec}",
                fix="embed both by one network",
            )
    seen: dict[str, str] = {}
    for split, bank in banks.items():
        if bank.sha256 in seen:
            raise InputError(
                f"the faces for {split} are the file that is used for {seen[bank.sha256]}",
                where=bank.file,
                fix="a face must stay on its side: give each split the part of FER+ of the same name",
            )
        seen[bank.sha256] = split


def _with_faces(content: pa.Table, bank: FaceBank, faces: npt.NDArray[np.int64]) -> pa.Table:
    """The rows of a split with the faces' rows and vectors, null where there is none."""
    column = column_of(bank, faces)
    vectors = vector_column(column.values, column.present)
    rows = pa.array(bank.rows[faces], pa.int64(), mask=~column.present)
    return content.append_column(FACE_COLUMN, rows).append_column(column.spec.column, vectors)


def _outcome(split: Split, bank: FaceBank, faces: npt.NDArray[np.int64]) -> PairedSplit:
    emotions = [u.emotion for c in split.conversations for u in c.utterances]
    paired = [(emotion, face) for emotion, face in zip(emotions, faces.tolist(), strict=True) if face >= 0]
    unlabelled = emotions.count(None)
    counts = Counter(COUNTERPARTS[name] for name in bank.expressions if name in COUNTERPARTS)
    return PairedSplit(
        utterances=len(emotions),
        unlabelled=unlabelled,
        missing=len(emotions) - unlabelled - len(paired),
        paired=len(paired),
        own_emotion=sum(COUNTERPARTS[bank.expressions[face]] == emotion for emotion, face in paired),
        distinct_faces=len({face for _, face in paired}),
        faces=dict(sorted(counts.items())),
        file=bank.file,
        sha256=bank.sha256,
    )


def _manifest(
    source: Manifest, spec: FeatureSpec, settings: Mapping[str, Any], outcomes: Mapping[str, PairedSplit]
) -> Manifest:
    """The corpus' manifest, with what was done to it in the first line."""
    drawn = ", ".join(f"{name} {value}" for name, value in settings.items())
    files = ", ".join(f"{outcome.file} (SHA-256 {outcome.sha256})" for outcome in outcomes.values())
    return Manifest(
        name=f"{source.name}-paired",
        labels=source.labels,
        features=(*source.features, spec),
        splits={},
        licence=f"{source.licence}; the faces behind {spec.column}: images from the web, no clear licence",
        source=f"{WORDS}: {drawn}; {files}; network {spec}\nAll but the faces: {source.source}",
        notes=(
            f"{WORDS}: to train and compare with. A gain by them is no gain on {source.name}.",
            *(f"{name}: {outcome}" for name, outcome in outcomes.items()),
            "A speaker does not keep a face; a face stands in several conversations of a split.",
            *source.notes,
        ),
    )
