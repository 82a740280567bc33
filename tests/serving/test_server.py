"""The service as a command: it is there, it ends when told to, and it says why it cannot be."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from crossgate.cli.main import main


@contextmanager
def service(folder: Path, *more: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """One on a free port that analyses nothing, and its address."""
    words = ["serve", "--port", "0", "--workers", "0", "--data", str(folder), *more]
    program = "import sys; from crossgate.cli.main import main; sys.exit(main())"
    process = subprocess.Popen([sys.executable, "-c", program, *words], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process, process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()


def test_it_serves_page_and_api_and_ends_in_good_order_though_somebody_listens(tmp_path: Path) -> None:
    with service(tmp_path) as (process, address):
        assert address.startswith("http://127.0.0.1:")
        with urlopen(f"{address}healthz") as answer:
            assert json.load(answer) == {"status": "ok", "database": "ok", "workers": 0}
        with urlopen(address) as answer:
            assert b"<title>" in answer.read()
        with urlopen(f"{address}openapi.json") as answer:
            assert "/v1/recordings" in json.load(answer)["paths"]
        body = b'--x\r\nContent-Disposition: form-data; name="recording"; filename="a"\r\n\r\n1\r\n--x--\r\n'
        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        with urlopen(Request(f"{address}v1/recordings", body, headers)) as answer:
            id = json.load(answer)["id"]
        with urlopen(f"{address}v1/recordings/{id}/events") as events:  # which nobody works on, so it goes on
            assert b"event: progress\n" in (events.readline(), events.readline(), events.readline())
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=30)
        assert process.returncode in (0, 128 + signal.SIGTERM, -signal.SIGTERM)


def test_beyond_this_machine_it_wants_a_token(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = ["--data", str(tmp_path)]
    assert main(["token", "create", *folder, "--name", "Ada"]) == 0
    secret = next(word for word in capsys.readouterr().out.split() if word.startswith("cg_"))
    with service(tmp_path, "--host", "0.0.0.0") as (_, address):
        me = address.replace("0.0.0.0", "127.0.0.1") + "v1/me"
        with pytest.raises(HTTPError) as refused:
            urlopen(me)
        assert refused.value.code == 401
        with urlopen(Request(me, headers={"Authorization": f"Bearer {secret}"})) as answer:
            assert json.load(answer)["project"] == "default"


def test_a_port_that_is_taken_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert main(["serve", "--port", port, "--data", str(tmp_path / "data")]) == 2
    assert f"port {port}" in capsys.readouterr().err
    assert not (tmp_path / "data").exists()
