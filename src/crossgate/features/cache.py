"""Computed features kept on disk under the hash of everything that decides them."""

from __future__ import annotations

import hashlib
import json
import os
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from crossgate.conversation import Conversation, FeatureSpec
from crossgate.files import new_file

Features = tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]
"""`values (utterance, feature)` and `present (utterance,)`."""

ENVIRONMENT = "CROSSGATE_CACHE"
FORMAT = "crossgate-features-1"


def cache_folder() -> Path:
    """`$CROSSGATE_CACHE`, else `$XDG_CACHE_HOME/crossgate`, else `~/.cache/crossgate`; may not exist yet."""
    named = os.environ.get(ENVIRONMENT)
    if named:
        return Path(named).expanduser()
    # The XDG rules: a relative path there is to be ignored.
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (base if base.is_absolute() else Path.home() / ".cache") / "crossgate"


def feature_key(spec: FeatureSpec, settings: dict[str, Any], conversations: Sequence[Conversation]) -> str:
    """SHA-256 over the extractor, its settings (plain JSON values), all texts and how they are grouped.

    Ids, speakers and labels are left out: no text feature depends on them.
    """
    content = {
        "format": FORMAT,
        "spec": [spec.modality, spec.name, spec.version, spec.dimension],
        "settings": settings,
        "texts": [[utterance.text for utterance in c.utterances] for c in conversations],
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode("utf-8")).hexdigest()


def cached(
    spec: FeatureSpec,
    settings: dict[str, Any],
    conversations: Sequence[Conversation],
    compute: Callable[[], Features],
) -> Features:
    """The features from the cache, or computed and kept there.

    A damaged file is computed again. A cache that cannot be written warns and is done without.
    """
    key = feature_key(spec, settings, conversations)
    path = cache_folder() / "features" / f"{spec.column}-{key[:32]}.safetensors"
    rows = sum(len(conversation) for conversation in conversations)
    kept = _read(path, key, rows, spec.dimension)
    if kept is not None:
        return kept
    values, present = compute()
    try:
        _write(path, key, values, present)
    except OSError as error:
        warnings.warn(f"computed features are not kept: {error}", RuntimeWarning, stacklevel=2)
    return values, present


def _read(path: Path, key: str, rows: int, dimension: int) -> Features | None:
    """The features of a file; None where it is absent, damaged, or not the one of the key."""
    if not path.is_file():
        return None
    try:
        with safe_open(path, framework="np") as file:
            metadata = file.metadata() or {}
            values, present = file.get_tensor("values"), file.get_tensor("present")
    except (SafetensorError, OSError, ValueError):
        return None
    whole = (
        metadata.get("key") == key
        and values.shape == (rows, dimension)
        and values.dtype == np.float32
        and present.shape == (rows,)
        and present.dtype == np.bool_
        and metadata.get("digest") == _digest(values, present)
    )
    return (values, present) if whole else None


def _write(path: Path, key: str, values: npt.NDArray[np.float32], present: npt.NDArray[np.bool_]) -> None:
    with new_file(path) as draft:
        save_file(
            {"values": np.ascontiguousarray(values), "present": np.ascontiguousarray(present)},
            draft,
            metadata={"key": key, "digest": _digest(values, present)},
        )


def _digest(values: npt.NDArray[np.float32], present: npt.NDArray[np.bool_]) -> str:
    # A safetensors file has no checksum of its own: a flipped bit would pass as a number.
    digest = hashlib.sha256(np.ascontiguousarray(values).tobytes())
    digest.update(np.ascontiguousarray(present).tobytes())
    return digest.hexdigest()
