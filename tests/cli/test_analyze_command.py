"""`crossgate analyze` from outside: what is written, and what is said of input that is no good."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from crossgate.cli.main import main
from crossgate.sample import RECORDING, TRANSCRIPT
from made_media import make_media

RATE = 16000
CUES = "WEBVTT\n\n00:00:00.200 --> 00:00:01.800\n<v Ann>{words}\n"


def analyze(folder: Path, *arguments: str | Path) -> int:
    return main(["analyze", *map(str, arguments), "--out", str(folder / "out")])


def result_of(folder: Path) -> dict:
    content: dict = json.loads((folder / "out" / "result.json").read_text(encoding="utf-8"))
    return content


def noise(seconds: float) -> np.ndarray:
    return (0.1 * np.random.default_rng(0).normal(size=round(seconds * RATE))).astype(np.float32)


def left_behind(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.startswith((".", "out")))


def test_a_recording_becomes_a_folder_with_a_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    formats = "json,csv,parquet,vtt,srt,rttm,eaf,textgrid,html,png"
    assert analyze(tmp_path, RECORDING, "--transcript", TRANSCRIPT, "--format", formats) == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        *("result.json", "turns.csv", "turns.parquet", "captions.vtt", "captions.srt", "speakers.rttm"),
        *("turns.eaf", "turns.TextGrid", "report.html", "timeline.png"),
    }
    content = result_of(tmp_path)
    assert len(content["utterances"]) == 8
    assert content["summary"]
    printed = capsys.readouterr().out
    assert "We got the house!" in printed
    assert "report.html" in printed
    assert left_behind(tmp_path) == ["out"]


def test_the_same_command_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        assert analyze(tmp_path / name, TRANSCRIPT, "--format", "csv,html,png") == 0
    for path in (tmp_path / "one" / "out").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / "out" / path.name).read_bytes(), path.name


def test_the_policy_is_said_in_every_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = (RECORDING, "--transcript", TRANSCRIPT, "--policy", "eu-work-education")
    assert analyze(tmp_path, *arguments, "--format", "csv,vtt,html") == 0
    for name in ("result.json", "turns.csv", "captions.vtt", "report.html"):
        assert "eu-work-education" in (tmp_path / "out" / name).read_text(encoding="utf-8-sig"), name
    assert "text alone" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("gone.mp4", None, "no such file"),
        ("empty.mp4", b"", "no bytes"),
        ("page.mp4", b"<html>not a film</html>" * 50, "page.mp4"),
        ("empty.vtt", b"", "empty"),
        ("chat.csv", b"who,what\nAnn,Hello\n", "chat.csv"),
        ("back.vtt", b"WEBVTT\n\n00:00:05.000 --> 00:00:02.000\nHello\n", "back.vtt"),
        ("broken.json", b'{"segments": [', "broken.json"),
    ],
)
def test_what_cannot_be_used_is_refused_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, content: bytes | None, message: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    assert analyze(tmp_path, tmp_path / name) == 2
    assert message in capsys.readouterr().err
    assert left_behind(tmp_path) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--format", "pdf"), "unknown format 'pdf'"),
        (("--policy", "mars"), "policy is 'mars'"),
        (("--model", "crossgate-mars"), "crossgate-mars"),
        (("--modalities", "x"), "expected letters"),
        (("--detector", "eye"), "detector is 'eye'"),
        (("--whisper", "base"), "faster-whisper"),
        (("--transcript", "gone.vtt"), "gone.vtt"),
        (("--speakers_file", "gone.rttm"), "gone.rttm"),
        (("--audio_track", "7"), "no sound track 7"),
    ],
)
def test_options_that_cannot_be_are_refused_in_words(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    message: str,
) -> None:
    monkeypatch.setitem(sys.modules, "faster_whisper", None)
    assert analyze(tmp_path, RECORDING, *arguments) == 2
    assert message in capsys.readouterr().err
    assert left_behind(tmp_path) == []


def test_nothing_that_exists_is_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "diary.txt").write_text("mine")
    assert analyze(tmp_path, TRANSCRIPT) == 2
    assert "not empty" in capsys.readouterr().err
    assert (tmp_path / "out" / "diary.txt").read_text() == "mine"


def test_formats_that_need_times_are_refused_before_anything_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "chat.csv").write_text("speaker,text\nAnn,Hello\nBen,Hello!\n")
    assert analyze(tmp_path, tmp_path / "chat.csv", "--format", "csv,eaf") == 2
    assert "no times" in capsys.readouterr().err
    assert left_behind(tmp_path) == []


def test_a_film_that_breaks_off_gives_what_is_there(tmp_path: Path) -> None:
    whole = make_media(
        tmp_path / "whole.mkv", sound=[noise(6.0)], times=np.arange(0, 6, 0.1).tolist(), key_every=5
    )
    content = whole.read_bytes()
    (tmp_path / "cut.mkv").write_bytes(content[: len(content) // 2])
    (tmp_path / "talk.vtt").write_text(CUES.format(words="Hello."))
    given = (tmp_path / "cut.mkv", "--transcript", tmp_path / "talk.vtt")
    assert analyze(tmp_path, *given, "--doubt", "false") == 0  # noise is no voice
    assert result_of(tmp_path)["utterances"][0]["modalities"]["audio"]["present"]


@pytest.mark.parametrize("words", ["Oui", "まあ、いいよ。", "😀", "?!", "a " * 5000])
def test_odd_words_have_an_answer(tmp_path: Path, words: str) -> None:
    (tmp_path / "talk.vtt").write_text(CUES.format(words=words), encoding="utf-8")
    assert analyze(tmp_path, tmp_path / "talk.vtt", "--format", "csv") == 0
    (turn,) = result_of(tmp_path)["utterances"]
    assert sum(turn["probabilities"].values()) == pytest.approx(1, abs=1e-3)


def test_people_may_talk_over_each_other(tmp_path: Path) -> None:
    make_media(tmp_path / "call.wav", sound=[noise(4.0)])
    (tmp_path / "talk.vtt").write_text(
        CUES.format(words="But I") + "\n00:00:01.000 --> 00:00:03.000\n<v Ben>No, you\n", encoding="utf-8"
    )
    assert analyze(tmp_path, tmp_path / "call.wav", "--transcript", tmp_path / "talk.vtt") == 0
    assert [turn["speaker"] for turn in result_of(tmp_path)["utterances"]] == ["Ann", "Ben"]


def test_a_picture_of_four_thousand_columns(tmp_path: Path) -> None:
    make_media(tmp_path / "large.mp4", sound=[], times=[0.0, 0.5, 1.0, 1.5], size=(3840, 2160))
    (tmp_path / "talk.vtt").write_text(CUES.format(words="Hello."))
    assert analyze(tmp_path, tmp_path / "large.mp4", "--transcript", tmp_path / "talk.vtt") == 0
    assert not result_of(tmp_path)["utterances"][0]["modalities"]["visual"]["present"]


@pytest.mark.slow
def test_standard_input_is_read_by_a_process_of_its_own(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "crossgate", "analyze", "-", "--transcript", str(TRANSCRIPT)]
    with RECORDING.open("rb") as stream:
        done = subprocess.run(
            [*command, "--out", str(tmp_path / "out")], stdin=stream, capture_output=True, check=False
        )
    assert done.returncode == 0, done.stderr.decode()
    assert result_of(tmp_path)["media"]["name"] == "standard input"


def test_the_demonstration_writes_a_report_and_shows_it_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["demo", "--out", str(tmp_path)]) == 0
    first = capsys.readouterr().out
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "sample").iterdir()}
    assert "report.html" in first
    assert main(["demo", "--out", str(tmp_path)]) == 0
    assert capsys.readouterr().out == first
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "sample").iterdir()} == before
    shutil.rmtree(tmp_path / "sample")


@pytest.mark.slow
def test_told_to_end_it_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    command = [sys.executable, "-m", "crossgate", "analyze", "-", "--out", str(tmp_path / "out")]
    environment = {**os.environ, "TMPDIR": str(tmp_path / "kept")}
    process = subprocess.Popen(command, stdin=subprocess.PIPE, env=environment, stderr=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(RECORDING.read_bytes())
    process.stdin.flush()  # and left open: it waits for more
    deadline = time.monotonic() + 120
    while not list((tmp_path / "kept").glob("*/recording")) and time.monotonic() < deadline:
        time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 128 + signal.SIGTERM
    assert list((tmp_path / "kept").iterdir()) == []


def test_what_would_fail_at_the_end_is_refused_at_the_beginning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crossgate.load", lambda _: pytest.fail("the work was begun"))
    monkeypatch.setattr("crossgate.report.page.fill.LARGEST_EMBEDDED", 1000)
    assert analyze(tmp_path, RECORDING, "--embed") == 2
    assert "link to it instead" in capsys.readouterr().err
    assert analyze(tmp_path, "-", "--embed") == 2
    assert "cannot be embedded" in capsys.readouterr().err
    assert analyze(tmp_path, tmp_path / "gone.mp4") == 2
    (tmp_path / "file").write_text("")
    assert main(["analyze", str(RECORDING), "--out", str(tmp_path / "file" / "out")]) == 2
    assert "is no folder" in capsys.readouterr().err
