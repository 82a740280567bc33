"""From a release with its recordings to a table, a model trained on it, and a recording analysed by that."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pyarrow.parquet as pq
import pytest

from crossgate.cli.main import main
from crossgate.locking import alone
from crossgate.sample import RECORDING, TRANSCRIPT
from toy_releases import SPLITS, ToyClip, meld_release, sample_clips, write_clip

CONFIGURATION = """\
name: toy
features:
  text: [minilm]
  audio: [praat8]
  visual: [face128]
model:
  hidden: 16
  heads: 2
  gate_rank: 4
training:
  epochs: 2
  batch_size: 2
"""


@pytest.fixture(scope="module")
def clips() -> list[ToyClip]:
    return sample_clips()


@pytest.fixture
def release(tmp_path: Path, clips: list[ToyClip]) -> Path:
    return meld_release(tmp_path / "MELD.Raw", clips)


def columns(table: Path, split: str) -> dict[str, list]:
    return pq.read_table(table / f"{split}.parquet").to_pydict()


@pytest.fixture
def _few_threads() -> Iterator[None]:
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("_few_threads")
def test_from_a_release_to_a_model_to_a_result(release: Path, tmp_path: Path) -> None:
    table, run, result = tmp_path / "table", tmp_path / "run", tmp_path / "result"
    assert main(["extract", "meld", str(release), "--out", str(table)]) == 0

    train = columns(table, "train")
    lengths = {len(vector) for vector in train["audio_praat8"] if vector}
    assert lengths == {8}
    broken = train["utterance_id"].index("train_dia125_utt3")
    for column in ("audio_praat8", "visual_face128"):
        assert [k for k, vector in enumerate(train[column]) if vector is None] == [broken]
    durations = [vector[0] for vector in train["audio_praat8"] if vector]
    assert durations == pytest.approx([1.2] * len(durations), abs=0.1)
    assert columns(table, "validation")["audio_praat8"][7] is None
    report = json.loads((table / "extraction.json").read_text(encoding="utf-8"))
    assert report["clips"] == 40
    assert report["unreadable"]["train_dia125_utt3"] == ["known: MELD's clip is damaged as released"]
    assert report["unreadable"]["validation_dia0_utt7"] == ["sound: no file", "picture: no file"]
    assert set(report["unreadable"]) == {"train_dia125_utt3", "validation_dia0_utt7"}
    assert not list(tmp_path.glob(".*partial"))

    configuration = tmp_path / "toy.yaml"
    configuration.write_text(CONFIGURATION, encoding="utf-8")
    assert main(["train", str(configuration), "--data", str(table), "--out", str(run)]) == 0
    arguments = [str(RECORDING), "--transcript", str(TRANSCRIPT), "--model", str(run), "--format", "csv"]
    assert main(["analyze", *arguments, "--out", str(result)]) == 0
    content = json.loads((result / "result.json").read_text(encoding="utf-8"))
    assert len(content["utterances"]) == 8
    for turn in content["utterances"]:
        assert all(use["present"] for use in turn["modalities"].values())


def test_an_extraction_goes_on_where_it_stopped(
    release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from crossgate.pipeline.extraction.worker import Worker

    measured: list[str] = []
    whole = Worker.__call__

    def until_interrupted(self: Worker, clip: object) -> object:
        if len(measured) == 5:
            raise KeyboardInterrupt
        measured.append(clip.utterance)  # type: ignore[attr-defined]
        return whole(self, clip)  # type: ignore[arg-type]

    command = ["extract", "meld", str(release), "--visual", "", "--out", str(tmp_path / "table")]
    monkeypatch.setattr(Worker, "__call__", until_interrupted)
    assert main(command) == 130
    assert not (tmp_path / "table").exists()
    kept = tmp_path / ".table.partial" / "clips.jsonl"
    with kept.open("ab") as file:
        file.write(b'{"utterance": "train_di')  # what a kill in the middle of a line leaves
    assert main([*command[:-2], "--audio", "", "--out", command[-1]]) == 2  # nothing is asked for
    assert main(["extract", "meld", str(release), "--out", command[-1]]) == 2  # another extraction
    assert "other settings" in capsys.readouterr().err

    later: list[str] = []

    def counted(self: Worker, clip: object) -> object:
        later.append(clip.utterance)  # type: ignore[attr-defined]
        return whole(self, clip)  # type: ignore[arg-type]

    monkeypatch.setattr(Worker, "__call__", counted)
    with alone(kept.parent):
        assert main(command) == 2
    assert "works in here" in capsys.readouterr().err
    assert main(command) == 0
    assert len(measured) == 5
    assert len(later) == 35
    assert set(measured).isdisjoint(later)
    assert main(command) == 2  # the table is there, and stays as it is
    monkeypatch.setattr(Worker, "__call__", whole)
    assert main([*command[:-1], str(tmp_path / "again")]) == 0
    for split in SPLITS:
        assert columns(tmp_path / "table", split) == columns(tmp_path / "again", split)


@pytest.mark.slow
def test_several_processes_give_the_same_table(release: Path, tmp_path: Path) -> None:
    for name, workers in (("one", 1), ("two", 2)):
        command = ["extract", "meld", str(release), "--visual", "", "--workers", str(workers)]
        assert main([*command, "--out", str(tmp_path / name)]) == 0
    for split in SPLITS:
        assert columns(tmp_path / "one", split) == columns(tmp_path / "two", split)


def test_annotations_alone_are_no_release_to_extract(release: Path, tmp_path: Path) -> None:
    for path in release.rglob("*.mp4"):
        path.unlink()
    assert main(["extract", "meld", str(release), "--out", str(tmp_path / "table")]) == 2
    assert not (tmp_path / "table").exists()


def test_iemocap_has_a_sound_file_an_utterance_and_a_film_a_dialogue(
    tmp_path: Path, clips: list[ToyClip]
) -> None:
    session = tmp_path / "IEMOCAP_full_release" / "Session1"
    dialogue = "Ses01F_impro01"
    evaluated, words = "% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]\n\n", ""
    for k, (_, text, _, samples, rate) in enumerate(clips[:3]):
        utterance, start = f"{dialogue}_F00{k}", 1.2 * k
        evaluated += f"[{start:.4f} - {start + 1.2:.4f}]\t{utterance}\tneu\t[2.5000, 2.5000, 2.5000]\n\n"
        words += f"{utterance} [{start:08.4f}-{start + 1.2:08.4f}]: {text}\n"
        if k == 1:
            continue  # its sound is missing
        path = session / "sentences" / "wav" / dialogue / f"{utterance}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        with av.open(str(path), "w") as file:
            stream = file.add_stream("pcm_s16le", rate=rate, layout="mono")
            frame = av.AudioFrame.from_ndarray((samples * 32767).astype(np.int16)[None], "s16", "mono")
            frame.sample_rate = rate
            file.mux(stream.encode(frame))
            file.mux(stream.encode())
    for folder, content in (("EmoEvaluation", evaluated), ("transcriptions", words)):
        path = session / "dialog" / folder / f"{dialogue}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    frames = [frame for clip in clips[:2] for frame in clip[2]][:33]  # too short for the third utterance
    write_clip(session / "dialog" / "avi" / "DivX" / f"{dialogue}.avi", frames, clips[0][3], clips[0][4])
    assert main(["extract", "iemocap", str(session.parent), "--out", str(tmp_path / "table")]) == 0
    train = columns(tmp_path / "table", "train")
    assert [vector is not None for vector in train["audio_praat8"]] == [True, False, True]
    assert [vector is not None for vector in train["visual_face128"]] == [True, True, False]
