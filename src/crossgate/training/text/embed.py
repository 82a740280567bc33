"""Writes a corpus table with a trained text encoder's answers, out of fold where it was trained on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from crossgate.conversation import Conversation, FeatureSpec
from crossgate.corpora.manifest import sha256_of
from crossgate.corpora.rows import vector_column
from crossgate.corpora.table import SEALED, CorpusTable, open_parquet, open_table, write_table
from crossgate.errors import InputError
from crossgate.features.assemble import WITHOUT
from crossgate.features.text.turn_embedder import TurnEmbedder
from crossgate.features.text.turn_settings import ENCODER_FOLDER
from crossgate.files import new_folder
from crossgate.training.record import read_finished
from crossgate.training.text.run import ALL, MEAN, fit_name
from crossgate.training.text.sources import parts_of
from crossgate.training.text.teacher import weights_of


def embed_table(
    run: Path, table: CorpusTable, head: str, folder: Path, teacher: Path | None = None
) -> CorpusTable:
    """Write `table` once more with the column `text_turns`; the test split stays where it is.

    The answers on a train conversation are those of the encoder that left its part out. Where the run left
    out two parts at a time, `text_turns_without_<part>` has the answers for a network that is measured on
    that part: no encoder behind them has read it. The validation split is read by the encoder of everything,
    or by the mean of weights where the run made one.

    Args:
        run: a finished training of the text encoder.
        table: the corpus.
        head: the corpus' name among the run's sources.
        folder: of the new table.
        teacher: the run that taught this one: its encoders read the train split. A pupil's own answers on a
            part that it left out are not clean, since the teachers of the other parts had read it.

    Raises InputError where the run did not learn from this table, or left out no parts, or had a teacher that
    is not named.
    """
    record, aside = read_finished(run), teacher or run
    apart = read_finished(teacher) if teacher else record
    _check(record, table, head, run)
    if teacher:
        if record.get("teacher") != weights_of(teacher):
            raise InputError("this run did not teach the other", where=f"{teacher}, {run}")
        _check(apart, table, head, teacher)
    elif "teacher" in record:
        raise InputError(
            "what this run left out has reached it by way of its teacher",
            where=str(run),
            fix="name the --teacher",
        )
    _check_parts(apart, head, aside)
    encoder = TurnEmbedder.load(run / (MEAN if record["training"].get("mean") else ALL))
    spec = encoder.spec(head)
    files = {
        n: open_parquet(table.folder / s.file) for n, s in table.manifest.splits.items() if n not in SEALED
    }
    specs = {spec.column: spec}
    for name in files:
        split = table.split(name)
        if name != "train":
            values, present = encoder.embed(split.conversations, head)
            files[name] = _with(files[name], spec, values, present)
            continue
        parts = parts_of([c.id for c in split.conversations], apart["training"]["sources"][head]["folds"])
        for left_out, found in _out_of_fold(aside, apart, split.conversations, parts, head).items():
            one = replace(spec, name=spec.name + (WITHOUT + left_out if left_out else ""))
            specs[one.column] = one
            files[name] = _with(files[name], one, *found)
    features = tuple(f for f in table.manifest.features if f.column not in specs) + tuple(specs.values())
    note = (
        "text_turns of the train split is out of fold: no text encoder has read the conversation it embeds; "
        f"encoder {spec.version}"
    )
    manifest = replace(table.manifest, features=features, notes=(*table.manifest.notes, note), derived=False)
    with new_folder(folder) as draft:
        write_table(draft, manifest, files)
        encoder.save(draft / ENCODER_FOLDER)
    return open_table(folder)


def _out_of_fold(
    run: Path,
    record: dict[str, Any],
    conversations: Sequence[Conversation],
    parts: Sequence[str],
    head: str,
) -> dict[str, tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]]:
    """Answers by the part that is to be left out of everything; under an empty name those for all."""
    names = list(dict.fromkeys(parts))
    encoders: dict[str, TurnEmbedder] = {}
    rows = np.repeat(parts, [len(c) for c in conversations])

    def answers(targets: dict[str, tuple[int, ...]]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
        values, present = None, np.zeros(len(rows), dtype=bool)
        for part, left_out in targets.items():
            name = fit_name(left_out)
            if name not in encoders:
                encoders[name] = TurnEmbedder.load(run / name)
            own = [c for c, found in zip(conversations, parts, strict=True) if found == part]
            some, there = encoders[name].embed(own, head)
            if values is None:
                values = np.full((len(rows), some.shape[1]), np.nan, dtype=np.float32)
            values[rows == part], present[rows == part] = some, there
        assert values is not None
        return values, present

    numbers = {name: number for number, name in enumerate(names, 1)}
    found = {"": answers({name: (numbers[name],) for name in names})}
    if record["training"]["leave_out"] == "two":
        for gone in names:
            found[gone] = answers({n: tuple(sorted({numbers[n], numbers[gone]})) for n in names})
    return found


def _with(
    content: pa.Table, spec: FeatureSpec, values: npt.NDArray[np.float32], present: npt.NDArray[np.bool_]
) -> pa.Table:
    """A table with one more column of vectors."""
    if spec.column in content.column_names:
        content = content.drop_columns([spec.column])
    return content.append_column(spec.column, vector_column(values, present))


def _check(record: dict[str, Any], table: CorpusTable, head: str, run: Path) -> None:
    training = record["training"]
    if head not in training["sources"]:
        raise InputError(
            f"this encoder did not learn from {head!r}",
            where=str(run),
            fix=f"sources: {', '.join(training['sources'])}",
        )
    split = table.manifest.splits.get("train")
    if split is None or record["data"][head].get(split.file) != sha256_of(table.folder / split.file):
        raise InputError(
            "the encoder was trained on another train split than this table's", where=str(table.folder)
        )


def _check_parts(record: dict[str, Any], head: str, run: Path) -> None:
    training = record["training"]
    if not training["sources"][head]["folds"] or training["leave_out"] == "none":
        raise InputError(
            "no part was left out, so there are no answers on dialogues the encoder has not read",
            where=str(run),
            fix=f"name its --teacher, or set folds for {head} and leave_out: one (or two), and train again",
        )
