"""Checkpoints by name: a folder as given, one that comes with the package, or one of the Hugging Face hub."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crossgate.errors import InputError

SHIPPED = ("*.safetensors", "*.json", "*.md")
"""The files a checkpoint consists of; nothing else is packed, carried or fetched, and none is code."""

HUB_ID = r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*"
"""`owner/name`."""

BESIDE = Path(__file__).parent / "checkpoints"
"""Where the wheel has them. In a checkout it is a link to the repository's folder of that name."""

IN_CHECKOUT = Path(__file__).parents[2] / "checkpoints"
"""For a checkout on a system without links."""


@dataclass(frozen=True)
class Found:
    """A checkpoint's folder.

    Attributes:
        name: short, for titles and folders.
        folder: where it is.
        own: it is the user's, so that results and records may be written into it; the package's folder and
            the hub's cache are not.
    """

    name: str
    folder: Path
    own: bool


def packaged_names() -> tuple[str, ...]:
    """The names of the checkpoints and encoders that come with the package, in alphabetical order."""
    root = packaged_folder()
    if root is None:
        return ()
    return tuple(sorted(path.parent.name for path in root.glob("*/config.json")))


def checkpoint_folder(name: str | Path, **hub: Any) -> Path:
    """The folder of a checkpoint; see `find_checkpoint`."""
    return find_checkpoint(name, **hub).folder


def find_checkpoint(name: str | Path, **hub: Any) -> Found:
    """A checkpoint by name: an existing folder as given, else a packaged name, else a hub id `owner/name`.

    Args:
        name: what the user wrote.
        hub: for a hub id only, handed to `huggingface_hub.snapshot_download`: revision, token, cache_dir, ...

    Raises InputError where it is none of the three, or where the hub does not give it.
    """
    words, path = str(name), Path(name)
    root = packaged_folder()
    if path.is_dir():
        packaged = root is not None and path.resolve().is_relative_to(root.resolve())
        return Found(path.resolve().name, path, own=not packaged)
    if words in packaged_names():
        assert root is not None  # it has names
        return Found(words, root / words, own=False)
    # `runs/meld` beside a folder `runs` is a slip of the pen; no path of the user's is sent to a hub.
    if re.fullmatch(HUB_ID, words) and not path.parent.is_dir():
        return Found(path.name, _from_hub(words, hub), own=False)
    raise InputError(
        "neither a folder nor a checkpoint that comes with the package "
        f"({', '.join(packaged_names()) or 'this copy has none'})",
        where=words,
        fix="name the folder a `crossgate train` wrote to, one of these names, or owner/name on the hub",
    )


def packaged_folder() -> Path | None:
    """The folder that holds a folder for every packaged checkpoint; None where this copy has none."""
    if BESIDE.is_dir():
        return BESIDE
    in_checkout = IN_CHECKOUT.is_dir() and (IN_CHECKOUT.parent / "pyproject.toml").is_file()
    return IN_CHECKOUT if in_checkout else None


def _from_hub(name: str, options: Mapping[str, Any]) -> Path:
    """Fetch a checkpoint into the hub's cache, or take it from there."""
    try:
        from huggingface_hub import snapshot_download
    except ImportError as error:
        raise InputError(
            "no such folder; fetching it from the hub needs the library huggingface_hub",
            where=name,
            fix="pip install huggingface_hub, or name a folder",
        ) from error
    try:
        return Path(snapshot_download(name, allow_patterns=list(SHIPPED), **options))
    except Exception as error:  # which classes these are differs between the library's versions
        lines = str(error).strip().splitlines()
        raise InputError(
            f"no such folder, and the hub did not give it: {lines[0] if lines else type(error).__name__}",
            where=name,
            fix="check the name and the network; private checkpoints need `hf auth login`",
        ) from error
