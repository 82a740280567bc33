"""What a supervisor sees of a worker, wherever it runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from crossgate.pipeline.processes.child import EndedError as EndedError
from crossgate.serving.work.worker.messages import Errand, Maker


class LostError(EndedError):
    """The worker is gone with its machine, or with what joins it to this one: no fault of its errand."""

    def __init__(self, reason: str) -> None:
        super().__init__(None)
        self.args = (reason,)


class Worker(Protocol):
    """Loads its model in a process of its own and does one errand after another.

    Its first answer is `ready`, or why it cannot be. One thread uses it; others may ask whether it is alive.
    """

    @property
    def alive(self) -> bool:
        """Whether it runs, as far as is known."""
        ...

    def send(self, errand: Errand) -> None:
        """Give it something to do. Raises EndedError where it is gone."""
        ...

    def answer(self, timeout: float) -> dict[str, Any] | None:
        """What it says next; None where it says nothing for so many seconds, at most. Raises EndedError.

        Where files have to come to it or from it, that happens in here, and OSError may come of it.
        """
        ...

    def bytes_in_memory(self) -> int:
        """Bytes that it and what it started hold in memory, as last seen."""
        ...

    def end(self) -> None:
        """Let an idle one end by itself, or kill it."""
        ...

    def kill(self) -> None:
        """End it and all it has started, at once."""
        ...


StartWorker = Callable[[Maker], Worker]
"""Starts a worker."""

BeginWorker = Callable[[], Worker]
"""Starts a worker whose model is settled."""
