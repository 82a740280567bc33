"""`crossgate doctor` says what works here, and exits with 1 where something is broken."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from crossgate.cli.main import main
from crossgate.doctor import examine
from crossgate.doctor.finding import Finding


def findings(*, broken: bool) -> Iterator[Finding]:
    yield Finding("decoder", "works", "PyAV")
    yield Finding("GPU", "absent", "none", "buy one")
    if broken:
        yield Finding("weights", "broken", "other bytes", "reinstall")


def test_nothing_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(examine, "machine", lambda: findings(broken=False))
    for part in ("reading", "weights", "extras"):
        monkeypatch.setattr(examine, part, lambda: iter(()))
    assert main(["doctor", "--data", str(tmp_path), "--json", str(tmp_path / "found.json")]) == 0
    said = capsys.readouterr().out
    assert "nothing is broken" in said
    assert "-> buy one" in said
    assert json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))[0] == {
        "part": "decoder",
        "state": "works",
        "said": "PyAV",
        "mend": "",
    }


def test_what_is_broken_is_named_and_the_exit_code_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(examine, "machine", lambda: findings(broken=True))
    for part in ("reading", "weights", "extras"):
        monkeypatch.setattr(examine, part, lambda: iter(()))
    assert main(["doctor", "--data", str(tmp_path)]) == 1
    said = capsys.readouterr().out
    assert "broken: weights" in said
    assert "-> reinstall" in said
