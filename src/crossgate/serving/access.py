"""Who may come in, over HTTP and WebSockets alike: tokens, this machine's own address, limits of rate."""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Mapping, Sequence
from threading import Lock
from time import monotonic
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from crossgate.serving.settings import ServiceSettings, is_loopback
from crossgate.serving.storage.database import Database
from crossgate.serving.storage.projects import PREFIX, SCOPES, Access, access_of, ensure_project

SUBPROTOCOL = "crossgate.bearer."
"""How the subprotocol begins by which a browser's WebSocket, which sends no headers, carries its token."""

LONGEST_TOKEN = 200
"""Characters; what is longer is none of ours, and is not looked up."""

FAILURES_PER_MINUTE = 30
"""Wrong tokens from one address that are answered with 401; further ones are told to wait."""

MOST_BUCKETS = 10_000
"""Buckets that are kept; beyond, those that have filled up again are forgotten."""

BY_PROXIES = (
    "forwarded",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-proto",
    "x-forwarded-server",
    "x-original-host",
    "x-real-ip",
    "x-client-ip",
    "true-client-ip",
    "cf-connecting-ip",
)
"""Headers that only a proxy writes."""

LOCAL = "local"
"""What corrections of whoever needs no token are signed with."""


class Refused(Exception):
    """Somebody may not come in, or not do that.

    Args:
        status: of HTTP: 401, 403 or 429.
        detail: why, and what to do.
        headers: that the answer carries.
    """

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})


class Buckets:
    """Token buckets (RFC 2697's idea, in requests): each holds a minute's worth, and fills up within one."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._buckets: dict[str, tuple[float, float, int]] = {}

    def take(self, key: str, per_minute: int) -> float:
        """Take one out. 0 where there was one; else, with nothing taken, seconds until there is."""
        with self._lock:
            moment = monotonic()
            level, filled, _ = self._buckets.get(key, (float(per_minute), moment, per_minute))
            level = min(float(per_minute), level + (moment - filled) * per_minute / 60)
            taken = level >= 1
            self._buckets[key] = (level - taken, moment, per_minute)
            if len(self._buckets) > MOST_BUCKETS:
                self._forget(moment)
            return 0.0 if taken else (1 - level) * 60 / per_minute

    def _forget(self, moment: float) -> None:
        full = [
            key
            for key, (level, filled, rate) in self._buckets.items()
            if level + (moment - filled) * rate / 60 >= rate
        ]
        for key in full or list(self._buckets)[: MOST_BUCKETS // 2]:
            del self._buckets[key]


_buckets: WeakKeyDictionary[Database, Buckets] = WeakKeyDictionary()
"""Of each database, so that HTTP and WebSockets count together."""


def find_access(
    database: Database,
    settings: ServiceSettings,
    headers: Mapping[str, str],
    subprotocols: Sequence[str],
    client_host: str | None,
    version: str = "1.1",
) -> Access:
    """Who asks, by the token that is sent, or because the service is this machine's alone.

    A token that is sent counts also where none is needed, and has to be a good one.

    Args:
        database: holds the tokens.
        settings: whether a token is needed, how often it may ask.
        headers: of the request, their names in small letters or found in any case.
        subprotocols: that a WebSocket offers; empty for HTTP.
        client_host: address the request comes from; None where that is not known.
        version: of HTTP.

    Raises:
        Refused: 401 without a good token where one is needed, 403 where a foreign page or a proxy reaches a
            service that is this machine's alone, 429 where it asks too often.
    """
    if settings.open:
        _refuse_foreign(settings, headers, client_host, version)
    buckets = _buckets.setdefault(database, Buckets())
    secret = _secret(headers, subprotocols)
    if secret is None:
        if settings.open:
            return Access(ensure_project(database).id, "default", SCOPES, None, LOCAL)
        raise _unknown(buckets, client_host, "a token is needed", counts=False)
    if not secret.startswith(PREFIX) or len(secret) > LONGEST_TOKEN or not secret.isascii():
        raise _unknown(buckets, client_host, "that is no token of this service")
    access = access_of(database, secret)
    if access is None:
        raise _unknown(buckets, client_host, "the token is unknown, or was revoked")
    wait = buckets.take(f"token {access.token}", settings.requests_per_minute)
    if wait > 0:
        raise _too_often(wait, f"a token may ask {settings.requests_per_minute} times a minute")
    return access


def demand(access: Access, *scopes: str) -> Access:
    """The access as it is. Raises Refused (403) where it has none of these scopes."""
    if not set(scopes) & set(access.scopes):
        raise Refused(403, f"the token lacks the scope {' or '.join(scopes)}; make one with it")
    return access


def _secret(headers: Mapping[str, str], subprotocols: Sequence[str]) -> str | None:
    """The token that is sent, or what stands in its place; None where there is nothing."""
    header = headers.get("authorization")
    if header is not None:
        scheme, _, secret = header.strip().partition(" ")
        return secret.strip() if scheme.lower() == "bearer" else ""
    for one in subprotocols:
        if one.startswith(SUBPROTOCOL):
            return one.removeprefix(SUBPROTOCOL)
    return None


def _unknown(buckets: Buckets, client_host: str | None, why: str, counts: bool = True) -> Refused:
    """401, or 429 to an address that has tried many tokens.

    Good tokens are never kept waiting by others' bad ones: many may stand behind one address.
    """
    wait = buckets.take(f"address {client_host}", FAILURES_PER_MINUTE) if counts else 0.0
    if wait > 0:
        return _too_often(wait, "too many wrong tokens from this address")
    detail = f"{why}; send Authorization: Bearer cg_..., which `crossgate token create` makes"
    return Refused(401, detail, {"WWW-Authenticate": 'Bearer realm="crossgate"'})


def _too_often(wait: float, why: str) -> Refused:
    seconds = max(1, math.ceil(wait))
    return Refused(429, f"{why}; ask again in {seconds} s", {"Retry-After": str(seconds)})


def _refuse_foreign(
    settings: ServiceSettings, headers: Mapping[str, str], client_host: str | None, version: str
) -> None:
    """Raise Refused where it is not somebody at this machine who asks, or not on his own behalf.

    A page from elsewhere, open in a browser on this machine, reaches loopback too: by its own name, which it
    lets point here (then `Host` is foreign), or by ours (then `Origin` is).
    """
    # No browser speaks 1.0 any more, and nginx does to what stands behind it.
    if version == "1.0" or any(name in headers for name in BY_PROXIES):
        raise Refused(
            403,
            "it came through a proxy, and the service takes everybody for this machine's user: use --tokens",
        )
    host = headers.get("host", "")
    if not is_loopback(_host_name(host)):
        raise Refused(403, "Host is none of this machine's own; ask for 127.0.0.1 or localhost")
    origin = headers.get("origin")
    if origin is None and headers.get("sec-fetch-site") == "cross-site":
        raise Refused(403, "a page from elsewhere may not ask")
    if origin is not None and origin not in settings.origins and not same_origin(origin, host):
        raise Refused(403, "a page from elsewhere may not ask; --allow-origin lets it")
    if client_host is not None and _elsewhere(client_host):
        raise Refused(403, "it came from another machine; start the service with --host or --tokens")


def _host_name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def same_origin(origin: str, host: str) -> bool:
    """Whether a page of this origin is the service's own, asked for under this Host."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and parts.netloc.lower() == host.lower()


def _elsewhere(client_host: str) -> bool:
    try:
        address = ipaddress.ip_address(client_host)
    except ValueError:  # a socket of this machine, or a test
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return not (mapped or address).is_loopback
