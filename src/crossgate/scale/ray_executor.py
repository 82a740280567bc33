"""Trainings of a benchmark and clips of a corpus as tasks of Ray, on machines that see the same folders."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from contextlib import contextmanager, redirect_stdout
from functools import partial
from pathlib import Path
from typing import Any

from crossgate.scale.machine import Expected
from crossgate.scale.ray_session import PATIENCE, end_with_ray, ray_library, ray_session, refuse_address
from crossgate.worker_pool import Engine, worker_ended


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
    ray_library()
    if address is not None:
        refuse_address(address)
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
        self._task = ray_library().remote(num_cpus=1, max_retries=0)(_on_worker)
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
        ray = ray_library()
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
    end_with_ray()
    expected.refuse_otherwise()
    return fn(*args, **kwargs)


def _in_our_words(error: BaseException) -> BaseException:
    """What a task raised, or what its end means."""
    errors = ray_library().exceptions
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
    with redirect_stdout(sys.stderr), ray_session(workers, address), Expected.of(folder, tables) as expected:
        executor = RayExecutor(expected)
        try:
            yield executor
        except BaseException:
            # What is trained now is thrown away back to its last epoch: waiting for it could take an hour.
            executor.shutdown(cancel_futures=True)
            raise
        executor.shutdown()
