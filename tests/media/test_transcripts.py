"""What holds for transcripts of every format: which format it is, encodings, and the common rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from crossgate.errors import InputError
from crossgate.media.transcripts import decoding
from crossgate.media.transcripts.checking import checked
from crossgate.media.transcripts.found import Found, Notes
from crossgate.media.transcripts.reading import READERS, is_transcript, read_transcript
from crossgate.media.transcripts.segments import Segment, Transcript
from crossgate.media.transcripts.times import seconds_of, seconds_of_clock, spoken

SRT = "1\n00:00:01,000 --> 00:00:02,000\nHello\n"
VTT = "WEBVTT\n\n00:01.000 --> 00:02.000\nHello\n"


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


Row = tuple[float | None, float | None, str | None, str | None]


def check(*found: Row, format: str = "vtt") -> Transcript:
    rows = [Found(f"cue {k}", *one) for k, one in enumerate(found, start=1)]
    return checked(rows, format, "talk", Notes())


# Which format


def test_the_suffix_tells_the_format_in_capitals_too(tmp_path: Path) -> None:
    assert read_transcript(write(tmp_path, "a.SRT", SRT)).format == "srt"
    assert read_transcript(write(tmp_path, "a.vtt", VTT)).format == "vtt"


def test_content_that_leaves_no_doubt_beats_the_suffix_with_a_note(tmp_path: Path) -> None:
    transcript = read_transcript(write(tmp_path, "a.srt", VTT))
    assert transcript.format == "vtt"
    assert transcript.notes == ("the file is named .srt and is WebVTT by its content: read as that",)
    assert read_transcript(write(tmp_path, "b.vtt", SRT)).segments == (Segment(1.0, 2.0, None, "Hello", "1"),)


def test_a_named_format_is_taken_at_its_word(tmp_path: Path) -> None:
    path = write(tmp_path, "talk.txt", SRT)
    assert read_transcript(path, "srt").format == "srt"
    assert read_transcript(path, ".SRT").format == "srt"
    with pytest.raises(InputError, match="begins with the line WEBVTT"):
        read_transcript(path, "vtt")


def test_an_unknown_suffix_names_the_formats_and_what_the_content_looks_like(tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        read_transcript(write(tmp_path, "talk.txt", SRT))
    assert ".srt, .vtt, .csv" in str(error.value)
    assert "looks like SubRip (SRT)" in str(error.value)
    with pytest.raises(InputError, match="give the file its format's suffix"):
        read_transcript(write(tmp_path, "talk", "Hello there"))
    with pytest.raises(InputError, match="unknown transcript format 'docx'; known are srt, vtt"):
        read_transcript(write(tmp_path, "a.srt", SRT), "docx")


def test_suffixes_of_transcripts_are_known() -> None:
    assert all(is_transcript(Path(f"a.{name}")) for name in [*READERS, "jsonl", "TextGrid"])
    assert not is_transcript(Path("a.mp4"))
    assert not is_transcript(Path("-"))


# Files and encodings


def test_files_that_are_not_there_or_no_files(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such transcript"):
        read_transcript(tmp_path / "none.srt")
    (tmp_path / "folder.srt").mkdir()
    with pytest.raises(InputError, match="cannot be read"):
        read_transcript(tmp_path / "folder.srt")
    with pytest.raises(InputError, match="cannot be read"):
        read_transcript(Path("nul\0.srt"))


@pytest.mark.parametrize("name", [*READERS, "jsonl"])
@pytest.mark.parametrize("content", [b"", b" \r\n \n", b"\xef\xbb\xbf"])
def test_an_empty_file(tmp_path: Path, name: str, content: bytes) -> None:
    with pytest.raises(InputError, match="the transcript is empty"):
        read_transcript(write(tmp_path, f"a.{name}", content))


def test_a_file_that_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "LARGEST", 2 * 1024**2)
    assert read_transcript(write(tmp_path, "a.srt", SRT.ljust(2 * 1024**2))).segments
    with pytest.raises(InputError, match="larger than 2 MB"):
        read_transcript(write(tmp_path, "a.srt", SRT.ljust(2 * 1024**2 + 1)))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_encodings_with_their_marks(tmp_path: Path, encoding: str, newline: str) -> None:
    text = SRT.replace("Hello", "Привет, 世界 😀").replace("\n", newline)
    transcript = read_transcript(write(tmp_path, "a.srt", text.encode(encoding)))
    assert transcript.segments == (Segment(1.0, 2.0, None, "Привет, 世界 😀", "1"),)
    assert transcript.notes == ()


def test_windows_1252_is_read_with_a_note(tmp_path: Path) -> None:
    content = SRT.replace("Hello", "“Café”").encode("cp1252")
    transcript = read_transcript(write(tmp_path, "a.srt", content))
    assert transcript.segments[0].text == "“Café”"
    assert transcript.notes == ("not UTF-8; read as Windows-1252, so check letters with accents (line 3)",)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\x81\xff\x00", "neither in UTF-8 nor in Windows-1252"),
        (SRT.encode("utf-16-le"), "NUL"),
        (b"\xff\xfea", "is marked as utf-16-le, and is not"),
    ],
)
def test_what_is_no_text_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_transcript(write(tmp_path, "a.srt", content))


# The common rules


def test_white_space_is_collapsed_and_segments_without_words_go_with_one_note() -> None:
    transcript = check((0, 1, " Ann\tLee ", " a \n b\u00a0c "), (1, 2, "Ann", " \n"), (2, 3, "", None))
    assert transcript.segments == (Segment(0.0, 1.0, "Ann Lee", "a b c"),)
    assert transcript.notes == ("a segment without words was left out (2 times, first at cue 2)",)


def test_characters_that_are_no_text_are_taken_out() -> None:
    transcript = check((0, 1, None, "a\x07b\ud800c"))
    assert transcript.segments[0].text == "a b c"
    assert transcript.notes == ("characters that are no text were taken out (cue 1)",)


def test_rttm_needs_speakers_and_no_words() -> None:
    transcript = check((0, 1, "Ann", None), (1, 2, None, None), format="rttm")
    assert transcript.segments == (Segment(0.0, 1.0, "Ann"),)
    assert not transcript.worded
    assert transcript.notes == ("a turn without a speaker was left out (cue 2)",)


@pytest.mark.parametrize("rows", [[], [(0.0, 1.0, "Ann", None)], [(None, None, None, " ")]])
def test_nothing_left_is_an_error(rows: list[Row]) -> None:
    with pytest.raises(InputError, match="talk: the transcript is empty"):
        check(*rows)


@pytest.mark.parametrize(
    ("start", "end", "message"),
    [
        (2.0, 1.0, "cue 2: the segment ends at 1 s, before its start at 2 s"),
        (-1.0, 1.0, "cue 2: the segment starts before the recording, at -1 s"),
        (float("nan"), 1.0, "cue 2: the times nan to 1.0 are not finite"),
        (0.0, float("inf"), "cue 2: the times 0.0 to inf are not finite"),
        (None, None, "cue 2: this segment has no start and no end, others have"),
        (1.0, None, "cue 2: this segment has no end, others have"),
    ],
)
def test_wrong_times_are_refused_with_their_place(start: float, end: float, message: str) -> None:
    with pytest.raises(InputError, match=message):
        check((0, 1, None, "a"), (start, end, None, "b"))


def test_starts_without_ends_tell_the_order_alone() -> None:
    transcript = check((0, None, None, "a"), (5, None, None, "b"))
    assert not transcript.timed
    assert "only the order" in transcript.notes[0]


def test_formats_by_speaker_may_go_back_in_time() -> None:
    rows = [(3.0, 4.0, "A", "c"), (1.0, 2.0, "B", "a")]
    assert check(*rows, format="eaf").segments == check(*rows).segments
    assert check(*rows, format="eaf").notes == ()


def test_minus_zero_and_noise_below_a_microsecond_are_zero() -> None:
    segment = check((-0.0, 1, None, "a"), (-1e-9, 1, None, "b")).segments[1]
    assert str(segment.start) == "0.0"


def test_segments_are_sorted_and_ties_stay_in_order() -> None:
    transcript = check((3, 4, None, "c"), (1, 2, None, "a"), (1, 9, None, "b"))
    assert [segment.text for segment in transcript.segments] == ["a", "b", "c"]
    assert transcript.notes == (
        "segments stood out of order and were sorted by their starts (2 times, first at cue 2)",
    )


def test_overlap_is_noted_for_one_speaker_alone() -> None:
    assert check((0, 2, "A", "a"), (1, 3, "B", "b"), (2, 3, "A", "c")).notes == ()
    assert check((0, 2, None, "a"), (1, 3, None, "b")).notes == ()
    notes = check((0, 9, "A", "a"), (1, 2, "A", "b"), (8, 9, "A", "c")).notes
    assert notes == ("a speaker's segment begins before his last one has ended (2 times, first at cue 2)",)


def test_a_segment_without_length_is_kept_and_noted() -> None:
    transcript = check((1, 1, None, "a"))
    assert len(transcript.segments) == 1
    assert transcript.notes == ("a segment has no length (cue 1)",)


def test_ids_are_kept_where_unique_and_else_replaced() -> None:
    def ids(*names: str | None) -> tuple[list[str | None], tuple[str, ...]]:
        rows = [Found("x", None, None, None, "a", name) for name in names]
        transcript = checked(rows, "json", "talk", Notes())
        return [segment.id for segment in transcript.segments], transcript.notes

    assert ids("a", None, "b", None) == (["a", None, "b", None], ())
    assert ids("a", None, "a") == (
        ["1", "2", "3"],
        ("the id 'a' stands twice: all ids were replaced by running numbers",),
    )


# Times


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("00:01:02.5", 62.5),
        ("0:01:02,500", 62.5),
        ("01:02.050", 62.05),
        ("100:00:00,000", 360000.0),
        ("90:00", 5400.0),
        (" 12 ", 12.0),
        ("1,5", 1.5),
        (".5", 0.5),
        ("1e2", 100.0),
        ("-0:00:01", -1.0),
    ],
)
def test_times_in_many_spellings(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "x", "1:60", "0:60:00", "1:2:3:4", "1_0", "nan", "inf", "١", "1e9999"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match="is not a time"):
        seconds_of(text)


def test_a_clock_time_is_exact_to_the_millisecond() -> None:
    for milliseconds in range(0, 4_000_000, 997):
        seconds, rest = divmod(milliseconds, 1000)
        text = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{rest:03d}"
        assert seconds_of_clock(text) == milliseconds / 1000


def test_seconds_are_said_as_people_say_them() -> None:
    assert [spoken(s) for s in (0.4, 59.6, 200, 754, 3723)] == ["0:00", "1:00", "3:20", "12:34", "1:02:03"]
