"""Every error as a problem document, whoever raised it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from errno import EDQUOT, ENOSPC
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.routing import Route

from crossgate.errors import InputError
from crossgate.serving.access import Refused
from crossgate.serving.problems import MEDIA_TYPE, of_input_error, problem, title_of

BUSY = 5
"""Seconds after which to ask again where the database does not answer."""

NO_SUCH_RECORDING = "There is no such recording"


class ApiError(Exception):
    """Something that is answered with a problem.

    Args:
        status: of HTTP.
        detail: what is wrong, and what to do.
        title: the words of HTTP where none are given.
        headers: that the answer carries.
        more: further members of the problem.
    """

    def __init__(
        self,
        status: int,
        detail: str | None = None,
        *,
        title: str | None = None,
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(status)
        self.status = status
        self.headers = dict(headers or {})
        self.document = problem(status, title or title_of(status), detail, **more)


def no_such_recording() -> ApiError:
    """404: it is not there, it is being deleted, or it is another project's, which is not told apart."""
    return ApiError(404, title=NO_SUCH_RECORDING)


def invalid(error: ValidationError, *where: str) -> RequestValidationError:
    """What pydantic found in a part of the request, such as `body`."""
    return RequestValidationError(
        [{"loc": (*where, *found["loc"]), "msg": found["msg"]} for found in error.errors()]
    )


def answer(
    document: Mapping[str, Any], request: Request, headers: Mapping[str, str] | None = None
) -> Response:
    """A problem document as a response; it says at which path it came about."""
    content = {"instance": quote(request.scope["path"], errors="replace"), **document}
    # In ASCII: what was sent may hold half a surrogate pair, which UTF-8 cannot.
    return Response(json.dumps(content), content["status"], headers, MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Make the app answer every error with a problem."""
    app.add_exception_handler(ApiError, _api_error)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(InputError, _input_error)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(DBAPIError, _busy)
    app.add_exception_handler(OSError, _full)
    app.add_exception_handler(PoolTimeout, _busy)


async def _api_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return answer(error.document, request, error.headers)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return answer(problem(error.status, title_of(error.status), error.detail), request, error.headers)


async def _input_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, InputError)
    document = of_input_error(error)
    if error.where is not None:
        said = document["detail"].removeprefix(f"{error.where}: ")
        document["errors"] = [{"loc": [error.where], "msg": said}]
    return answer(document, request)


async def _validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    # Where and why, but not what was sent: it need not be said again.
    errors = [{"loc": [_step(step) for step in each["loc"]], "msg": each["msg"]} for each in error.errors()]
    said = [f"{', '.join(map(str, each['loc']))}: {each['msg']}" for each in errors]
    detail = said[0] if len(said) == 1 else f"{len(said)} parts of the request cannot be used"
    return answer(problem(422, title_of(422), detail, errors=errors), request)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status, headers = error.status_code, dict(error.headers or {})
    detail = error.detail if error.detail != HTTPStatus(status).phrase else None
    if status == 404:
        detail = "there is nothing at this address; /openapi.json says what there is"
    if status == 405:
        allowed = _methods(request)
        headers["Allow"], detail = ", ".join(allowed), f"here goes {' or '.join(allowed)}"
    return answer(problem(status, title_of(status), detail), request, headers)


async def _full(request: Request, error: Exception) -> Response:
    if not isinstance(error, OSError) or error.errno not in (ENOSPC, EDQUOT):
        raise error
    return answer(problem(507, title_of(507), "the service's disk is full; ask again later"), request)


async def _busy(request: Request, error: Exception) -> Response:
    gone = isinstance(error, DBAPIError) and error.connection_invalidated
    if not gone and not isinstance(error, OperationalError | InterfaceError | PoolTimeout):
        raise error
    document = problem(503, title_of(503), "the database does not answer; ask again later")
    return answer(document, request, {"Retry-After": str(BUSY)})


def _step(step: object) -> str | int:
    return step if isinstance(step, int) else str(step)


def _methods(request: Request) -> Sequence[str]:
    """Every method an address has: the framework names those of its first route alone."""
    found: set[str] = set()
    for route in request.app.state.routes:
        if isinstance(route, Route | APIRoute) and route.path_regex.match(request.scope["path"]):
            found |= route.methods or set()
    return sorted(found)
