"""A training of a second on a generated corpus, what it leaves behind, and the same one disturbed."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from checks._forked import Ended, forked
from crossgate.cli.main import main
from crossgate.corpora.surrogate import generate_surrogate
from crossgate.corpora.surrogate.settings import SurrogateSettings
from crossgate.corpora.table import open_parquet, write_table

YAML = """
name: tiny
features: {text: [surrogate64], audio: [surrogate32], visual: [surrogate24]}
model: {hidden: 8, heads: 2, gate_rank: 2, dropout: 0.3}
training:
  {epochs: 3, batch_size: 3, learning_rate: 0.01, average: 0.9, device: cpu, hide_modality: 0.2,
   hide_turn: 0.1}
selection: {group: '([12])$'}
"""
"""Two folds: the conversations whose numbers end in 1, and in 2."""

SIZES = {"train": 6, "validation": 3, "test": 1, "shortest": 2, "longest": 4, "ceiling_conversations": 4}

Wound = Callable[[], None]
"""What is done to a training process before it begins."""


class Trainings:
    """Trainings of one recipe, beside one that nothing disturbed.

    Args:
        work: a folder for all of them.
        folds: whether the epoch is selected by folds.
    """

    def __init__(self, work: Path, *, folds: bool = False) -> None:
        self.work = work
        work.mkdir(parents=True, exist_ok=True)
        os.environ["CROSSGATE_CACHE"] = str(work / "cache")
        self._data = work / "table"
        if folds:
            _numbered(self._data)
        else:
            generate_surrogate(SurrogateSettings(**SIZES), self._data)
        self._config = work / "tiny.yaml"
        self._config.write_text(YAML, encoding="utf-8")
        self._by = f"selection.by={'folds' if folds else 'validation'}"
        with redirect_stdout(io.StringIO()):  # in this process: what it imports, no fork has to import again
            main(self.arguments("whole"))
        self.whole = self.left("whole")
        ended = self.train("again")
        if ended.code or self.difference("again"):
            raise RuntimeError(ended.said + self.difference("again"))
        self.seconds = ended.seconds

    def arguments(self, name: str, *more: str) -> list[str]:
        """The command, for a run of that name."""
        paths = [str(self._config), "--data", str(self._data), "--out", str(self.work / name)]
        options = [one for one in more if one.startswith("--")]
        replaced = [one for one in more if not one.startswith("--")]
        return ["train", *paths, "--set", " ".join([self._by, *replaced]), *options]

    def train(
        self, name: str, *more: str, wound: Wound | None = None, kill_after: float | None = None
    ) -> Ended:
        """Train in a process of its own; `more` are options, and settings in place of the file's."""

        def work() -> int:
            if wound:
                wound()
            return main(self.arguments(name, *more))

        return forked(work, kill_after)

    def left(self, name: str) -> dict[str, Any]:
        """What a run left, file by file, but for the time that anything took."""
        found: dict[str, Any] = {}
        for path in sorted((self.work / name).rglob("*")):
            if path.is_dir() or "tensorboard" in path.parts:
                continue
            content: Any = sha256(path.read_bytes()).hexdigest()
            if path.name == "metrics.jsonl":
                rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
                content = [{key: value for key, value in row.items() if key != "seconds"} for row in rows]
            elif path.name == "run.json":
                record = json.loads(path.read_text(encoding="utf-8"))
                content = {key: record.get(key) for key in ("status", "outcome", "experiment", "data")}
            found[str(path.relative_to(self.work / name))] = content
        return found

    def difference(self, name: str) -> str:
        """In what a run differs from the undisturbed one; empty where in nothing."""
        found = self.left(name)
        names = [file for file in {**found, **self.whole} if found.get(file) != self.whole.get(file)]
        return f"{', '.join(names)} differ from an undisturbed training" if names else ""


def _numbered(folder: Path) -> None:
    """A generated corpus whose conversations' numbers end in 1 and 2 alone."""
    whole = generate_surrogate(SurrogateSettings(**SIZES | {"train": 23}), folder.with_name("drawn"))
    content = open_parquet(whole.folder / "train.parquet")
    kept = content.filter(pc.match_substring_regex(content.column("conversation_id"), "[12]$"))
    write_table(folder, replace(whole.manifest, splits={}), {"train": kept})
