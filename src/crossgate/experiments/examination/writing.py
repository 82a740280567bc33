"""Writes an examination: numbers, page, pictures, and the values of single utterances."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from crossgate.conversation import MODALITIES
from crossgate.emotions import UNLABELLED
from crossgate.evaluation.figures import reliability_figure, save_figure
from crossgate.experiments.examination.figures import figures
from crossgate.experiments.examination.page import markdown
from crossgate.experiments.examination.run import Examination
from crossgate.files import new_folder, write_json

NUMBERS_FILE = "examination.json"
PAGE_FILE = "examination.md"
UTTERANCES_FILE = "contributions.parquet"


def write_examination(found: Examination, folder: Path) -> list[Path]:
    """Write everything into a new folder, whole or not at all; returns the paths.

    `contributions.parquet` has a row for every run, seed and utterance: `run, seed, conversation_id,
    utterance_id, emotion`, `turn` (shift, same, first, or empty), `shapley_<modality>` in nats (null where
    unlabelled) and `share_<modality>` of the gates (null where the network has none).

    Raises InputError where the folder exists and is not empty.
    """
    with new_folder(folder) as draft:
        pictures = figures(found.content)
        for place, (name, curve) in enumerate(found.reliability.items()):
            title = f"{name}: {found.content['title']}"
            file = "reliability-against" if place else "reliability"
            pictures[file] = reliability_figure(curve, title=title)
        for name, picture in pictures.items():
            save_figure(picture, draft / f"{name}.png")
        write_json(draft / NUMBERS_FILE, found.content)
        page = markdown(found.content, [f"{name}.png" for name in pictures])
        (draft / PAGE_FILE).write_text(page, encoding="utf-8")
        rows = _utterances(found)
        if rows is not None:
            pq.write_table(rows, draft / UTTERANCES_FILE)
        names = sorted(path.name for path in draft.iterdir())
    return [folder / name for name in names]


def _utterances(found: Examination) -> pa.Table | None:
    """The table of single utterances; None where no run has Shapley values."""
    truth = found.truth
    conversations = truth.split.conversations
    emotions = [truth.label_set.labels[k] if k != UNLABELLED else None for k in truth.labels]
    parts = []
    for run, seeds in found.runs.items():
        for one in seeds:
            if one.contributions is None:
                continue
            count = len(truth.labels)
            columns: dict[str, Any] = {
                "run": [run] * count,
                "seed": [one.seed] * count,
                "conversation_id": [c.id for c in conversations for _ in c.utterances],
                "utterance_id": [u.id for c in conversations for u in c.utterances],
                "emotion": pa.array(emotions, pa.string()),
                "turn": truth.kinds.tolist(),
            }
            own = one.contributions.modalities
            for modality in MODALITIES:
                for name, values in (("shapley", one.contributions.values), ("share", one.shares)):
                    numbers = np.full(count, np.nan)
                    if values is not None and modality in own:
                        numbers = values[:, own.index(modality)].astype(np.float64)
                    columns[f"{name}_{modality}"] = pa.array(numbers, pa.float32(), from_pandas=True)
            parts.append(pa.table(columns))
    return pa.concat_tables(parts) if parts else None
