"""The analysis itself, by the checkpoint that ships."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from toy_work import ended, send

from crossgate.emotions import MELD
from crossgate.errors import InputError
from crossgate.report.reading import result_of
from crossgate.report.result import NOBODY, MediaInfo, ModalityUse, ModelInfo, Result, Turn
from crossgate.sample import RECORDING, TRANSCRIPT
from crossgate.serving.settings import ServiceSettings
from crossgate.serving.storage import recordings
from crossgate.serving.storage.opened import Storage
from crossgate.serving.storage.tables import Recording
from crossgate.serving.work.progress import STEPS
from crossgate.serving.work.supervisor import Work
from crossgate.serving.work.worker.analysing import outcome_of, recognizer_analysis, refuse_long
from crossgate.serving.work.worker.messages import Analyse
from made_media import make_media


def result_json(storage: Storage, done: Recording) -> dict[str, Any]:
    assert done.state == "COMPLETED", done.error
    assert done.result_file is not None
    content: dict[str, Any] = json.loads(storage.media.read(recordings.key_of(done, done.result_file)))
    return content


def test_words_are_analysed_and_what_cannot_be_read_is_refused(
    storage: Storage, settings: ServiceSettings
) -> None:
    text = send(storage, None, "What they said", TRANSCRIPT, transcript_name="Sample talk.vtt")
    words = send(storage, RECORDING, "Sample", TRANSCRIPT, settings={"policy": "eu-work-education"})
    noise = send(storage, "no recording at all", "Noise.mp4")
    empty = send(storage, RECORDING, "Sample", "", transcript_name="Nothing.vtt")
    with Work(storage, settings) as work:
        done, held, failed, refused = (ended(storage, each) for each in (text, words, noise, empty))
        assert work.alive == 1  # what was refused has cost no process
    content = result_json(storage, done)
    assert (content["media"]["name"], content["media"]["transcript"]) == ("What they said", "Sample talk.vtt")
    assert "summary" in content
    assert (done.kind, done.duration, done.turns) == ("text", None, len(content["utterances"]))
    content = result_json(storage, held)
    assert (held.kind, content["policy"]) == ("video", "eu-work-education")
    assert content["media"]["name"] == "Sample"
    assert failed.error is not None
    assert failed.error["status"] == 422
    assert failed.error["detail"].startswith("Noise.mp4: this is no recording that FFmpeg can read. ")
    assert refused.error is not None
    assert refused.error["detail"].startswith("Nothing.vtt: the transcript is empty")


@pytest.mark.slow
def test_the_sample_is_analysed_with_all_modalities(storage: Storage, settings: ServiceSettings) -> None:
    sent = send(storage, RECORDING, "Sample", TRANSCRIPT)
    with Work(storage, settings):
        done = ended(storage, sent)
    content = result_json(storage, done)
    result = result_of(content, "result.json")
    assert {m for turn in result.utterances for m, use in turn.modalities.items() if use.present} == {
        "text",
        "audio",
        "visual",
    }
    assert (done.kind, done.duration) == ("video", result.media.duration)
    assert [each.name for each in done.speakers] == [each.name for each in result.speakers]
    assert {each.emotion: each.turns for each in done.emotions if each.turns} == Counter(
        turn.emotion for turn in result.utterances
    )


@pytest.mark.slow
def test_the_steps_of_the_pipeline_are_known(tmp_path: Path) -> None:
    told: list[str] = []
    analyse = recognizer_analysis(Path("crossgate-meld"))
    job = Analyse(str(tmp_path), str(RECORDING), None, {}, 60.0, {}, "Sample", None)
    analyse(job, lambda words, share: told.append(words))
    assert set(told) <= set(STEPS)
    assert len(set(told)) >= 4


def test_a_recording_that_lasts_too_long_is_refused_before_it_is_analysed(tmp_path: Path) -> None:
    path = make_media(tmp_path / "long.wav", sound=[np.zeros(16000 * 3, np.float32)])
    refuse_long(path, 3.5, alone=True)
    with pytest.raises(InputError, match=r"lasts 0\.1 minutes, at most"):
        refuse_long(path, 2.5, alone=True)
    refuse_long(TRANSCRIPT, 0.001, alone=True)


def turn(id: str, speaker: str, emotion: str, *, measured: bool = True) -> Turn:
    uses = {m: ModalityUse(measured, 1 / 3 if measured else 0.0) for m in ("text", "audio", "visual")}
    return Turn(id, speaker, None, None, "words", emotion, 0.5, False, {}, uses, {})  # type: ignore[arg-type]


def test_a_recording_is_found_by_what_was_measured() -> None:
    turns = (
        turn("1", "Ada", "joy"),
        turn("2", "Bob\0", "joy"),
        turn("3", NOBODY, "anger"),
        turn("4", "Ada", "fear", measured=False),
    )
    model = ModelInfo("toy", "1", "", False, 1.0, 0.0, {})
    result = Result(MediaInfo("talk", "audio", 3.0, ""), model, MELD.labels, turns)
    found = outcome_of(result)
    assert found["turns"] == 4
    assert found["speakers"] == ["Ada", "Bob\N{REPLACEMENT CHARACTER}"]
    assert list(found["emotions"]) == list(MELD.labels)
    assert {label: turns for label, turns in found["emotions"].items() if turns} == {"joy": 2, "anger": 1}
