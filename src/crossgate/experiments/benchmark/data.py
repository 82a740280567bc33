"""The tables a benchmark trains on: named, generated, or cut from a train split for the legacy protocol."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from crossgate.corpora.surrogate import generate_surrogate
from crossgate.corpora.table import SEALED, CorpusTable, open_parquet, open_table, write_table
from crossgate.errors import InputError
from crossgate.experiments.benchmark.settings import (
    GENERATED_FOLDER,
    HELD_OUT_FOLDER,
    LEGACY,
    SURROGATE,
    BenchmarkSettings,
    CorpusEntry,
)
from crossgate.training.folds import fold_names

HONEST_TABLE = "honest"
"""The cut table whose validation split is the corpus' own."""
LEGACY_TABLE = "legacy"
"""The cut table whose validation split is the conversations held out as if they were a test split."""


def corpus_table(corpus: CorpusEntry, folder: Path) -> CorpusTable:
    """The corpus, generated below `folder` where it is none that lies somewhere.

    Raises InputError where a generated one is there already and was made with other settings.
    """
    if corpus.data != SURROGATE:
        return open_table(Path(corpus.data))
    target = folder / GENERATED_FOLDER / corpus.name
    if not target.is_dir():
        return generate_surrogate(corpus.surrogate, target)
    table = open_table(target)
    if not table.manifest.source.endswith(json.dumps(vars(corpus.surrogate))):
        raise InputError(
            "the generated corpus there was made with other settings",
            where=str(target),
            fix="name another --out, or give the corpus another name",
        )
    return table


def cut_tables(corpus: CorpusEntry, settings: BenchmarkSettings, folder: Path) -> dict[str, CorpusTable]:
    """Two tables with the same train split, by what their validation split is; see the names above.

    Only the train and validation splits are read. Of a corpus with folds the last fold in alphabetical order
    is held out as the test, and the one before is the validation split: single conversations would share
    their speakers with those trained on. Raises InputError where too few conversations are there.
    """
    table = corpus_table(corpus, folder)
    target = folder / HELD_OUT_FOLDER / corpus.name
    how = f"the last of the folds {corpus.selection.group}" if _by_folds(corpus) else f"{settings.held_out:g}"
    hashes = ", ".join(
        f"{name} {split.sha256[:12]}"
        for name, split in table.manifest.splits.items()
        if name.lower() not in SEALED
    )
    note = f"cut from {table.manifest.name} ({hashes}) for the protocol {LEGACY}; held out of train: {how}"
    if not all((target / name).is_dir() for name in (HONEST_TABLE, LEGACY_TABLE)):
        _cut(corpus, settings, table, target, note)
    cut = {name: open_table(target / name) for name in (HONEST_TABLE, LEGACY_TABLE)}
    if any(note not in one.manifest.notes for one in cut.values()):
        raise InputError(
            "the tables there were cut from other data, or otherwise",
            where=str(target),
            fix="name another --out, or remove that folder and the runs made with it",
        )
    return cut


def _by_folds(corpus: CorpusEntry) -> bool:
    return corpus.selection.by == "folds"


def _cut(
    corpus: CorpusEntry, settings: BenchmarkSettings, table: CorpusTable, target: Path, note: str
) -> None:
    """Write what is not there yet of the two tables."""
    content = _content(table, "train")
    split = table.split("train")
    ids = [conversation.id for conversation in split.conversations]
    if _by_folds(corpus):
        names = fold_names(split, corpus.selection.group)
        folds = sorted(set(names))
        if len(folds) < 3:
            raise InputError(
                f"{len(folds)} folds; one to train on, one to choose by and one to hold out are needed",
                where=f"corpora, {corpus.name}",
            )
        held_out = [id for id, name in zip(ids, names, strict=True) if name == folds[-1]]
        chosen_by = [id for id, name in zip(ids, names, strict=True) if name == folds[-2]]
        validation = _rows(content, chosen_by)
    else:
        count = round(settings.held_out * len(ids))
        if not 0 < count < len(ids):
            raise InputError(
                f"held_out is {settings.held_out} of {len(ids)} conversations: nothing is left on one side",
                where=f"corpora, {corpus.name}",
            )
        # Which ones is no matter of luck that a benchmark should vary: always the same, by the corpus alone.
        held_out = [ids[k] for k in np.random.default_rng(0).permutation(len(ids))[:count]]
        chosen_by = []
        validation = _content(table, "validation")
    train = _rows(content, sorted(set(ids) - set(held_out) - set(chosen_by)))
    manifest = replace(table.manifest, splits={}, notes=(*table.manifest.notes, note))
    for name, other in ((HONEST_TABLE, validation), (LEGACY_TABLE, _rows(content, held_out))):
        if not (target / name).is_dir():
            write_table(target / name, manifest, {"train": train, "validation": other})


def _content(table: CorpusTable, split: str) -> pa.Table:
    """The rows of a split that is not sealed. Raises InputError where there is none of that name."""
    table.split(split)
    return open_parquet(table.folder / table.manifest.splits[split].file)


def _rows(content: pa.Table, conversations: list[str]) -> pa.Table:
    """The rows of some conversations, in their order."""
    return content.filter(pc.is_in(content.column("conversation_id"), pa.array(conversations)))
