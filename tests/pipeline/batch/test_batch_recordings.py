"""Which recordings a batch is of, and which transcript belongs to which."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossgate.errors import InputError
from crossgate.pipeline.batch.output import shard_of
from crossgate.pipeline.batch.places import is_url, plain
from crossgate.pipeline.batch.recordings import Recording, find_recordings, is_one


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of files that hold their own names."""
    for name in ("a.mp4", "a.vtt", "b.wav", "deep/a.mp4", "deep/c.mkv", "deep/notes.txt", ".hidden/d.mp4"):
        write(tmp_path / "calls" / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "calls"


def write(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(path.name)
    return path


def found(*sources: str | Path, transcripts: str | None = None, out: str = "out") -> dict[str, Recording]:
    return {one.name: one for one in find_recordings([str(each) for each in sources], transcripts, out)}


def test_a_folder_gives_its_media_and_a_pattern_what_it_matches(calls: Path) -> None:
    assert list(found("calls")) == ["a.mp4", "b.wav", "deep/a.mp4", "deep/c.mkv"]
    assert list(found("calls/**/*.mp4")) == ["a.mp4", "deep/a.mp4"]
    assert list(found("calls/*.*")) == ["a.mp4", "b.wav"]  # the transcript belongs to a recording
    assert list(found(calls / "**" / "*.txt")) == ["deep/notes.txt"]
    assert list(found("calls/a.mp4", "calls/deep/c.mkv")) == ["a.mp4", "deep/c.mkv"]
    assert list(found(f"file://{calls}/*.wav", "calls/b.wav")) == ["b.wav"]
    (calls / "a.mp4").unlink()
    assert list(found("calls/*.*")) == ["a.vtt", "b.wav"]  # a transcript alone is analysed as such


def test_what_the_batch_itself_writes_is_no_recording(calls: Path) -> None:
    write(calls / "out" / "results" / "a.mp4")
    assert list(found("calls", out="calls/out")) == ["a.mp4", "b.wav", "deep/a.mp4", "deep/c.mkv"]


def test_names_do_not_depend_on_how_the_folder_is_named(calls: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = list(found("calls"))
    assert list(found(calls)) == list(found("./calls/../calls/")) == expected
    monkeypatch.chdir(calls)
    assert list(found(".")) == expected


def words_of(*sources: str | Path, transcripts: str | None = None) -> dict[str, str | None]:
    """Name -> transcript, below the folder worked in."""
    here = f"{Path.cwd()}/"
    return {
        name: None if one.transcript is None else one.transcript.removeprefix(here)
        for name, one in found(*sources, transcripts=transcripts).items()
    }


def test_the_transcript_of_the_same_stem_is_found_beside_or_where_it_is_said(calls: Path) -> None:
    assert words_of("calls") == {
        **dict.fromkeys(("b.wav", "deep/a.mp4", "deep/c.mkv")),
        "a.mp4": "calls/a.vtt",
    }
    for name in ("words/b.csv", "words/deep/a.srt", "words/c.json"):
        write(calls.parent / name)
    assert words_of("calls", transcripts="words") == {
        "a.mp4": "words/deep/a.srt",  # the only one of its stem
        "b.wav": "words/b.csv",
        "deep/a.mp4": "words/deep/a.srt",
        "deep/c.mkv": "words/c.json",
    }
    assert words_of("calls", transcripts="words/**/*.csv")["b.wav"] == "words/b.csv"
    with pytest.raises(InputError, match="one transcript, or none"):
        found("calls", transcripts="calls/a.vtt")
    with pytest.raises(InputError, match="no transcript is there"):
        found("calls", transcripts="words/*.eaf")


def test_of_several_transcripts_none_is_guessed(calls: Path) -> None:
    write(calls / "a.rttm")
    assert words_of("calls")["a.mp4"] == "calls/a.vtt"  # the other one has no words
    write(calls / "a.srt")
    one = found("calls")["a.mp4"]
    assert one.transcript is None
    assert "a.srt, a.vtt" in one.trouble
    assert words_of("calls", transcripts="calls/*.vtt")["a.mp4"] == "calls/a.vtt"


def test_another_transcript_is_another_version(calls: Path) -> None:
    before = found("calls")["a.mp4"]
    (calls / "a.vtt").write_text("longer than it was")
    assert found("calls")["a.mp4"].transcript_version != before.transcript_version
    assert found("calls")["a.mp4"].version == before.version
    os.utime(calls / "a.mp4", (1, 1))
    assert found("calls")["a.mp4"].version != before.version


@pytest.mark.parametrize(
    ("sources", "words"),
    [
        (["gone.mp4", "calls"], "no such file"),
        (["calls/*.avi"], "no recording is there"),
        (["-", "calls"], "standard input"),
        (["calls", "memory://calls"], "no such file"),
        (["nostore://calls"], "the library of that kind of store|does not answer"),
        (["s3://key:secret@bucket/calls"], "carries credentials"),
        (["zip://a.mp4::calls.zip"], "URL inside a URL"),
    ],
)
def test_what_cannot_be_is_refused_in_words(sources: list[str], words: str, calls: Path) -> None:
    with pytest.raises(InputError, match=words) as refused:
        found(*sources)
    assert "secret" not in str(refused.value)


def test_one_recording_is_no_batch(calls: Path) -> None:
    write(calls / "odd[1].mp4")
    for one in ("calls/a.mp4", "-", "gone.mp4", "calls/odd[1].mp4"):
        assert is_one([one])
    for many in (["calls"], ["calls/*.mp4"], ["calls/a.mp4", "calls/b.wav"], ["memory://a.mp4"]):
        assert not is_one(many)


@given(st.text(min_size=1).filter(lambda text: "\0" not in text), st.text(min_size=1))
def test_every_recording_has_a_place_of_its_own(one: str, other: str) -> None:
    assert shard_of(one) == shard_of(one)
    assert (shard_of(one) == shard_of(other)) == (one == other)


def test_a_path_is_no_url_and_a_url_has_one_spelling() -> None:
    assert plain("file:///calls/a.mp4") == "/calls/a.mp4"
    assert plain("calls/*.mp4") == "calls/*.mp4"
    assert plain("memory://calls/a.mp4") == plain("memory:///calls/a.mp4")
    assert not is_url("C:/calls")
