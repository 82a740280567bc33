"""Clips that several processes measure: no machine may make other columns, or lack the files."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from crossgate.errors import InputError
from crossgate.experiments.benchmark.workers import Inline
from crossgate.pipeline.extraction.layouts import Clip
from crossgate.pipeline.extraction.processes import measure_by_processes
from crossgate.pipeline.extraction.settings import ExtractionSettings
from crossgate.pipeline.extraction.worker import Made, Measured, Worker
from crossgate.sample import RECORDING

SETTINGS = ExtractionSettings(visual="")


@pytest.fixture(autouse=True)
def _own_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def measured(clips: list[Clip], made: Made) -> list[Measured]:
    """By a worker in this process."""
    engine = lambda: nullcontext(Inline())  # noqa: E731
    return list(measure_by_processes(clips, SETTINGS, made, workers=2, engine=engine))


def test_every_clip_is_measured_once() -> None:
    worker = Worker(SETTINGS)
    clips = [Clip(f"{number}", RECORDING if number % 2 else None, None) for number in range(5)]
    found = measured(clips, worker.made)
    assert sorted(found, key=lambda one: one.utterance) == [worker(clip) for clip in clips]


def test_a_machine_with_other_extractors_is_refused_by_name() -> None:
    made = Worker(SETTINGS).made
    here = f"the machine {socket.gethostname()} measures with audio_praat8"
    for other in (replace(made, detector="YuNetDetector"), replace(made, specs=())):
        with pytest.raises(InputError, match=here):
            measured([Clip("a", RECORDING, None)], other)


def test_a_file_that_a_machine_does_not_see_is_no_broken_clip(tmp_path: Path) -> None:
    """A folder that is not mounted there is there, and empty."""
    made = Worker(SETTINGS).made
    with pytest.raises(InputError, match=r"gone\.wav: the machine .* does not see this file"):
        measured([Clip("a", tmp_path / "gone.wav", None)], made)
