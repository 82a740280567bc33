"""A worker on another machine, seen from its supervisor."""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

from crossgate.errors import CrossgateError
from crossgate.report.reading import RESULT_FILE
from crossgate.scale.ray_session import ray_library
from crossgate.serving.work.on_ray.alike import made_alike
from crossgate.serving.work.on_ray.relay import Heard, Relay
from crossgate.serving.work.process import PATIENCE, WorkerProcess
from crossgate.serving.work.progress import CARRYING
from crossgate.serving.work.worker.messages import Analyse, Analysis, Errand, Fetch, Maker
from crossgate.serving.work.workers import EndedError, LostError

BLOCK = 4 << 20
"""Bytes of a piece in which files travel: little beside the memory Ray keeps for what is handed on."""

LONGEST = 400
"""Characters of what Ray says that go into the log; the cause stands at the end."""

LEFT = "Ray has been left"

Talk = Generator[Any, Any, None]
"""Yields references to what Ray will hand over, and is sent that; also yields answers."""


class RayWorker:
    """A `Worker` on some machine of the cluster that has a CPU to give.

    Files go there and back in pieces, as no folder needs to be shared; the time it takes is the errand's.
    What is fetched from a store is fetched on this machine, whose right it is to read there.

    Args:
        make: loads the model, on the machine there.
    """

    def __init__(self, make: Maker) -> None:
        ray = self._ray = ray_library()
        if not ray.is_initialized():  # it would start one of its own
            raise LostError(LEFT)
        actor = ray.remote(num_cpus=1, max_restarts=0, max_concurrency=2, scheduling_strategy="SPREAD")(Relay)
        # Of its two threads one is for `stay`.
        self._relay = actor.remote(made_alike(make))
        self._stay = self._relay.stay.remote()
        self._near: WorkerProcess | None = None
        self._weight = 0
        self._met = self._over = False
        self._talk: Talk = self._first()
        self._expected: Any = None

    @property
    def alive(self) -> bool:
        """Whether neither it nor its machine is known to have ended."""
        if self._over or not self._ray.is_initialized():
            return False
        try:
            ended, _ = self._ray.wait([self._stay], timeout=0)
        except self._ray.exceptions.RayError:
            return False
        return not ended

    def send(self, errand: Errand) -> None:
        """Give it something to do. Raises EndedError where it is gone."""
        if self._over:
            raise LostError("it was ended")
        self._expected = None
        if isinstance(errand, Fetch):
            self._near = WorkerProcess(no_analysis)
            self._near.send(errand)
        else:
            self._talk = self._analyse(errand)

    def answer(self, timeout: float) -> dict[str, Any] | None:
        """What it says next; None where it says nothing for so many seconds, at most.

        Raises EndedError, and OSError where a file cannot be read or written on this machine.
        """
        if self._near is not None:
            return self._near_answer(self._near, timeout)
        try:
            return self._go_on(timeout)
        except self._ray.exceptions.RayError as error:
            self.kill()
            raise LostError(_reason(error)) from error
        except (EndedError, OSError):
            self.kill()
            raise

    def bytes_in_memory(self) -> int:
        """Bytes that it and what it started held in memory when it was last heard."""
        return self._weight + (0 if self._near is None else self._near.bytes_in_memory())

    def end(self) -> None:
        """Let an idle one end by itself, or kill it."""
        self._close(kill=False)

    def kill(self) -> None:
        """End it and all it has started, at once, and remove its files there."""
        self._close(kill=True)

    def _go_on(self, timeout: float) -> dict[str, Any] | None:
        """Go one step further in what is being done."""
        if self._over or not self._ray.is_initialized():
            raise LostError(LEFT)
        value = None
        if self._expected is not None:
            there, _ = self._ray.wait([self._expected], timeout=timeout)
            if not there:
                return None
            value, self._expected = self._ray.get(self._expected), None
        said = self._talk.send(value)
        if isinstance(said, dict):
            return said
        self._expected = said
        return None

    def _first(self) -> Talk:
        yield (yield from self._hear())

    def _analyse(self, job: Analyse) -> Talk:
        folder = yield self._relay.open.remote()
        paths = [Path(path) for path in (job.source, job.transcript) if path is not None]
        total, sent = sum(path.stat().st_size for path in paths), 0
        for path in paths:
            target = str(Path(folder, path.name))
            with path.open("rb") as file:
                block = file.read(BLOCK)
                yield self._relay.write.remote(target, block)  # an empty file is one as well
                while block:
                    sent += len(block)
                    yield {"answer": "step", "words": CARRYING, "share": sent / total}
                    if block := file.read(BLOCK):
                        yield self._relay.write.remote(target, block)
        yield self._relay.send.remote(_moved(job, folder))
        while (answer := (yield from self._hear()))["answer"] == "step":
            yield answer
        if answer["answer"] == "done":
            yield from self._bring(Path(job.folder) / "result" / RESULT_FILE)
        yield self._relay.clear.remote()
        yield answer

    def _hear(self) -> Generator[Any, Any, dict[str, Any]]:
        """The next answer of the process there."""
        while True:
            heard: Heard = yield self._relay.listen.remote()
            self._met = True
            if heard.ended:
                raise EndedError(heard.exit_code)
            self._weight = heard.weight
            if heard.answer is not None:
                return heard.answer

    def _bring(self, target: Path) -> Talk:
        """The result, if there is one; nothing else of what lies there."""
        block: bytes | None = yield self._relay.read.remote(0, BLOCK)
        if block is None:
            return
        target.parent.mkdir()
        with target.open("xb") as file:
            while block:
                file.write(block)
                block = yield self._relay.read.remote(file.tell(), BLOCK)

    def _near_answer(self, near: WorkerProcess, timeout: float) -> dict[str, Any] | None:
        """What the process says that fetches."""
        try:
            answer = near.answer(timeout)
        except EndedError:
            self._near = None
            raise
        if answer is None or answer["answer"] == "ready":
            return None
        if answer["answer"] != "step":
            self._near = None
            near.end()
        return answer

    def _close(self, *, kill: bool) -> None:
        near, self._near = self._near, None
        if near is not None:
            near.kill()
        if self._over:
            return
        self._over = True
        self._talk.close()
        if not self._ray.is_initialized():
            return
        gone = self._ray.exceptions.RayError
        if self._met:  # else it may wait for a CPU, and has no files
            with contextlib.suppress(gone):
                self._ray.get(self._relay.close.remote(kill), timeout=2 * PATIENCE)
        with contextlib.suppress(gone):
            self._ray.kill(self._relay)


def no_analysis() -> Analysis:
    """Of a process that only fetches."""

    def analyse(*_: Any) -> dict[str, Any]:
        raise CrossgateError("this process only fetches")

    return analyse


def _moved(job: Analyse, folder: str) -> Analyse:
    """The errand, its files in another folder."""

    def move(path: str) -> str:
        return str(Path(folder, Path(path).name))

    return replace(
        job,
        folder=folder,
        source=move(job.source),
        transcript=None if job.transcript is None else move(job.transcript),
        names={text.replace(job.folder, folder): name for text, name in job.names.items()},
    )


def _reason(error: Exception) -> str:
    """What Ray says of an end; of an error of ours there, its kind alone, since it may hold names."""
    cause = getattr(error, "cause", None)
    if isinstance(cause, BaseException):
        return f"{type(cause).__name__} on its machine"
    words = " ".join(str(error).split())
    return f"{type(error).__name__}: {words if len(words) <= LONGEST else '... ' + words[-LONGEST:]}"
