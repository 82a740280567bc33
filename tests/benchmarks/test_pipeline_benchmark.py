"""The benchmark of the pipeline: what it counts, never how fast."""

from __future__ import annotations

import importlib.util
import json
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest

from crossgate.media.recording import open_recording
from crossgate.media.transcripts.reading import read_transcript
from crossgate.sample import RECORDING, TRANSCRIPT

BENCHMARK = Path(__file__).resolve().parents[2] / "benchmarks" / "pipeline.py"


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("pipeline_benchmark", BENCHMARK)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "pipeline_benchmark", module)
    spec.loader.exec_module(module)
    return module


def test_a_recording_repeated_is_as_long_as_asked_for(benchmark: ModuleType, tmp_path: Path) -> None:
    long, words = tmp_path / "long.mkv", tmp_path / "long.json"
    length = benchmark.repeat(RECORDING, long, 60)
    benchmark.repeat_transcript(TRANSCRIPT, words, length, 60)
    with open_recording(long) as recording:
        assert recording.info.duration == pytest.approx(3 * length, abs=0.5)
        assert recording.info.video is not None
        assert len(recording.info.audio) == 1
        assert recording.notes == ()
    segments = read_transcript(words).segments
    assert len(segments) == 3 * 8
    assert (segments[8].start or 0) - (segments[0].start or 0) == pytest.approx(length)


def test_every_second_counts_once(benchmark: ModuleType) -> None:
    clock = benchmark.Clock()
    with clock.of("outer"):
        time.sleep(0.02)
        with clock.of("inner"):
            time.sleep(0.05)
        steps = clock.stepwise("steps", lambda: iter([time.sleep(0.03), 1]))()
        assert list(steps) == [None, 1]
    assert set(clock.spent) == {"outer", "inner", "steps"}
    assert clock.spent["inner"] >= 0.05
    assert sum(clock.spent.values()) >= 0.1


def test_the_clocks_are_taken_off_again(benchmark: ModuleType) -> None:
    before = benchmark.Recording.frames
    with benchmark.clocked():
        assert benchmark.Recording.frames is not before
    assert benchmark.Recording.frames is before


@pytest.mark.slow
def test_it_writes_its_figures(
    benchmark: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = benchmark.PipelineBenchmark(recording=RECORDING, minutes=0.1, json=tmp_path / "figures.json")
    assert run.run() == 0
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert figures["utterances"] == 8
    assert sum(figures["shares"].values()) == pytest.approx(1)
    assert all(figures["shares"][name] > 0 for name in benchmark.SHARES)
    assert "real-time factor" in capsys.readouterr().out
