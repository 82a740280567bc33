"""`crossgate export-onnx` from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from crossgate.cli.main import main
from toy_checkpoints import toy_checkpoint

pytest.importorskip("onnxruntime", reason="the extra `onnx` is not installed")


def test_it_says_what_it_wrote_and_how_close_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    toy_checkpoint(tmp_path).save(tmp_path / "saved")
    assert main(["export-onnx", str(tmp_path / "saved"), "--out", str(tmp_path / "onnx")]) == 0
    printed = capsys.readouterr().out
    assert "fusion.onnx" in printed
    assert "from PyTorch" in printed
    assert (tmp_path / "onnx" / "onnx.json").is_file()
    assert main(["export-onnx", str(tmp_path / "saved"), "--out", str(tmp_path / "onnx")]) == 2
    assert "not empty" in capsys.readouterr().err


def test_a_table_without_int8_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["export-onnx", "crossgate-meld", "--out", str(tmp_path / "onnx"), "--data", str(tmp_path)]
    assert main(arguments) == 2
    assert "--int8" in capsys.readouterr().err
