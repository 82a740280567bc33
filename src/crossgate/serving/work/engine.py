"""Where workers run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from crossgate.serving.settings import ServiceSettings
from crossgate.serving.work.process import WorkerProcess
from crossgate.serving.work.workers import StartWorker


@contextmanager
def workers_of(settings: ServiceSettings) -> Iterator[StartWorker]:
    """What starts workers of the engine that is asked for, until the block ends; they end before it does.

    Raises InputError where Ray is not installed, or the address is none of a cluster.
    """
    if settings.engine == "local":
        yield WorkerProcess
        return
    from crossgate.scale.ray_session import ray_library, ray_session, refuse_address
    from crossgate.serving.work.on_ray.worker import RayWorker

    ray_library()
    if settings.address is not None:
        refuse_address(settings.address)
    with ray_session(settings.workers, settings.address):
        yield RayWorker
