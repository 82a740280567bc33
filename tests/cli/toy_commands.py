"""Tables and trained runs for the commands to work on."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from crossgate.cli.main import main
from crossgate.corpora.manifest import MANIFEST_FILE, sha256_of

YAML = """
name: toy
features: {text: [toy], audio: [toy], visual: [toy]}
model: {hidden: 16, heads: 2, gate_rank: 4, dropout: 0.1}
training: {epochs: 2, batch_size: 2, learning_rate: 1e-2, average: 0.5, device: cpu}
selection: {group: '_c(\\d)'}
"""


def config(folder: Path, text: str = YAML) -> str:
    """The path of a small experiment."""
    path = folder / "my.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def trained(folder: Path, data: Path, *more: str, name: str = "run") -> Path:
    """A run trained by the command."""
    run = folder / name
    assert main(["train", config(folder), "--data", str(data), "--out", str(run), *more]) == 0
    return run


def changed(data: Path, to: Path, split: str, column: str, values: list[Any]) -> Path:
    """A copy of a table with another column in one split."""
    shutil.copytree(data, to)
    content = pq.read_table(to / f"{split}.parquet")
    place = content.column_names.index(column)
    kind = content.schema.field(column).type
    content = content.set_column(place, column, pa.array(values, type=kind))
    (to / f"{split}.parquet").unlink()
    pq.write_table(content, to / f"{split}.parquet")
    manifest = json.loads((to / MANIFEST_FILE).read_text(encoding="utf-8"))
    manifest["splits"][split]["sha256"] = sha256_of(to / f"{split}.parquet")
    (to / MANIFEST_FILE).write_text(json.dumps(manifest), encoding="utf-8")
    return to


def edit_manifest(data: Path, **changes: Any) -> None:
    """Replace keys of a table's manifest."""
    path = data / MANIFEST_FILE
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | changes), encoding="utf-8")


def emotions(data: Path, split: str) -> list[str | None]:
    """The labels of a split."""
    found: list[str | None] = pq.read_table(data / f"{split}.parquet").column("emotion").to_pylist()
    return found
