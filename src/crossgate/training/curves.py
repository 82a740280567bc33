"""The figures of a fit as curves for TensorBoard: to look at, and never a reason to stop."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def curves(folder: Path) -> Iterator[Callable[[dict[str, Any]], None]]:
    """What takes the row of each epoch and adds its figures to the curves in `folder`.

    Those that are there are begun anew: a resumed fit is told all its epochs again, and gives one clean curve
    without a gap or a double point. Where the disk takes no more, that is said once and the fit goes on: its
    figures are in `metrics.jsonl` too.
    """
    # A second of imports that `--help` need not wait for.
    from torch.utils.tensorboard import SummaryWriter

    writer: SummaryWriter | None = None

    def give_up(error: OSError) -> None:
        nonlocal writer
        writer = None
        warnings.warn(f"{folder}: no more curves: {error.strerror or error}", RuntimeWarning, stacklevel=3)

    def draw(row: dict[str, Any]) -> None:
        try:
            for name, value in row.items():
                if isinstance(value, float) and writer is not None:
                    writer.add_scalar(name, value, row["epoch"])
        except OSError as error:
            give_up(error)

    with _quiet_writer():
        try:
            for old in folder.glob("events.*") if folder.is_dir() else ():
                old.unlink()
            writer = SummaryWriter(str(folder))
        except OSError as error:
            give_up(error)
        try:
            yield draw
        finally:
            try:
                if writer is not None:
                    writer.close()
            except OSError as error:
                give_up(error)


@contextmanager
def _quiet_writer() -> Iterator[None]:
    """No traceback of TensorBoard's thread: what stopped it is raised at the next figure as well."""
    before = threading.excepthook

    def hook(arguments: threading.ExceptHookArgs) -> None:
        ours = type(arguments.thread).__module__.startswith("tensorboard.")
        if not (ours and isinstance(arguments.exc_value, OSError)):
            before(arguments)

    threading.excepthook = hook
    try:
        yield
    finally:
        threading.excepthook = before
