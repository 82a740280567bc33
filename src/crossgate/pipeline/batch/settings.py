"""How a batch is analysed and how far a worker may go; no torch here."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from crossgate import __version__
from crossgate.errors import InputError
from crossgate.packaged import checkpoint_folder
from crossgate.pipeline.settings import AnalysisSettings


@dataclass(frozen=True)
class Limits:
    """How far one attempt may go; 0 is no limit.

    Attributes:
        minutes: that it may take.
        silent_minutes: without any progress.
        megabytes: of memory.
    """

    minutes: float = 0.0
    silent_minutes: float = 10.0
    megabytes: float = 0.0

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if not value >= 0:
                raise InputError(f"{name} is {value}, expected 0 (no limit) or more")


@dataclass(frozen=True)
class BatchSettings:
    """What is the same for every recording of a batch.

    Attributes:
        analysis: how each is analysed.
        model: packaged name, hub id, or folder of a checkpoint.
        formats: of `crossgate.report.writing.FORMATS`, besides JSON.
        embed: whether the page holds the recording.
    """

    analysis: AnalysisSettings = field(default_factory=AnalysisSettings)
    model: str = "crossgate-meld"
    formats: Sequence[str] = ("html", "png")
    embed: bool = False

    def __post_init__(self) -> None:
        for name in ("speakers_file", "openface"):
            if getattr(self.analysis, name) is not None:
                raise InputError(f"{name} is of one recording, and there are many", fix="leave it out")

    def to_json(self) -> dict[str, Any]:
        """As `batch.json` has it: with the version and the hashes of the model's files.

        Raises InputError where there is no such model.
        """
        return {
            "crossgate": __version__,
            "model": self.model,
            "weights": weights_of(self.model),
            "analysis": asdict(self.analysis),
            "formats": sorted(self.formats),
            "embed": self.embed,
        }


def weights_of(model: str) -> dict[str, str]:
    """File -> SHA-256 of all weights of a checkpoint. Raises InputError where there is none of that name."""
    from crossgate.corpora.manifest import sha256_of

    folder = checkpoint_folder(Path(model))
    inner = folder / "checkpoint"
    folder = inner if inner.is_dir() else folder
    return {str(path.relative_to(folder)): sha256_of(path) for path in sorted(folder.rglob("*.safetensors"))}


def hash_of(settings: dict[str, Any]) -> str:
    """A short name of settings: two are the same where these are."""
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:16]
