"""The workers of a batch on Ray: an actor a worker, on whatever machine of the cluster has room for it."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, redirect_stdout
from functools import partial
from pathlib import Path
from typing import Any

from crossgate.errors import CrossgateError
from crossgate.pipeline.batch.crew import Crew, Engine, crew
from crossgate.pipeline.batch.places import is_url, plain
from crossgate.pipeline.batch.settings import Limits
from crossgate.pipeline.batch.station import STOPPED, Attempt, Station, failed
from crossgate.pipeline.batch.worker import Analysis, Job, Maker
from crossgate.scale.machine import Expected, refuse_other_versions, versions
from crossgate.scale.ray_session import end_with_ray, ray_library, ray_session, refuse_address

LOST = "machine lost"
"""Cause of a failure: the actor was gone with its machine, or with what joins it to this one."""

LONGEST = 300
"""Characters of what Ray says that are kept; the cause stands at the end."""


def ray_batch_engine(
    out: str, folders: Sequence[Path] = (), *, workers: int = 1, address: str | None = None
) -> Engine:
    """What runs a batch on Ray.

    Args:
        out: folder of the batch, by path or URL; by path all machines share it.
        folders: that are read from, which all machines share.
        workers: actors; also the CPUs of a Ray that is started for this, where no address is given.
        address: of a running cluster, `host:port` or `auto`.

    Raises InputError where Ray is not installed, or the address is none.
    """
    ray_library()
    if address is not None:
        refuse_address(address)
    return partial(_engine, plain(out), tuple(folders), workers, address)


class RayStation:
    """A `Station` in an actor of Ray, seen from here: the same worker, watched over on its own machine.

    An actor that is lost is replaced by another one, anywhere, as soon as there is a job for it.

    Args:
        make: loads the model, there.
        limits: of one attempt.
    """

    def __init__(self, make: Maker, limits: Limits) -> None:
        self._ray = ray_library()
        self._make, self._limits = make, limits
        self._lock = threading.Lock()
        self._stopped = False
        self._actor: Any
        self._begin()
        ready = self._actor.ready.remote()
        self._ray.wait([ready])  # while there is no room for it, others take the jobs

    def do(self, job: Job) -> Attempt:
        """An attempt there, to its end. Raises CrossgateError where no job can be done there."""
        with self._lock:
            if self._stopped:
                return failed(job, STOPPED, "the batch was stopped", again=True)
            if self._actor is None:
                self._begin()
            reference = self._actor.do.remote(job)
        try:
            attempt: Attempt = self._ray.get(reference)
        except self._ray.exceptions.RayTaskError as error:
            cause = getattr(error, "cause", None)
            if isinstance(cause, CrossgateError):
                raise cause from error
            raise
        except self._ray.exceptions.RayError as error:
            words = " ".join(str(error).split())
            if getattr(error, "actor_init_failed", False):  # it would be so with every recording
                raise CrossgateError(
                    f"a worker cannot begin: {words[-LONGEST:]}",
                    where="--engine ray",
                    fix="install the same crossgate on all machines of the cluster",
                ) from error
            with self._lock:
                self._actor = None
            return failed(
                job, LOST, f"its machine, or Ray's process there, is gone: {words[-LONGEST:]}", again=True
            )
        return attempt

    def stop(self) -> None:
        """End the actor, and with it what it has started."""
        with self._lock:
            self._stopped = True
            if self._actor is not None:
                self._ray.kill(self._actor)

    def close(self) -> None:
        """Let its worker end, and it."""
        with self._lock:
            if self._actor is None or self._stopped:
                return
            actor, self._actor = self._actor, None
        try:
            self._ray.get(actor.close.remote())
            self._ray.kill(actor)
        except self._ray.exceptions.RayError:
            return  # it was gone already

    def _begin(self) -> None:
        kind = self._ray.remote(num_cpus=1, max_restarts=0, scheduling_strategy="SPREAD")(_Actor)
        self._actor = kind.remote(self._make, self._limits)


class _Actor(Station):
    """A station in a process of Ray's; it loads no model itself."""

    def __init__(self, make: Maker, limits: Limits) -> None:
        end_with_ray()
        super().__init__(make, limits)

    def ready(self) -> None:
        """Answered as soon as it is somewhere."""


def _make_alike(expected: Expected | None, other: dict[str, str | None], make: Maker) -> Analysis:
    """What makes the same, where this machine has the folders and versions of the one that asks.

    Raises InputError where it has not.
    """
    if expected is None:
        refuse_other_versions(other)
    else:
        expected.refuse_otherwise()
    return make()


@contextmanager
def _engine(
    out: str, folders: tuple[Path, ...], workers: int, address: str | None, make: Maker, limits: Limits
) -> Iterator[Crew]:
    """A crew on a Ray that is there, or that begins and ends with the block."""
    seen = nullcontext(None) if is_url(out) else Expected.of(Path(out), folders)
    # Ray prints what it has to say about lost workers on stdout, which is for results.
    with redirect_stdout(sys.stderr), ray_session(workers, address), seen as expected:
        there = int(ray_library().cluster_resources().get("CPU", 0))
        if there < workers:
            print(f"crossgate: the cluster has {there} CPUs, so {there} workers are begun", file=sys.stderr)
        alike = partial(_make_alike, expected, versions(), make)
        with crew(partial(RayStation, alike, limits), min(workers, there)) as begun:
            yield begun
