"""A worker's life: load the model, do errands until the supervisor goes, never outlive it."""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import logging
import multiprocessing
import os
import resource
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from multiprocessing import connection as connections
from multiprocessing.connection import Connection
from pathlib import Path

from crossgate.errors import CrossgateError, InputError
from crossgate.pipeline.memory import give_back_what_is_freed
from crossgate.pipeline.steps import Step
from crossgate.serving.logs import begin_as_told
from crossgate.serving.work.worker.messages import (
    Analyse,
    Analysis,
    Errand,
    Maker,
    next_errand,
    send_answer,
)
from crossgate.serving.work.worker.naming import named_error
from crossgate.serving.work.worker.traces import trace_without_words

log = logging.getLogger(__name__)

NICENESS = 10
"""Pages, uploads and live conversations go before."""

PR_SET_PDEATHSIG = 1
"""From Linux's sys/prctl.h."""

OFTEN = 0.2
"""Seconds between two messages about one step, at least."""


def work(connection: Connection, make: Maker, parent: int) -> None:
    """Answer errands until the connection is closed.

    Args:
        connection: to the supervisor.
        make: loads the model.
        parent: id of the supervisor's process.
    """
    _settle(parent)
    begin_as_told()
    try:
        _serve(connection, make)
    except (EOFError, OSError):  # the supervisor has gone
        os._exit(0)
    except BaseException:  # whose message multiprocessing would print, with whatever was said in it
        os._exit(1)


def _serve(connection: Connection, make: Maker) -> None:
    try:
        analyse = make()
    except BaseException as error:
        _say_failed(connection, error, {})
        return
    send_answer(connection, "ready")
    while True:
        _do(connection, analyse, next_errand(connection))


def _do(connection: Connection, analyse: Analysis, errand: Errand) -> None:
    names = errand.names if isinstance(errand, Analyse) else {}
    # What is put aside meanwhile goes with the job's folder, also where this process is killed.
    tempfile.tempdir = errand.folder
    step = _teller(connection, errand.recording)
    log.info("recording %s: at work", errand.recording)
    try:
        if isinstance(errand, Analyse):
            done = {"outcome": analyse(errand, step)}
        else:
            from crossgate.serving.work.worker.fetching import fetch

            done = {"outcome": {"bytes": fetch(errand, step)}}
    except BaseException as error:
        log.info("recording %s: given up (%s)", errand.recording, type(error).__name__)
        _say_failed(connection, error, names)
        return
    log.info("recording %s: done", errand.recording)
    send_answer(connection, "done", **done)


def _teller(connection: Connection, recording: str) -> Step:
    """Tells the supervisor of steps, each of them not too often."""
    told: dict[str, float] = {}

    def step(words: str, share: float | None) -> None:
        moment = time.monotonic()
        if moment - told.get(words, -OFTEN) >= OFTEN or share == 1:
            if words not in told:
                log.info("recording %s: %s", recording, words)
            told[words] = moment
            send_answer(connection, "step", words=words, share=share)

    return step


def _say_failed(connection: Connection, error: BaseException, names: Mapping[str, str]) -> None:
    if isinstance(error, CrossgateError):
        said = named_error(error, names)
        send_answer(
            connection,
            "refused",
            what=said.what,
            where=said.where,
            fix=said.fix,
            theirs=isinstance(error, InputError),
        )
    else:
        send_answer(
            connection, "broken", memory=isinstance(error, MemoryError), trace=trace_without_words(error)
        )


def _settle(parent: int) -> None:
    """Make this process a good neighbour, which ends with its parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt is the supervisor's to handle
    os.setsid()  # so that whatever it starts is killed with it
    _end_with_parent(parent)
    os.nice(NICENESS)
    faulthandler.enable()  # a crash says where: lines of code, no values
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a dump would hold what was said
    with contextlib.suppress(OSError):
        # Where the machine runs out of memory, this process goes and not the service.
        Path("/proc/self/oom_score_adj").write_text("1000")
    give_back_what_is_freed()


def _end_with_parent(parent: int) -> None:
    if sys.platform == "linux":
        # The kernel's word holds also where a decoder never gives Python's lock back.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    process = multiprocessing.parent_process()
    assert process is not None  # this is a worker

    def watch() -> None:
        connections.wait([process.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
