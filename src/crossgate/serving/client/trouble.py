"""What went wrong at the service, or on the way to it, as an error for people."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from crossgate.errors import InputError


class ServiceError(InputError):
    """The service did not do what was asked, or could not be reached.

    Attributes:
        status: of HTTP; None where there was no answer.
        problem: the service's own document (RFC 9457), empty where it sent none.
    """

    def __init__(
        self,
        what: str,
        *,
        where: str | None = None,
        fix: str | None = None,
        status: int | None = None,
        problem: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(what, where=where, fix=fix)
        self.status = status
        self.problem = dict(problem or {})
        if status is not None and status >= 500:
            self.exit_code = 1  # nothing the user gave is at fault


def of_problem(problem: Mapping[str, Any], where: str, status: int | None = None) -> ServiceError:
    """The error of a problem document."""
    status = status if status is not None else problem.get("status")
    title, detail = (str(problem.get(name) or "").strip() for name in ("title", "detail"))
    single = [_words(error) for error in problem.get("errors") or () if isinstance(error, Mapping)]
    words = [part.rstrip(".") for part in (title, *(single or [detail])) if part]
    fix = None
    if status == 401:
        fix = "give a token: `crossgate token create` makes one on the service's machine"
    return ServiceError(
        ". ".join(dict.fromkeys(words)) or f"answered with status {status}",
        where=where,
        fix=fix,
        status=status,
        problem=problem,
    )


def of_answer(status: int, body: bytes | str, where: str) -> ServiceError:
    """The error of an answer that is no success, whatever its body holds."""
    try:
        content = json.loads(body)
    except ValueError:  # not from the service itself: something between answered
        content = None
    return of_problem(content if isinstance(content, dict) else {}, where, status)


def is_gone(error: ServiceError) -> bool:
    """Whether there is no such thing at the service."""
    return error.status == 404


def _words(error: Mapping[str, Any]) -> str:
    """A single error of a validation: the place and the message, under the names that are usual."""
    place = next((error[name] for name in ("loc", "field", "pointer") if error.get(name)), "")
    words = next((error[name] for name in ("msg", "message", "detail") if error.get(name)), "")
    where = ".".join(map(str, place)) if isinstance(place, list) else str(place)
    return f"{where}: {words}" if where else str(words)
