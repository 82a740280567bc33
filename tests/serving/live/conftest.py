"""A live model for the tests of live conversations."""

from __future__ import annotations

import pytest

from crossgate.features.visual.crops import cut_face
from crossgate.models.checkpoint import Checkpoint
from crossgate.pipeline.live import Live
from crossgate.prediction import Prediction
from toy_talk import FACE, Ready, Turn, measurable, talk


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    return measurable(tmp_path_factory.mktemp("live"))


@pytest.fixture(scope="session")
def ready(checkpoint: Checkpoint) -> Ready:
    return Ready(checkpoint)


@pytest.fixture(scope="session")
def turns() -> list[Turn]:
    return talk()


@pytest.fixture(scope="session")
def expected(checkpoint: Checkpoint, turns: list[Turn]) -> list[Prediction]:
    """What Python says of the turns."""
    live = Live(checkpoint)
    return [
        live.add(
            speaker=turn.speaker,
            text=turn.text,
            sound=turn.sound,
            faces=[face if face.shape[0] == face.shape[1] else cut_face(face, FACE) for face in turn.faces],
        )
        for turn in turns
    ]
