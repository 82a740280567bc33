"""A worker's life: load the model, do errands until the supervisor goes, never outlive it."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Mapping
from multiprocessing.connection import Connection

from crossgate.errors import CrossgateError, InputError
from crossgate.pipeline.processes.answers import send_answer, teller
from crossgate.pipeline.processes.settling import settle
from crossgate.pipeline.steps import Step
from crossgate.serving.logs import begin_as_told, take_over_libraries
from crossgate.serving.work.worker.messages import Analyse, Analysis, Errand, Maker, next_errand
from crossgate.serving.work.worker.naming import named_error
from crossgate.serving.work.worker.traces import trace_without_words

log = logging.getLogger(__name__)

NICENESS = 10
"""Pages, uploads and live conversations go before."""


def work(connection: Connection, make: Maker, parent: int) -> None:
    """Answer errands until the connection is closed.

    Args:
        connection: to the supervisor.
        make: loads the model.
        parent: id of the supervisor's process.
    """
    settle(parent, NICENESS)
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
    take_over_libraries()  # which came with the model
    send_answer(connection, "ready")
    while True:
        _do(connection, analyse, next_errand(connection))


def _do(connection: Connection, analyse: Analysis, errand: Errand) -> None:
    names = errand.names if isinstance(errand, Analyse) else {}
    # What is put aside meanwhile goes with the job's folder, also where this process is killed.
    tempfile.tempdir = errand.folder
    step = _logged(teller(connection), errand.recording)
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


def _logged(step: Step, recording: str) -> Step:
    """The step, of which the log hears once for each of its words."""
    told: set[str] = set()

    def logged(words: str, share: float | None) -> None:
        if words not in told:
            told.add(words)
            log.info("recording %s: %s", recording, words)
        step(words, share)

    return logged


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
