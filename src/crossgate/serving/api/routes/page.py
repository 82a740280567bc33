"""`/`: the page people use the service with, allowed to do what it needs and nothing else."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from html.parser import HTMLParser
from importlib.resources import files

from fastapi import APIRouter, Response

router = APIRouter(include_in_schema=False)

FILE = "app.html"


@router.get("/")
@router.head("/")
def page() -> Response:
    """The page. No token is needed: it holds nothing, and asks for one itself."""
    text, policy = _page()
    return Response(
        text,
        media_type="text/html",
        headers={
            "Content-Security-Policy": policy,
            "Permissions-Policy": "camera=(self), microphone=(self), geolocation=()",
            "Cache-Control": "no-cache",
        },
    )


@cache
def _page() -> tuple[str, str]:
    """The built page and its content security policy."""
    text = files("crossgate.serving.page").joinpath(FILE).read_text(encoding="utf-8")
    return text, policy_of(text)


def policy_of(text: str) -> str:
    """A content security policy that lets a page run its own scripts and styles, and no others.

    `blob:` is for what the page makes itself: the module that listens to the microphone, and recordings that
    were fetched with a token.
    """
    blocks = _Blocks(text)
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {' '.join(map(_digest, blocks.found['script']))} blob:",
            f"style-src {' '.join(map(_digest, blocks.found['style']))}",
            "connect-src 'self'",
            "media-src 'self' blob:",
            "img-src 'self' data:",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )


class _Blocks(HTMLParser):
    """The texts of a page's scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: dict[str, list[str]] = {"script": [], "style": []}
        self._open: str | None = None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open = tag if tag in self.found else None
        if self._open is not None:
            self.found[tag].append("")

    def handle_endtag(self, tag: str) -> None:
        self._open = None

    def handle_data(self, data: str) -> None:
        if self._open is not None:
            self.found[self._open][-1] += data


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
