"""The service's log: a line an event, in words or as JSON, of the web process and of its workers alike.

A message that begins with `recording %s` is about that recording: its id is what leads from the request that
sent it, through the supervisor, to the worker process. Nothing that people said or named is in a line: of
errors only where in the code they came about, and of what libraries log only which of them did, and where.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from crossgate.serving.work.worker.traces import trace_without_words

Style = Literal["text", "json"]

STYLE = "CROSSGATE_LOG"
"""Environment variable by which worker processes know how to write: text or json."""

OURS = "crossgate"

ABOUT_A_RECORDING = "recording %s"

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""Of the request that is being answered; made by the service, and the same in all lines about it."""


def begin(style: Style, process: str) -> None:
    """Write lines to stderr from now on, and have worker processes that are started do so, too.

    Args:
        style: of a line.
        process: what this one is: `service` or `worker`.
    """
    os.environ[STYLE] = style
    _take_away()
    take_over_libraries()
    logging.getLogger().addHandler(_Lines(Json(process) if style == "json" else Words(process)))
    logging.getLogger(OURS).setLevel(logging.INFO)
    logging.raiseExceptions = False  # it would print the values of a line that cannot be written
    logging.captureWarnings(True)


def end() -> None:
    """Write no more lines."""
    os.environ.pop(STYLE, None)
    _take_away()
    logging.captureWarnings(False)


def take_over_libraries() -> None:
    """Have the libraries that are loaded by now write by our handler, not by one they brought along.

    Call it again where more have been loaded; where no log is kept it does nothing.
    """
    if os.environ.get(STYLE) is None:
        return
    for logger in list(logging.Logger.manager.loggerDict.values()):
        if isinstance(logger, logging.Logger):
            logger.handlers.clear()
            logger.propagate, logger.disabled = True, False


def begin_as_told() -> None:
    """In a worker process: as the service does, or not at all where that keeps no log."""
    style = os.environ.get(STYLE)
    if style in ("text", "json"):
        begin("json" if style == "json" else "text", "worker")


def content_of(record: logging.LogRecord) -> dict[str, Any]:
    """What a line says: `time`, `level`, `logger`, `message`, and what else is known."""
    ours = record.name.split(".")[0] == OURS
    content: dict[str, Any] = {
        "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname.lower(),
        "logger": record.name,
        "message": record.getMessage() if ours else _of_a_library(record),
    }
    if ours and isinstance(record.args, tuple) and str(record.msg).startswith(ABOUT_A_RECORDING):
        content["recording"] = str(record.args[0])
    if (request := request_id.get()) is not None:
        content["request"] = request
    content |= getattr(record, "fields", {}) if ours else {}
    if record.exc_info and record.exc_info[1] is not None:
        content["trace"] = trace_without_words(record.exc_info[1])
    return content


class Json(logging.Formatter):
    """A line of JSON."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        return json.dumps({**content_of(record), "process": self._process, "pid": record.process})


class Words(logging.Formatter):
    """A line to read."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        """The line; an error's trace stands below it."""
        content = content_of(record)
        line = f"{content['time']} {content['level']} {self._process}: {content['message']}"
        return f"{line}\n{content['trace']}" if "trace" in content else line


class _Lines(logging.StreamHandler[Any]):
    """To stderr, each line by one call, so that those of several processes do not mix."""

    def __init__(self, formatter: logging.Formatter) -> None:
        super().__init__(sys.stderr)
        self.setFormatter(formatter)


def _take_away() -> None:
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if isinstance(handler, _Lines)]:
        root.removeHandler(handler)


def _of_a_library(record: logging.LogRecord) -> str:
    return f"a library said something at {Path(record.pathname).name}:{record.lineno}"
