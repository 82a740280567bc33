"""A web server as a store: its redirects lead nowhere."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from crossgate.errors import InputError
from crossgate.serving.work.worker import fetching
from crossgate.serving.work.worker.messages import Fetch

SECRET = b"what only this machine may read"


class _Handler(BaseHTTPRequestHandler):
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if self.path == "/secret":
            self.send_response(200)
            self.send_header("Content-Length", str(len(SECRET)))
            self.end_headers()
            self.wfile.write(SECRET)
            return
        self.send_response(302)
        self.send_header("Location", "/secret")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_HEAD = do_GET

    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def server() -> Iterator[str]:
    listening = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=listening.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{listening.server_address[1]}"
    listening.shutdown()
    thread.join()
    listening.server_close()


def test_a_store_s_redirects_are_not_followed(server: str, tmp_path: Path) -> None:
    pytest.importorskip("aiohttp", reason="the library of stores on web servers is not installed")
    target = tmp_path / "copy"
    errand = Fetch(
        str(tmp_path), f"{server}/in/a.mp4", [f"{server}/in"], str(target), 1000, "a.mp4", "fetching"
    )
    with contextlib.suppress(InputError):
        fetching.fetch(errand, lambda words, share: None)
    assert "/secret" not in _Handler.asked
    assert not target.exists() or SECRET not in target.read_bytes()


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_every_web_store_is_opened_without_redirects(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where no library for them is installed."""
    opened = []

    def url_to_fs(url: str, **options: Any) -> tuple[object, str]:
        opened.append(options)
        return object(), url

    monkeypatch.setattr(fetching, "url_to_fs", url_to_fs)
    fetching._opened(f"{scheme}://talks.example/in/a.mp4")
    assert opened == [{"allow_redirects": False}]
