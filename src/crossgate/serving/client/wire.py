"""Requests to a service: with the token, within a time, again where that is safe."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, Self, TypeVar
from urllib.parse import urlsplit

import httpx2

from crossgate.errors import InputError, reason_of
from crossgate.files import new_file
from crossgate.serving.client.trouble import ServiceError, of_answer
from crossgate.serving.settings import is_loopback

Found = TypeVar("Found")


class Readable(Protocol):
    """A dataclass that is made of JSON."""

    @classmethod
    def of(cls, content: Any) -> Self:
        """From the service's JSON; raises whatever comes of other JSON."""
        ...


Read = TypeVar("Read", bound=Readable)

PAUSES = (0.5, 2.0, 5.0)
"""Seconds before a request is made again."""

LONGEST_PAUSE = 60.0
"""Seconds: a service that asks for more patience than that is told of as an error."""

PASSING = (429, 502, 503, 504)
"""Answers that may be others a little later."""

CONNECT = 10.0
"""Seconds to reach the service."""


class Wire:
    """A connection to a service.

    Args:
        url: of the service, such as `https://talks.example` or `http://127.0.0.1:8080`.
        token: as `crossgate token create` told it; None where none is needed.
        timeout: seconds without a sign of life after which a request is given up.

    Raises InputError where the URL or the token cannot be one. Warns where the token goes unencrypted.
    """

    def __init__(self, url: str, token: str | None, timeout: float) -> None:
        self.url = _checked(url)
        self.headers = {} if token is None else {"Authorization": f"Bearer {_secret(token)}"}
        self.timeout = timeout
        if token is not None and self.url.startswith("http://") and not is_loopback(_host(self.url)):
            warnings.warn(f"the token goes to {self.url} unencrypted; use https", stacklevel=3)
        # Redirects are not followed: the token is for this address alone.
        self._client = httpx2.Client(headers=self.headers, timeout=httpx2.Timeout(timeout, connect=CONNECT))

    def close(self) -> None:
        """End the connections."""
        self._client.close()

    def json(
        self,
        method: str,
        path: str,
        *,
        again: bool = True,
        params: Mapping[str, Any] | None = None,
        **body: Any,
    ) -> Any:
        """The JSON of an answer; None where it has none.

        Args:
            method: of HTTP.
            path: from the service's root, such as `/v1/me`.
            again: whether the request may be made a second time where the first one may have had its effect:
                everything but an upload may.
            params: of the query.
            body: as `httpx2.Client.request` takes it: json, data, files.
        """
        answer = self.attempt(
            lambda: self._done(self._client.request(method, self.url + path, params=params, **body)), again
        )
        if answer.status_code == 204:
            return None
        try:
            return answer.json()
        except ValueError:
            raise ServiceError(
                "answered with something else than JSON",
                where=self.url + path,
                fix="check the address",
                status=answer.status_code,
            ) from None

    def read(self, kind: type[Read], method: str, path: str, **options: Any) -> Read:
        """The answer as a dataclass of `answers`; `options` as `json` takes them."""
        return self.made(kind, self.json(method, path, **options), path)

    def made(self, kind: type[Read], content: Any, path: str) -> Read:
        """JSON as a dataclass of `answers`. Raises ServiceError where it is something else."""
        try:
            return kind.of(content)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise ServiceError(
                "answered with something else than the service would",
                where=self.url + path,
                fix="check the address",
                status=200,
            ) from None

    def save(self, path: str, to: Path, params: Mapping[str, Any] | None = None) -> Path:
        """An answer as a new file, whole or not there. Raises InputError where a file of that name exists."""
        if to.exists():
            raise InputError("exists already", where=str(to), fix="name another file, or remove it")

        def fetch() -> Path:
            with new_file(to) as draft, draft.open("wb") as file, self.stream(path, params=params) as answer:
                for part in answer.iter_bytes():
                    file.write(part)
            return to

        return self.attempt(fetch)

    @contextmanager
    def stream(
        self, path: str, *, params: Mapping[str, Any] | None = None, **options: Any
    ) -> Iterator[httpx2.Response]:
        """An answer whose body is still to come; raises as `attempt` does, once."""
        with (
            self._in_words(path),
            self._client.stream("GET", self.url + path, params=params, **options) as answer,
        ):
            if not answer.is_success:
                answer.read()
            yield self._done(answer)

    def attempt(self, ask: Callable[[], Found], again: bool = True) -> Found:
        """What a request gives; it is made again where the way or the service fails for a moment.

        Raises ServiceError where the service refuses, cannot be reached, or is given up.
        """
        for pause in (*PAUSES, None):
            try:
                with self._in_words(""):
                    return ask()
            except ServiceError as error:
                wait = pause if again and is_passing(error) else None
                if wait is None:
                    raise
                wait = max(wait, error.problem.get("retry_after", 0.0))
                if wait > LONGEST_PAUSE:
                    raise
            time.sleep(wait)
        raise AssertionError  # the last pause is none

    def _done(self, answer: httpx2.Response) -> httpx2.Response:
        """The answer, if it is a success."""
        if answer.is_success:
            return answer
        error = of_answer(answer.status_code, answer.content, self.url)
        seconds = answer.headers.get("Retry-After", "")
        if seconds.isdigit():
            error.problem["retry_after"] = float(seconds)
        raise error

    @contextmanager
    def _in_words(self, path: str) -> Iterator[None]:
        """Whatever happens on the way, as an error for people."""
        try:
            yield
        except httpx2.TimeoutException as error:
            what = "could not be reached" if isinstance(error, httpx2.ConnectTimeout) else "gave no answer"
            raise ServiceError(
                f"{what} in time", where=self.url + path, fix="try again, or give it a longer timeout"
            ) from error
        except httpx2.RequestError as error:
            raise ServiceError(
                f"cannot be reached: {reason_of(error)}",
                where=self.url + path,
                fix="check the address, and that the service runs there (`crossgate serve`)",
            ) from error


def is_passing(error: ServiceError) -> bool:
    """Whether it may be gone a little later: the way is broken, or the service is busy."""
    return error.status is None or error.status in PASSING


def _checked(url: str) -> str:
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.query
        parts.port  # noqa: B018  # raises where it is none
    except ValueError:
        good = False
    if not good or parts.username is not None:
        raise InputError("is no address of a service", where=url, fix="write it as https://talks.example")
    return url.rstrip("/")


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def _secret(token: str) -> str:
    token = token.strip()
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise InputError("the token is none", fix="give it as `crossgate token create` told it: cg_...")
    return token
