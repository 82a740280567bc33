"""What went wrong, as a problem document (RFC 9457)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from crossgate.errors import InputError

MEDIA_TYPE = "application/problem+json"


def problem(
    status: int, title: str, detail: str | None, *, instance: str | None = None, **more: Any
) -> dict[str, Any]:
    """A problem document.

    Its type is always `about:blank`: what a program needs stands in `status`, the rest is for people.

    Args:
        status: of HTTP, also where no HTTP is spoken: 4xx for what the sender can mend, 5xx for the rest.
        title: a few words, the same for every problem of its kind.
        detail: what is wrong this time, and what to do; None where the title says all.
        instance: path of what it is about.
        more: further members, such as `errors`.
    """
    document: dict[str, Any] = {"type": "about:blank", "title": title, "status": status}
    if detail:
        document["detail"] = detail
    if instance is not None:
        document["instance"] = instance
    return document | more


def of_input_error(error: InputError, status: int = 422, *, instance: str | None = None) -> dict[str, Any]:
    """The problem document of something a user gave: what is wrong, where, and what to do about it."""
    said = error.what if error.where is None else f"{error.where}: {error.what}"
    fix = "" if error.fix is None else f" {error.fix[:1].upper()}{error.fix[1:]}."
    return problem(status, title_of(status), f"{said.rstrip('.')}.{fix}", instance=instance)


def title_of(status: int) -> str:
    """The words HTTP has for a status, where a problem has no better ones."""
    if status == 422:
        return "This cannot be used"
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return f"Status {status}"
