"""From FER+ files and a face network to a corpus with paired faces: reads, embeds, pairs, writes."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from crossgate.conversation import FeatureSpec
from crossgate.corpora.paired_table import draw_table, open_splits, pair_table
from crossgate.corpora.pairing import FaceBank
from crossgate.corpora.table import CorpusTable, open_table
from crossgate.emotions import UNLABELLED
from crossgate.features.text.turn_settings import ENCODER_FOLDER
from crossgate.features.visual.face_settings import EXPRESSIONS
from crossgate.features.visual.faces import FaceEncoder
from crossgate.files import new_folder, refuse_filled
from crossgate.training.faces.data import VotedFaces, read_voted_faces


def pair_corpus(
    table: CorpusTable,
    faces: Path,
    out: Path,
    *,
    reliability: float,
    missing: float = 0.1,
    seed: int = 0,
    network: Path | None = None,
) -> CorpusTable:
    """Pair a corpus with the faces of a folder; see `pair_table` for what is written.

    Args:
        table: the corpus.
        faces: folder with `<split>.parquet` in the layout of FER+ for each open split of the corpus.
        out: folder of the new table; it must not exist, or be empty.
        reliability: share of faces chosen by the utterance's own emotion.
        missing: share of labelled utterances without a face.
        seed: of the draws.
        network: folder of the face network; the packaged one by default.

    Raises InputError where something does not fit, as early as it can be seen.
    """
    out = Path(out)
    refuse_filled(out)  # before minutes of work, not after
    encoder = FaceEncoder.load(network)
    paths = {name: Path(faces) / f"{name}.parquet" for name in open_splits(table)}
    voted = {name: read_voted_faces(path) for name, path in paths.items()}
    blank = {name: _blank_bank(name, paths[name], voted, encoder.spec) for name in paths}
    settings: dict[str, Any] = {"reliability": reliability, "missing": missing, "seed": seed}
    draw_table(table, blank, **settings)  # whatever is refused is refused here, not after the embedding
    banks = {
        name: replace(bank, values=encoder.encode(voted[name].faces[bank.rows]).embedding)
        for name, bank in blank.items()
    }
    with new_folder(out) as draft:
        pair_table(table, banks, **settings, out=draft)
        if (table.folder / ENCODER_FOLDER).is_dir():  # the texts are the same, and so is what reads them
            shutil.copytree(table.folder / ENCODER_FOLDER, draft / ENCODER_FOLDER)
    return open_table(out)


def usable_faces(voted: VotedFaces, others: Sequence[VotedFaces] = ()) -> npt.NDArray[np.int64]:
    """Rows of the faces with a majority for one expression that are in none of `others`, pixel for pixel.

    FER+ took over the images of FER2013, of which some stand in two parts. See `majority_labels` for what a
    majority is.
    """
    elsewhere = {face.tobytes() for other in others for face in other.faces}
    there = np.array([face.tobytes() in elsewhere for face in voted.faces], dtype=bool)
    return np.flatnonzero((voted.majority != UNLABELLED) & ~there)


def _blank_bank(split: str, path: Path, voted: Mapping[str, VotedFaces], spec: FeatureSpec) -> FaceBank:
    """The faces for a split, their vectors 0 as yet."""
    own = voted[split]
    earlier = list(voted)[: list(voted).index(split)]
    # A file that is given for two splits is left whole here: the pairing refuses it, and says why.
    rows = usable_faces(own, [voted[name] for name in earlier if voted[name].sha256 != own.sha256])
    return FaceBank(
        split=split,
        spec=spec,
        values=np.zeros((len(rows), spec.dimension), dtype=np.float32),
        expressions=tuple(EXPRESSIONS.labels[label] for label in own.majority[rows]),
        rows=rows,
        file=path.name,
        sha256=own.sha256,
    )
