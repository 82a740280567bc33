"""Workers do not outlive the block that they work for, however it ends."""

from __future__ import annotations

import multiprocessing
import time
from pathlib import Path

import pytest

from crossgate.worker_pool import local_pool

LONG = 60.0
"""Seconds; nothing waits for them unless the block waits for its workers."""


def work(place: Path) -> None:
    """Leave word of the beginning and of the end of long work."""
    (place / "begun").touch()
    time.sleep(LONG)
    (place / "finished").touch()


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, ValueError])
def test_an_error_ends_the_workers_in_the_middle_of_their_work(
    tmp_path: Path, error: type[BaseException]
) -> None:
    def interrupted() -> None:
        with local_pool(1) as pool:
            pool.submit(work, tmp_path)
            while not (tmp_path / "begun").exists():
                time.sleep(0.02)
            raise error

    with pytest.raises(error):
        interrupted()
    assert not (tmp_path / "finished").exists()
    assert not multiprocessing.active_children()
