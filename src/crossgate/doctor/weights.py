"""The weights that ship, against the hashes they were published with."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from crossgate.corpora.manifest import sha256_of
from crossgate.doctor.finding import Finding
from crossgate.packaged import packaged_folder

HASHES = "SHA256SUMS"
"""A line a file, `hash  path`, as `sha256sum` writes and `sha256sum --check` reads it."""

REINSTALL = "reinstall crossgate; where you trained these weights yourself, `make hashes` takes them up"


def weights() -> Iterator[Finding]:
    """A finding for every folder of `checkpoints`."""
    root = packaged_folder()
    if root is None or not (root / HASHES).is_file():
        yield Finding("checkpoints", "broken", "this copy has none, or no list of their hashes", REINSTALL)
        return
    published = read_hashes(root / HASHES)
    for name in sorted({Path(path).parts[0] for path in published}):
        yield _folder(root, name, {path: h for path, h in published.items() if Path(path).parts[0] == name})


def read_hashes(path: Path) -> dict[str, str]:
    """Path below the list's folder -> SHA-256."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return {found[2]: found[1] for line in lines if (found := re.fullmatch(r"([0-9a-f]{64})  (.+)", line))}


def _folder(root: Path, name: str, published: dict[str, str]) -> Finding:
    wrong = []
    for path, expected in published.items():
        if not (root / path).is_file():
            wrong.append(f"{path} is missing")
        elif sha256_of(root / path) != expected:
            wrong.append(f"{path} is not the file that was published")
    if wrong:
        return Finding(name, "broken", "; ".join(wrong), REINSTALL)
    return Finding(name, "works", f"{len(published)} files, hashes as published")
