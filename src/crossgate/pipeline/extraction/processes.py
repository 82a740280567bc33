"""The clips of an extraction, measured by several processes, of this machine or of others."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from functools import lru_cache, partial
from itertools import islice

from crossgate.errors import InputError
from crossgate.pipeline.extraction.layouts import Clip
from crossgate.pipeline.extraction.settings import ExtractionSettings
from crossgate.pipeline.extraction.worker import Made, Measured, Worker
from crossgate.worker_pool import Engine, local_pool

AHEAD = 4
"""Clips a local process has waiting for it. Of tasks of Ray none waits: where there is room, all run."""


def measure_by_processes(
    clips: Sequence[Clip],
    settings: ExtractionSettings,
    made: Made,
    *,
    workers: int,
    engine: Engine | None = None,
) -> Iterator[Measured]:
    """Every clip measured, in the order in which they are done.

    Args:
        clips: what to measure.
        settings: how.
        made: what the columns are made with where the command was given, and so everywhere.
        workers: clips at a time.
        engine: begins what measures; local processes where it is None.

    Raises InputError where a machine has other extractors or does not see a clip, CrossgateError where a
    worker was killed.
    """
    waiting = iter(clips)
    begin = engine or partial(local_pool, workers)
    with begin() as executor:

        def send(count: int) -> list[Future[Measured]]:
            return [executor.submit(_measured, settings, made, clip) for clip in islice(waiting, count)]

        running = set(send(workers * (1 if engine else AHEAD)))
        while running:
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                running.discard(future)
                running.update(send(1))
                yield future.result()


def _measured(settings: ExtractionSettings, made: Made, clip: Clip) -> Measured:
    """One clip, in whatever process this is."""
    worker = _worker_of(settings)
    machine = f"the machine {socket.gethostname()}"
    if worker.made != made:
        raise InputError(
            f"{machine} measures with {worker.made.in_words}, "
            f"where the command was given it is {made.in_words}",
            fix="install the same on all machines, or name what all have, such as --detector haar",
        )
    for path in (clip.sound, clip.picture):
        if path is not None and not path.is_file():
            # A broken clip is written down as such; one of a folder that is not mounted there is none.
            raise InputError(
                f"{machine} does not see this file, which was there when the command began",
                where=str(path),
                fix="keep the corpus where all machines share it, by the same path",
            )
    return worker(clip)


@lru_cache(maxsize=1)
def _worker_of(settings: ExtractionSettings) -> Worker:
    """The extractors, made once a process."""
    import cv2
    import torch

    torch.set_num_threads(1)  # the processes share the cores
    cv2.setNumThreads(1)
    return Worker(settings)
