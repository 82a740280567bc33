"""A benchmark of seconds: a handful of generated conversations, networks of width 16, one or two epochs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from crossgate.experiments.benchmark.run import BenchmarkResult, run_benchmark
from crossgate.experiments.benchmark.settings import BenchmarkSettings, load_benchmark

YAML = """
name: toy
seeds: [0, 1]
tuning: {trials: 2, space: {learning_rate: [1.0e-3, 1.0e-2], dropout: [0.1, 0.3]}}
corpora:
  - name: drawn
    features: {text: [surrogate64], audio: [surrogate32], visual: [surrogate24]}
    surrogate: {train: 8, validation: 4, test: 5, shortest: 3, longest: 5, ceiling_conversations: 1}
models:
  - name: crossgate
    model: {hidden: 16, heads: 2, gate_rank: 4}
    training: &same {epochs: 2, batch_size: 4, average: 0.5, device: cpu, learning_rate: 5.0e-3}
  - {name: text, model: {kind: text-only, hidden: 16, heads: 2}, training: *same}
"""
MODELS = ("crossgate", "text")


def settings(folder: Path, *changes: tuple[str, str], protocol: str | None = None) -> BenchmarkSettings:
    """The configuration, some words in it replaced by others."""
    text = YAML
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = folder / "toy.yaml"
    path.write_text(text, encoding="utf-8")
    return load_benchmark(path, protocol)


def on_table(data: Path, by: str = "validation") -> tuple[str, str]:
    """The change that puts a table of `make_table` in the place of the generated corpus."""
    start = YAML.index("    features:")
    end = YAML.index("models:")
    selection = f"{{by: {by}, group: '_c(\\d)'}}"
    return YAML[start:end], (
        f"    data: {data}\n    features: {{text: [toy], audio: [toy], visual: [toy]}}\n"
        f"    selection: {selection}\n"
    )


def run(wanted: BenchmarkSettings, folder: Path, **more: Any) -> BenchmarkResult:
    """The benchmark in `folder`."""
    return run_benchmark(wanted, folder, **more)


def timeless(folder: Path) -> dict[str, Any]:
    """`results.json` without the time that anything took, and by which command."""
    results: dict[str, Any] = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    del results["command"]
    for corpus in results["corpora"]:
        for model in corpus["models"]:
            del model["training_seconds"]
    return results
