"""Reproductions of seconds: pickles of some 20 utterances, networks of width 16, two epochs, two seeds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import crossgate.corpora.community.layout as layout_module
from community_pickles import community, write
from crossgate.cli.main import main
from crossgate.corpora.known import KNOWN_MELD

SMALL = (
    "training.epochs=2 training.batch_size=2 training.learning_rate=0.01 training.average=0.5 "
    "training.device=cpu model.hidden=16 model.heads=2 model.gate_rank=4"
)
VECTORS = (6, 5, 4)
MODELS = ("crossgate", "sdt")


@contextmanager
def small_meld() -> Iterator[None]:
    """MELD known as having the sizes of `community`: 3 dialogues to train on, 1 of validation, 2 of test."""
    known = replace(
        KNOWN_MELD,
        rows={"train": 15, "validation": 5, "test": 6},
        conversations={"train": 3, "validation": 1, "test": 2},
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(layout_module, "KNOWN_MELD", known)
        yield


def pickled(folder: Path, corpus: str, layout: str = "roberta", **more: Any) -> Path:
    """A feature pickle of a corpus."""
    return write(folder / f"{corpus}.pkl", community(corpus, layout, sizes=VECTORS, **more))


def reproduce(corpus: str, source: Path, out: Path, *more: str, seeds: int = 2) -> int:
    """The command, in small."""
    start = ["reproduce", corpus, "--features", str(source), "--out", str(out)]
    with small_meld():
        return main([*start, "--seeds", str(seeds), "--set", SMALL, *more])


def content(out: Path) -> dict[str, Any]:
    """`reproduction.json`."""
    found: dict[str, Any] = json.loads((out / "reproduction.json").read_text(encoding="utf-8"))
    return found


def trained(out: Path, model: str, protocol: str) -> dict[str, Any]:
    """Its entry of a model under a protocol."""
    (found,) = (
        one for one in content(out)["trained"] if (one["model"], one["protocol"]) == (model, protocol)
    )
    entry: dict[str, Any] = found
    return entry


def openings(out: Path) -> list[dict[str, Any]]:
    """`test_reads.json`."""
    path = out / "test_reads.json"
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []
    return found


def curve(run: Path) -> list[dict[str, Any]]:
    """`metrics.jsonl` of a run."""
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
