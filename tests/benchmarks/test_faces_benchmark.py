"""The benchmark of the face network: what it races against, never how fast."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch

BENCHMARK = Path(__file__).resolve().parents[2] / "benchmarks" / "faces.py"


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("faces_benchmark", BENCHMARK)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "faces_benchmark", module)
    spec.loader.exec_module(module)
    return module


def test_the_rival_has_the_layers_of_the_paper(benchmark: ModuleType) -> None:
    rival = benchmark.vgg13()
    kinds = [type(layer).__name__ for layer in rival]
    assert (kinds.count("Conv2d"), kinds.count("Linear"), kinds.count("MaxPool2d")) == (10, 3, 4)
    with torch.inference_mode():
        assert rival.eval()(torch.rand(2, 1, 64, 64)).shape == (2, 8)


def test_every_contestant_works(benchmark: ModuleType) -> None:
    settings = benchmark.FaceBenchmark(batch=2)
    network = benchmark.FaceNetwork(
        benchmark.FaceSettings(stem=4, widths=(4,), blocks=(1,), embedding=6)
    ).eval()
    with torch.inference_mode():
        for work in settings._contestants(network, benchmark.vgg13().eval()).values():
            work()
