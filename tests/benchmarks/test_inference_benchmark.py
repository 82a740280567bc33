"""The benchmark of inference: what it measures, never how fast."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).resolve().parents[2] / "benchmarks" / "inference.py"

pytest.importorskip("onnxruntime", reason="the extra `onnx` is not installed")


def test_everything_is_measured_beside_its_target(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CROSSGATE_BACKEND", "auto")  # put back afterwards, whatever the benchmark sets
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.syspath_prepend(str(BENCHMARK.parent))  # as when it is run
    spec = importlib.util.spec_from_file_location("inference_benchmark", BENCHMARK)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "inference_benchmark", module)
    spec.loader.exec_module(module)
    path = tmp_path / "figures.json"
    settings = module.InferenceBenchmark(quick=True, utterances=40, turns=(2, 4), threads=1, json=path)
    assert settings.run() == 0
    found = json.loads(path.read_text())
    names = list(found["milliseconds"])
    assert any(name.startswith("fusion of 100 turns, ONNX") for name in names)
    assert "live turn from features, turn 4" in names
    assert "  the whole read anew, turn 4" in names
    assert found["faces"].keys() == {"PyTorch", "ONNX Runtime"}
    assert found["corpus"]["gigabytes"] > 0
    printed = capsys.readouterr().out
    assert all(str(target) in printed for target in module.TARGETS.values())
