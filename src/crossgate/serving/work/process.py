"""A worker process on this machine, seen from its supervisor."""

from __future__ import annotations

from crossgate.pipeline.processes.child import PATIENCE as PATIENCE
from crossgate.pipeline.processes.child import Child
from crossgate.serving.work.worker.main import work
from crossgate.serving.work.worker.messages import Errand, Maker, errand_bytes


class WorkerProcess(Child):
    """A fresh process that loads its model; its first answer is `ready`, or why it cannot be."""

    def __init__(self, make: Maker) -> None:
        super().__init__(work, (make,), "crossgate-worker")

    def send(self, errand: Errand) -> None:
        """Give it something to do. Raises EndedError where it is gone."""
        self.send_bytes(errand_bytes(errand))
