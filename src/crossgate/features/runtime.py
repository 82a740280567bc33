"""Which library runs the networks behind features: PyTorch, or ONNX Runtime where that is faster.

That is a matter of the machine and not of an analysis: answers are the same within `graphs.TOLERANCE`. Hence
an environment variable, which reaches worker processes as well, as with caches and weights.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from importlib.util import find_spec

from crossgate.errors import CrossgateError, InputError
from crossgate.features.graphs import INSTALL, Graph, Session, refuse_different, traced

ENVIRONMENT = "CROSSGATE_BACKEND"
BACKENDS = ("auto", "torch", "onnx")
"""auto: what is faster and installed; torch: PyTorch alone; onnx: ONNX Runtime wherever it can be used."""


def backend() -> str:
    """What the environment asks for. Raises InputError where it is none of `BACKENDS`."""
    chosen = os.environ.get(ENVIRONMENT) or "auto"
    if chosen not in BACKENDS:
        raise InputError(f"{ENVIRONMENT} is {chosen!r}, expected {', '.join(BACKENDS)}")
    return chosen


class Lazily:
    """A network's ONNX session, made when it is worth its making.

    Args:
        graph: makes the graph; called once at most.
        worth: how much work has to be asked for before `auto` makes the session; None where PyTorch is as
            fast, so that only `onnx` does.
        threads: as `Session` takes them.
    """

    def __init__(self, graph: Callable[[], Graph], worth: int | None, threads: int | None = None) -> None:
        self._graph = graph
        self._worth = worth
        self._threads = threads
        self._asked = 0
        self._session: Session | None = None
        self._given_up = False

    def session(self, work: int) -> Session | None:
        """The session for some more work; None where PyTorch is to do it.

        Its answers have been compared with PyTorch's. Raises InputError or CrossgateError where the
        environment asks for `onnx` and it cannot be had; `auto` says so in a warning, once, and goes without.
        """
        chosen = backend()
        self._asked += work
        if chosen == "torch" or (chosen == "auto" and not self._pays()):
            return None
        if self._session is None:
            try:
                self._session = made(self._graph(), self._threads)
            except CrossgateError as error:
                if chosen == "onnx":
                    raise
                self._given_up = True
                warnings.warn(f"PyTorch goes on, as ONNX Runtime could not: {error.what}", stacklevel=2)
        return self._session

    def _pays(self) -> bool:
        if self._given_up or self._worth is None or self._asked < self._worth:
            return False
        return not _missing()


def made(graph: Graph, threads: int | None = None) -> Session:
    """A session held in memory, compared with PyTorch; `threads` as `Session` takes them.

    Raises InputError where a library is missing, and CrossgateError where the answers differ.
    """
    refuse_missing()
    session = Session(traced(graph), threads)
    refuse_different(graph, session)
    return session


def refuse_missing() -> None:
    """Raise InputError where a library is missing that writes or runs ONNX graphs."""
    if names := _missing():
        raise InputError(f"ONNX graphs need {' and '.join(names)}, not installed", fix=INSTALL)


def _missing() -> list[str]:
    return [name for name in ("onnx", "onnxruntime") if find_spec(name) is None]
