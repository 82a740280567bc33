"""The benchmark's trainings as tasks of Ray, each of them shown the folder it is to work in."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from contextlib import contextmanager, redirect_stdout
from functools import cache, partial
from pathlib import Path
from typing import Any

from crossgate.errors import CrossgateError, InputError, reason_of
from crossgate.experiments.benchmark.workers import Engine, worker_ended
from crossgate.scale.machine import Expected

OBJECT_STORE = 100 * 2**20
"""Bytes of memory that Ray keeps for what tasks hand on, of which ours hand on next to nothing."""
PATIENCE = 10.0
"""Seconds for a cluster to answer, and for tasks to be gone that were told to end."""

QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    # A training asks for no GPU, as a local process asks for none, and finds the same one.
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}
"""The environment Ray is started in: it reports to nobody."""


def ray_engine(
    folder: Path, tables: Sequence[Path] = (), *, workers: int = 1, address: str | None = None
) -> Engine:
    """What runs jobs on Ray.

    Args:
        folder: that the jobs work in; it must be there when the engine begins.
        tables: folders that they read from.
        workers: CPUs of a Ray that is started for this, which is one where no address is given.
        address: of a running cluster, `host:port` or `auto`.

    Raises InputError where Ray is not installed, or the address is none.
    """
    _ray()
    if address is not None:
        _refuse_address(address)
    return partial(_executor, folder, tuple(tables), workers, address)


class RayExecutor(Executor):
    """Sends functions away as tasks of Ray, of one CPU each.

    A task is not tried a second time by Ray: where a machine is only cut off, not dead, two of them would
    write into the same run. The command that is given again goes on where the run stood.

    Args:
        expected: what a machine must have to be given work.
    """

    def __init__(self, expected: Expected) -> None:
        self._expected = expected
        self._task = _ray().remote(num_cpus=1, max_retries=0)(_on_worker)
        self._at_work: dict[Future[Any], Any] = {}

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Send a function that workers can import; its future has the result, or what it raised there.

        CrossgateError takes the place of whatever Ray raises when a worker is gone.
        """
        future: Future[Any] = Future()
        reference = self._task.options(name=fn.__name__).remote(self._expected, fn, args, kwargs)
        self._at_work[future] = reference
        reference.future().add_done_callback(partial(self._end, future))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Wait for the tasks; with `cancel_futures` their workers are killed, and waited for a little."""
        ray = _ray()
        left = list(self._at_work.values())
        if cancel_futures:
            for reference in left:
                ray.cancel(reference, force=True)
        if wait and left:
            ray.wait(left, num_returns=len(left), timeout=PATIENCE if cancel_futures else None)

    def _end(self, future: Future[Any], done: Future[Any]) -> None:
        """Hand on what came of a task."""
        error = done.exception()
        if error is None:
            future.set_result(done.result())
        else:
            future.set_exception(_in_our_words(error))
        self._at_work.pop(future, None)


def _on_worker(
    expected: Expected, fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """What a task does, on whatever machine it is."""
    _end_with_ray()
    expected.refuse_otherwise()
    return fn(*args, **kwargs)


@cache
def _end_with_ray() -> None:
    """End this worker as soon as the process is gone that it was started by.

    A command that is killed takes the Ray it started with it, whose workers notice after some seconds; until
    then they would write beside those of the command that is given next.
    """
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _in_our_words(error: BaseException) -> BaseException:
    """What a task raised, or what its end means."""
    errors = _ray().exceptions
    if isinstance(error, errors.RayTaskError):
        cause = getattr(error, "cause", None)
        if isinstance(cause, BaseException):
            cause.__cause__ = error  # it tells where on the worker
            return cause
    elif isinstance(error, errors.RayError):
        ended = worker_ended()
        ended.__cause__ = error
        return ended
    return error


@contextmanager
def _executor(
    folder: Path, tables: tuple[Path, ...], workers: int, address: str | None
) -> Iterator[Executor]:
    """An executor on a Ray that is there, or that begins and ends with the block."""
    # Ray prints what it has to say about lost workers on stdout, which is for results.
    with redirect_stdout(sys.stderr), _session(workers, address), Expected.of(folder, tables) as expected:
        executor = RayExecutor(expected)
        try:
            yield executor
        except BaseException:
            # What is trained now is thrown away back to its last epoch: waiting for it could take an hour.
            executor.shutdown(cancel_futures=True)
            raise
        executor.shutdown()


@contextmanager
def _session(workers: int, address: str | None) -> Iterator[None]:
    """Ray, joined or started, and left again."""
    ray = _ray()
    # Whether RAY_ADDRESS is set or not: what was not named is not joined.
    where: dict[str, Any] = {"address": address} if address else {"address": "local", "num_cpus": workers}
    if not address:
        where |= {"include_dashboard": False, "object_store_memory": OBJECT_STORE}
    with _environment(QUIET), _own_sigterm():
        try:
            ray.init(**where, log_to_driver=False, logging_level="error")
        except (ConnectionError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
            if address is None:
                raise CrossgateError(f"Ray does not start: {reason_of(error)}") from error
            raise InputError(
                f"no Ray cluster to join: {reason_of(error)}",
                where=f"--address {address}",
                fix="`ray status` on this machine tells whether it is part of one; where a cluster asks for "
                "a token, give the command the RAY_AUTH_MODE and RAY_AUTH_TOKEN that it was started with",
            ) from error
    try:
        if ray.cluster_resources().get("CPU", 0) < 1:
            raise InputError("the Ray cluster there has no CPU to give", where=f"--address {address}")
        yield
    finally:
        ray.shutdown()


def _refuse_address(address: str) -> None:
    """Raise InputError for another kind of address, or where nobody answers: Ray would wait for minutes."""
    where = f"--address {address}"
    host, colon, port = address.rpartition(":")
    if address == "auto":
        return
    if "://" in address or not (colon and host and port.isdecimal()):
        raise InputError(
            "expected HOST:PORT of the cluster's head, or auto",
            where=where,
            fix="give the command on a machine of the cluster",
        )
    try:
        socket.create_connection((host.strip("[]"), int(port)), PATIENCE).close()
    except (OSError, OverflowError) as error:
        raise InputError(
            f"nobody answers there: {reason_of(error)}",
            where=where,
            fix="`ray start --head` prints the address; --address auto finds the cluster this machine is in",
        ) from error


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    """Variables of the environment, set for a while."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


@contextmanager
def _own_sigterm() -> Iterator[None]:
    """Keep this process's way of ending on SIGTERM, which `ray.init` replaces."""
    handler = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread() and handler is not None:
            signal.signal(signal.SIGTERM, handler)


def _ray() -> Any:
    """The library. Raises InputError where it is not installed."""
    try:
        import ray
    except ImportError as error:
        raise InputError(
            "--engine ray needs Ray, which is not installed", fix="install crossgate[ray]"
        ) from error
    return ray
