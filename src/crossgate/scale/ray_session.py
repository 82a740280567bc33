"""A Ray that is joined or started for as long as it is needed."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

from crossgate.errors import CrossgateError, InputError, reason_of

OBJECT_STORE = 100 * 2**20
"""Bytes of memory that Ray keeps for what tasks hand on; ours hand on little, or in pieces."""

PATIENCE = 10.0
"""Seconds for a cluster to answer, and for tasks to be gone that were told to end."""

STARTS = 3
"""Attempts at starting Ray: it gives its agents 15 s, in which a busy machine does not even import them."""

QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    # A training asks for no GPU, as a local process asks for none, and finds the same one.
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}
"""The environment Ray is started in: it reports to nobody."""


def ray_library() -> Any:
    """The library. Raises InputError where it is not installed."""
    try:
        import ray
    except ImportError as error:
        raise InputError(
            "--engine ray needs Ray, which is not installed", fix="install crossgate[ray]"
        ) from error
    return ray


@contextmanager
def ray_session(workers: int, address: str | None) -> Iterator[None]:
    """Ray, joined or started, and left again.

    Args:
        workers: CPUs of a Ray that is started for this, which is one where no address is given.
        address: of a running cluster, `host:port` or `auto`.

    Raises InputError where the cluster cannot be joined or has no CPU, CrossgateError where
    none starts.
    """
    ray = ray_library()
    # Whether RAY_ADDRESS is set or not: what was not named is not joined.
    where: dict[str, Any] = {"address": address} if address else {"address": "local", "num_cpus": workers}
    if not address:
        where |= {"include_dashboard": False, "object_store_memory": OBJECT_STORE}
    with _environment(QUIET), _own_sigterm():
        try:
            _init(ray, 1 if address else STARTS, where)
        except Exception as error:  # a plain one where a busy machine is too slow for it
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


def _init(ray: Any, attempts: int, where: dict[str, Any]) -> None:
    """Join or start Ray; raises what Ray raises, after that many attempts where it ran out of time."""
    for left in reversed(range(attempts)):
        before = _children()
        try:
            ray.init(**where, log_to_driver=False, logging_level="error")
        except Exception as error:
            if not left or "timed out" not in str(error):
                raise
            ray.shutdown()
            # Of a start that failed Ray ends nothing, and what goes on starting slows the next one.
            for pid in _children() - before:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        else:
            return


def _children() -> set[int]:
    """Ids of the processes that this one has started; none where there is no /proc."""
    lists = Path("/proc/self/task").glob("*/children")
    return {int(pid) for each in lists for pid in each.read_text().split()}


def refuse_address(address: str) -> None:
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


@cache
def end_with_ray() -> None:
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
