"""A live conversation through a real server is the one of Python."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import crossgate
from crossgate.errors import InputError
from crossgate.features.visual.crops import cut_face
from crossgate.models.checkpoint import Checkpoint
from crossgate.pipeline.live import Live
from crossgate.pipeline.recognizer import Recognizer
from crossgate.serving.client.trouble import ServiceError
from crossgate.serving.storage.projects import create_token
from toy_server import Service, listening
from toy_talk import FACE, Ready, file_of, measurable, talk, voice


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    return measurable(tmp_path_factory.mktemp("live"))


@pytest.fixture
def service(checkpoint: Checkpoint, tmp_path: Path) -> Iterator[Service]:
    with listening(tmp_path, Ready(checkpoint), live_idle_seconds=20) as made:
        yield made


def test_it_is_used_as_in_python_and_says_the_same(service: Service, checkpoint: Checkpoint) -> None:
    live = Live(checkpoint)
    with crossgate.Client(service.url) as client, client.live(consent=True) as conversation:
        assert conversation.labels == Recognizer(checkpoint).labels
        assert conversation.modalities == ("text", "audio", "visual")
        assert conversation.notice is None
        for turn in talk():
            # Crops go as arrays, whole pictures as files.
            crops = [face if face.shape[0] == face.shape[1] else cut_face(face, FACE) for face in turn.faces]
            sent = [face if face.shape[0] == face.shape[1] else file_of(face) for face in turn.faces]
            found = conversation.add(speaker=turn.speaker, text=turn.text, sound=turn.sound, faces=sent)
            wanted = live.add(speaker=turn.speaker, text=turn.text, sound=turn.sound, faces=crops)
            assert found.distribution == pytest.approx(wanted.distribution, abs=1e-6)
            assert found.shares == pytest.approx(wanted.shares, abs=1e-6)
            assert (found.emotion, found.abstained) == (wanted.emotion, wanted.abstained)
            assert found.views.keys() == wanted.views.keys()
            there = {modality for modality, use in conversation.uses.items() if use.present}
            assert there == {m for m in ("text", "audio", "visual") if m[0] in wanted.views}
        assert conversation.end() == len(talk())


def test_a_large_crop_arrives_as_python_reads_it(service: Service, checkpoint: Checkpoint) -> None:
    crop = np.random.default_rng(0).integers(0, 256, (300, 300, 3), dtype=np.uint8)
    wanted = Live(checkpoint).add(speaker="Ann", faces=[crop])
    with crossgate.Client(service.url) as client, client.live(consent=True) as conversation:
        found = conversation.add(speaker="Ann", faces=[crop])
    assert found.distribution == pytest.approx(wanted.distribution, abs=1e-6)


def test_a_policy_is_told_and_nothing_else_is_sent(service: Service, checkpoint: Checkpoint) -> None:
    wanted = Live(checkpoint).add(speaker="Ann", text="Hello")
    with (
        crossgate.Client(service.url) as client,
        client.live(consent=True, policy="eu-work-education") as conversation,
    ):
        assert conversation.modalities == ("text",)
        assert "text alone" in (conversation.notice or "")
        found = conversation.add(speaker="Ann", text="Hello", sound=voice(0.5), faces=[b"no picture"])
    assert found.distribution == pytest.approx(wanted.distribution, abs=1e-6)


def test_what_is_refused_leaves_the_conversation_as_it_was(service: Service) -> None:
    with crossgate.Client(service.url) as client, client.live(consent=True) as conversation:
        first = conversation.add(speaker="Ann", text="You did what?")
        with pytest.raises(ServiceError, match="no PNG or JPEG"):
            conversation.add(speaker="Ben", text="Never", faces=[b"no picture"])
        with pytest.raises(InputError, match="number that is none"):
            conversation.add(speaker="Ben", text="Never", start=float("nan"))
        assert conversation.end() == 1
    assert first.emotion


def test_consent_is_asked_for(service: Service) -> None:
    with (
        crossgate.Client(service.url) as client,
        pytest.raises(InputError, match="consent"),
        client.live(consent=False),
    ):
        pytest.fail("nobody agreed")


def test_a_conversation_that_the_service_ends_is_said_to_be_over(
    checkpoint: Checkpoint, tmp_path: Path
) -> None:
    with (
        listening(tmp_path, Ready(checkpoint), live_sessions=1) as service,
        crossgate.Client(service.url) as client,
        client.live(consent=True),
        pytest.raises(ServiceError, match="try again later"),
        client.live(consent=True),
    ):
        pytest.fail("there was no room")


def test_tokens_open_the_conversation(checkpoint: Checkpoint, tmp_path: Path) -> None:
    with listening(tmp_path, Ready(checkpoint), tokens=True) as service:
        secret, _ = create_token(service.storage.database, "team", "laptop", ("write",))
        with crossgate.Client(service.url, secret) as client, client.live(consent=True) as conversation:
            assert conversation.add(speaker="Ann", text="Hello").emotion
        with (
            crossgate.Client(service.url, "cg_wrong") as stranger,
            pytest.raises(ServiceError, match="unknown, or was revoked") as raised,
            stranger.live(consent=True),
        ):
            pytest.fail("a stranger came in")
        assert raised.value.status == 401


def test_nobody_there_is_said_in_words() -> None:
    with (
        crossgate.Client("http://127.0.0.1:9") as client,
        pytest.raises(ServiceError, match="cannot be opened"),
        client.live(consent=True),
    ):
        pytest.fail("nobody is there")


@pytest.mark.slow
def test_the_shipped_live_model_says_what_it_says_in_python(tmp_path: Path) -> None:
    live = crossgate.load("crossgate-meld-live").live()
    turns = [("Ann", "You did what?"), ("Ben", "I sold it."), ("Ann", "Oh no, not the sofa!")]
    with (
        listening(tmp_path) as service,
        crossgate.Client(service.url) as client,
        client.live(consent=True) as conversation,
    ):
        assert conversation.model == "crossgate-meld-live"
        for speaker, text in turns:
            found = conversation.add(speaker=speaker, text=text)
            assert found.distribution == pytest.approx(
                live.add(speaker=speaker, text=text).distribution, abs=1e-5
            )
