"""Writes a surrogate corpus as a table, with the ceilings beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from crossgate.conversation import FeatureSpec
from crossgate.corpora.manifest import Manifest
from crossgate.corpora.rows import ROW_SCHEMA
from crossgate.corpora.surrogate.bayes import ceilings, draw_sample
from crossgate.corpora.surrogate.chain import Course
from crossgate.corpora.surrogate.evidence import Shown
from crossgate.corpora.surrogate.features import mixed, specs
from crossgate.corpora.surrogate.settings import PROFILES, VERSION, Floats, Profile, SurrogateSettings
from crossgate.corpora.table import CorpusTable, write_table
from crossgate.errors import InputError

CEILINGS_FILE = "ceilings.json"
NOTES = (
    "GENERATED, not data: every label and number comes from a random generator; no person spoke.",
    "It shows and tests the machinery; what a model scores on it says nothing of emotion recognition.",
    f"{CEILINGS_FILE} holds the accuracy that no decision can beat, for every subset of the modalities.",
)
SOURCE = "crossgate surrogate"
"""How the source of a generated corpus begins."""
SPLITS = ("train", "validation", "test")


def generate_surrogate(settings: SurrogateSettings, out: Path) -> CorpusTable:
    """Write the corpus and `ceilings.json` into a new folder, whole or not at all.

    Raises InputError where the folder exists already and is not empty.
    """
    out = Path(out)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):  # before seconds of work, not after
        raise InputError(
            "exists already and is not empty", where=str(out), fix="name another folder, or remove it"
        )
    profile = PROFILES[settings.profile]
    manifest = Manifest(
        name=f"surrogate-{settings.profile}",
        labels=profile.labels,
        features=specs(settings),
        splits={},
        licence="CC0-1.0",
        source=f"{SOURCE}, generator version {VERSION}, settings {json.dumps(vars(settings))}",
        notes=NOTES,
    )
    splits = {
        name: _split(name, stream, getattr(settings, name), settings, profile)
        for stream, name in enumerate(SPLITS)
    }
    return write_table(out, manifest, splits, extra_json={CEILINGS_FILE: ceilings_report(settings)})


def ceilings_report(settings: SurrogateSettings) -> dict[str, Any]:
    """The content of `ceilings.json`: per view the published figure and the ceilings, in percent."""
    profile = PROFILES[settings.profile]
    return {
        "about": "Bayes-optimal accuracy in percent on generated conversations; not a result on any data. "
        "`utterance`: one utterance alone; `past`: with those before it; `conversation`: with all of its "
        "conversation. `target` is the published weighted F1 to which `conversation` was tuned.",
        "profile": settings.profile,
        "generator": VERSION,
        "conversations": settings.ceiling_conversations,
        "most_frequent_emotion": 100.0 * max(profile.prior),
        "views": {
            view: {
                "target": profile.targets[view],
                **{
                    context: {"accuracy": round(mean, 2), "standard_error": round(error, 2)}
                    for context, (mean, error) in found.items()
                },
            }
            for view, found in ceilings(settings, profile).items()
        },
    }


def read_ceilings(folder: Path) -> dict[str, Any]:
    """Read `ceilings.json`. Raises InputError where the folder is no surrogate corpus."""
    path = Path(folder) / CEILINGS_FILE
    if not path.is_file():
        raise InputError(
            "no such file", where=str(path), fix="only `crossgate surrogate` knows its corpus's ceilings"
        )
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def is_generated(table: CorpusTable) -> bool:
    """Whether a corpus is one of `generate_surrogate`, with its ceilings beside it."""
    return table.manifest.source.startswith(SOURCE) and (table.folder / CEILINGS_FILE).is_file()


def _split(name: str, stream: int, count: int, settings: SurrogateSettings, profile: Profile) -> pa.Table:
    """The rows of one split, conversations of two and of three speakers in random order."""
    random = np.random.default_rng([settings.seed, stream, 1])
    parts: list[tuple[Course, Shown, list[Floats], int]] = []
    for course, shown in draw_sample(settings.seed, profile, settings, count, stream).parts:
        vectors = [mixed(random, profile, course, shown, modality) for modality in range(3)]
        parts.extend((course, shown, vectors, row) for row in range(len(course.real)))
    columns: dict[str, list[Any]] = {key: [] for key in ROW_SCHEMA.names}
    features: dict[FeatureSpec, list[Any]] = {spec: [] for spec in specs(settings)}
    for number, chosen in enumerate(random.permutation(len(parts))):
        course, shown, vectors, row = parts[chosen]
        _conversation(columns, random, f"{name}_{number:04d}", course, shown, row, profile)
        turns = int(course.real[row].sum())
        for modality, (_, rows) in enumerate(features.items()):
            values = vectors[modality][row, :turns].astype(np.float32)
            there = shown.present[modality, row, :turns]
            rows.extend(vector if here else None for vector, here in zip(values, there, strict=True))
    table = pa.table(columns, schema=ROW_SCHEMA)
    for spec, rows in features.items():
        table = table.append_column(spec.column, pa.array(rows, pa.list_(pa.float32(), spec.dimension)))
    return table


def _conversation(
    columns: dict[str, list[Any]],
    random: np.random.Generator,
    id: str,
    course: Course,
    shown: Shown,
    row: int,
    profile: Profile,
) -> None:
    """Append the rows of one conversation; times are made up, the text is null."""
    turns = int(course.real[row].sum())
    pauses, lengths = random.uniform(0.1, 1.0, size=turns), random.uniform(1.0, 6.0, size=turns)
    ends = np.round((pauses + lengths).cumsum(), 2)
    starts = np.round(ends - lengths, 2)
    columns["conversation_id"] += [id] * turns
    columns["utterance_id"] += [f"{id}_{turn:02d}" for turn in range(turns)]
    columns["turn"] += list(range(turns))
    columns["speaker"] += ["ABC"[speaker] for speaker in course.speaker[row, :turns]]
    columns["text"] += [None] * turns
    columns["start"] += starts.tolist()
    columns["end"] += ends.tolist()
    columns["emotion"] += [profile.labels.labels[index] for index in course.emotion[row, :turns]]
