"""Copies a file out of a store the service may take from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from crossgate.errors import InputError
from crossgate.pipeline.steps import Step
from crossgate.serving.stores import store_of
from crossgate.serving.work.worker.messages import Fetch

BLOCK = 1 << 20


def fetch(errand: Fetch, step: Step) -> int:
    """Copy a file; returns its bytes.

    Raises InputError where no store of the service holds it, it is not there, or it is larger than allowed.
    What the store's library says is left out: it may hold keys, or the signature of an address.
    """
    # Looked at once more: what was allowed when the recording was sent may be so no longer.
    store = store_of(errand.url, errand.stores)
    if store is None or "::" in errand.url:
        raise InputError(
            "lies in no store this service may take from", where=errand.name, fix="send the file itself"
        )
    try:
        files, path = _opened(errand.url)
        if isinstance(files, LocalFileSystem):
            _refuse_escape(path, _opened(store)[1], errand.name)
        size = int(files.size(path) or 0)
        if size > errand.limit:
            raise _too_large(errand)
        with files.open(path, "rb") as source, Path(errand.target).open("xb") as target:
            copied = 0
            while block := source.read(BLOCK):
                copied += len(block)
                if copied > errand.limit:  # it grew, or its store does not tell sizes
                    raise _too_large(errand)
                target.write(block)
                step(errand.words, min(1.0, copied / size) if size else None)
        return copied
    except FileNotFoundError:
        raise InputError("is not in the store", where=errand.name, fix="check its URL") from None
    except ImportError:
        raise InputError(
            "this service lacks the library of that kind of store",
            where=errand.name,
            fix="send the file itself",
        ) from None
    except InputError:
        raise
    except Exception as error:  # every store's library has errors of its own
        raise InputError(
            f"cannot be fetched from its store: {type(error).__name__}",
            where=errand.name,
            fix="check its URL and that the service may read it, and send it again",
        ) from None


def _opened(url: str) -> tuple[Any, str]:
    # Where a web server is the store, its redirects could lead to any address of this network.
    options: Sequence[tuple[str, Any]] = [("allow_redirects", False)] if url.startswith("http") else []
    files, path = url_to_fs(url, **dict(options))
    return files, str(path)


def _refuse_escape(path: str, store: str, name: str) -> None:
    """Raise InputError where dots or links lead out of a folder."""
    if not Path(path).resolve().is_relative_to(Path(store).resolve()):
        raise InputError("leads out of its store", where=name, fix="name a file in it")


def _too_large(errand: Fetch) -> InputError:
    return InputError(
        f"has more than the {errand.limit / 1e6:.0f} MB this service takes",
        where=errand.name,
        fix="cut it into parts, or lower its quality",
    )
