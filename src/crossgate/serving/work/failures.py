"""Why an analysis could not be done, as problem documents for whoever sent the recording."""

from __future__ import annotations

import signal
from typing import Any

from crossgate.errors import InputError
from crossgate.pipeline.processes.child import how_it_ended
from crossgate.serving.problems import of_input_error, problem

Problem = dict[str, Any]

CONVERT = "convert it with another program, such as ffmpeg, and send it again."


class StoppedError(Exception):
    """The job is to be left: its claim is lost, its recording is being deleted, or the service stops."""


class FailedError(Exception):
    """An analysis cannot be done; `problem` says why."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(problem["title"])


def refused(answer: dict[str, Any]) -> Problem:
    """What the analysis itself refused, in its words; `theirs` tells whether the sender can mend it."""
    error = InputError(str(answer.get("what")), where=answer.get("where"), fix=answer.get("fix"))
    return of_input_error(error, 422 if answer.get("theirs", True) else 500)


def crashed(exit_code: int | None) -> Problem:
    """The process ended in the middle."""
    if exit_code == -signal.SIGKILL:
        how = "The process that analysed it was ended by the system, most likely for want of memory."
    else:
        how = f"The process that analysed it ended in the middle of it ({how_it_ended(exit_code)})."
    return problem(
        500,
        "The analysis crashed",
        f"{how} A damaged file may do this: {CONVERT}",
    )


def hung(minutes: float) -> Problem:
    """There was no progress for too long."""
    return problem(
        500,
        "The analysis hung",
        f"It made no progress for {minutes:g} minutes and was ended. A damaged file may do this: {CONVERT}",
    )


def took_too_long(minutes: float) -> Problem:
    """The clock ran out."""
    return problem(
        422,
        "The analysis took too long",
        f"It was not done after {minutes:g} minutes, the most this service gives to one. "
        "Cut the recording into parts.",
    )


def took_too_much_memory(megabytes: float) -> Problem:
    """The process grew too large."""
    return problem(
        422,
        "The analysis took too much memory",
        f"It needed more than {megabytes:g} MB, the most this service gives to one, and was ended. Cut the "
        "recording into parts, or lower its resolution.",
    )


def unexpected() -> Problem:
    """A mistake of ours."""
    return problem(
        500,
        "The analysis failed",
        "Something went wrong that nobody has thought of. The service's log says where.",
    )


def not_kept() -> Problem:
    """The store or the database did not take the result, again and again."""
    return problem(
        500,
        "The result could not be kept",
        "The service's store or database did not take it; its disk may be full. Send the recording again "
        "when whoever runs the service has seen to it.",
    )


def missing() -> Problem:
    """The store has lost the recording."""
    return problem(
        500, "The recording is missing", "Its file is no longer in the service's store. Send it again."
    )


def lost(times: int) -> Problem:
    """The service died in it, again and again."""
    return problem(
        500,
        "The analysis was lost",
        f"The service itself stopped in the middle of it {times} times. "
        "It may be what stops the service, so it is not begun again.",
    )


def machine_lost(times: int) -> Problem:
    """Its worker's machine was gone in the middle of it, again and again."""
    return problem(
        500,
        "The analysis was lost",
        f"The machine that analysed it was gone in the middle of it, and this was the last of {times} "
        "attempts. Send it again when the machines are well.",
    )
