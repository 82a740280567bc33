"""SubRip and WebVTT as people and programs really write them."""

from __future__ import annotations

from pathlib import Path

import pytest
import webvtt

from crossgate.errors import InputError
from crossgate.media.transcripts.formats import srt, vtt
from crossgate.media.transcripts.found import Notes
from crossgate.media.transcripts.reading import read_transcript

Row = tuple[float | None, float | None, str | None, str | None, str | None]


def subrip(text: str) -> tuple[list[Row], tuple[str, ...]]:
    return _read(srt.read, text)


def web(text: str) -> tuple[list[Row], tuple[str, ...]]:
    return _read(vtt.read, f"WEBVTT\n\n{text}")


def _read(reader, text: str) -> tuple[list[Row], tuple[str, ...]]:  # type: ignore[no-untyped-def]
    notes = Notes()
    rows = [(f.start, f.end, f.speaker, " ".join(f.text.split()), f.id) for f in reader(text, "talk", notes)]
    return rows, notes.written()


def test_the_real_meeting(shared_media: Path) -> None:
    path = shared_media / "grid_meeting.vtt"
    transcript = read_transcript(path)
    assert transcript.notes == ()
    assert len(transcript.segments) == 8
    assert len({segment.speaker for segment in transcript.segments}) == 7
    assert (transcript.segments[0].start, transcript.segments[-1].end) == (0.0, 23.36)
    other = [
        (c.start_time.in_milliseconds(), c.end_time.in_milliseconds(), c.voice, c.text)
        for c in webvtt.read(path)
    ]
    assert [
        (round(s.start * 1000), round(s.end * 1000), s.speaker, s.text)  # type: ignore[operator]
        for s in transcript.segments
    ] == other


# SubRip


def test_subrip_with_tags_positions_and_entities() -> None:
    rows, notes = subrip(
        "7\n00:00:01,000 --> 00:00:02,500 X1:40 X2:600\n<i>Tom</i> &amp; {\\an8}<font face='x'>Ann</font>\n"
        "<laughs> 1 < 2 &nosuch; AT&T\n"
    )
    assert rows == [(1.0, 2.5, None, "Tom & Ann <laughs> 1 < 2 &nosuch; AT&T", "7")]
    assert notes == ()


def test_subrip_without_empty_lines_numbers_or_hours() -> None:
    rows, _ = subrip(
        "1\n00:00:01,000 --> 00:00:02,000\none\n2\n00:00:02,000 --> 00:00:03,000\ntwo\n"
        "00:03.5 --> 00:04\nthree\n42\n\n\n\n100:00:00,000 --> 100:00:01,000\nlate"
    )
    assert rows == [
        (1.0, 2.0, None, "one", "1"),
        (2.0, 3.0, None, "two", "2"),
        (3.5, 4.0, None, "three 42", None),
        (360000.0, 360001.0, None, "late", None),
    ]


def test_subrip_with_an_empty_line_after_every_line() -> None:
    rows, notes = subrip(
        "1\n\n00:00:01,000 --> 00:00:02,000\n\none\n\n2\n\n00:00:02,000 --> 00:00:03,000\n\ntwo\n"
    )
    assert rows == [(1.0, 2.0, None, "one", "1"), (2.0, 3.0, None, "two", "2")]
    assert notes == ()


def test_subrip_joins_text_after_an_empty_line_with_a_note() -> None:
    rows, notes = subrip("1\n00:00:01,000 --> 00:00:02,000\none\n\nand a half\n\n99\n")
    assert rows == [(1.0, 2.0, None, "one and a half 99", "1")]
    assert notes == ("text after an empty line was joined to the cue before it (2 times, first at line 5)",)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("00:00:01;000 --> 00:00:02,000\nx", 1),
        ("1\n00:00:01,000 --> soon\nx", 2),
        ("1\n00:00:01,000 -->\nx", 2),
        ("1\nnow --> 00:00:02,000\nx", 2),
        ("1\n00:61:01,000 --> 01:00:02,000\nx", 2),
        ("Hello\nthere", 1),
    ],
)
def test_subrip_refuses_times_that_are_wrong_by_line(text: str, line: int) -> None:
    with pytest.raises(InputError, match=f"talk, line {line}: "):
        subrip(text)


def test_an_arrow_in_the_words_is_text() -> None:
    assert subrip("1\n00:00:01,000 --> 00:00:02,000\nA --> B\n")[0] == [(1.0, 2.0, None, "A --> B", "1")]


def cues(*texts: str) -> str:
    return "".join(
        f"{k}\n00:00:{k:02d},000 --> 00:00:{k + 1:02d},000\n{t}\n\n" for k, t in enumerate(texts, 1)
    )


@pytest.mark.parametrize(
    ("texts", "speakers"),
    [
        (["ANN: hi", "BOB: yo", "ANN: bye"], ["ANN", "BOB", "ANN"]),
        (["Ann Smith: hi", "Bob: yo"], ["Ann Smith", "Bob"]),
        (["[SPEAKER_00]: hi", "[SPEAKER_01]: yo"], ["SPEAKER_00", "SPEAKER_01"]),
        (["<i>- Ann: hi</i>", "- Bob: yo"], ["Ann", "Bob"]),
        (["アン：こんにちは", "ボブ：はい"], ["アン", "ボブ"]),
        (["Ann: hi", "what?", "Ann: yes"], ["Ann", None, "Ann"]),
    ],
)
def test_names_before_a_colon_are_speakers_where_that_is_the_habit(
    texts: list[str], speakers: list[str | None]
) -> None:
    rows, notes = subrip(cues(*texts))
    assert [row[2] for row in rows] == speakers
    assert not any(name is not None and name in (row[3] or "") for row in rows for name in speakers)
    listed = ", ".join(dict.fromkeys(name for name in speakers if name))
    assert f"names before a colon were read as speakers: {listed}" in notes
    assert any("names no speaker" in note for note in notes) == (None in speakers)


@pytest.mark.parametrize(
    "texts",
    [
        ["Remember: be kind", "I will", "good"],
        ["ANN: hi"],
        ["Note: a", "b", "c", "Note: d", "e", "f"],
        ["at 10:30 we go", "at 11:30 too"],
        ["this is what I wanted to say: no", "there is one more thing to say: yes"],
    ],
)
def test_a_colon_now_and_then_names_nobody(texts: list[str]) -> None:
    rows, notes = subrip(cues(*texts))
    assert [row[2:4] for row in rows] == [(None, text) for text in texts]
    assert notes == ()


def test_two_names_in_one_cue_share_its_time() -> None:
    rows, notes = subrip(cues("ANN: hiya", "BOB: four\nANN: sixteen chars ok"))
    assert rows == [
        (1.0, 2.0, "ANN", "hiya", "1"),
        (2.0, 2.2, "BOB", "four", "2.1"),
        (2.2, 3.0, "ANN", "sixteen chars ok", "2.2"),
    ]
    assert any("in proportion to their characters (line 6)" in note for note in notes)


def test_dashes_are_changes_of_speaker_where_a_cue_has_two() -> None:
    rows, notes = subrip(cues("- Hello\n- Who is\nthere?", "- Me", "-5 degrees"))
    assert [row[2:4] for row in rows] == [
        (None, "Hello"),
        (None, "Who is there?"),
        (None, "- Me"),
        (None, "-5 degrees"),
    ]
    assert len(notes) == 2


def test_dashes_before_every_cue_are_no_words() -> None:
    rows, notes = subrip(cues("- Hello", "–Hi\nyou"))
    assert [row[2:4] for row in rows] == [(None, "Hello"), (None, "Hi you")]
    assert notes == (
        "dashes at the beginning of lines were read as changes of speaker (2 times, first at line 2)",
    )


def test_a_dash_beside_a_name_is_a_change_of_speaker() -> None:
    rows, _ = subrip(cues("- Ann: hi\n- what?", "Ann: yes"))
    assert [row[2:4] for row in rows] == [("Ann", "hi"), (None, "what?"), ("Ann", "yes")]


def test_names_in_notes_move_no_cursor() -> None:
    _, notes = subrip(cues("A\x1bB: hi", "C: yo"))
    assert notes == ("names before a colon were read as speakers: A?B, C",)


# WebVTT


def test_webvtt_blocks_names_and_settings() -> None:
    rows, notes = web(
        "STYLE\n::cue { color: red }\n\nREGION\nid:fred\nwidth:40%\n\nNOTE\nnot said\n\nNOTE one line\n\n"
        "intro - 1\n00:01.000 --> 00:02.000 align:start position:10%,line-left\nHello\n\n"
        "101:00:03.000 --> 101:00:04.000\nlate &lt;b&gt; &#x41;&nbsp;&lrm;B"
    )
    assert rows[0] == (1.0, 2.0, None, "Hello", "intro - 1")
    assert rows[1][:2] == (363603.0, 363604.0)
    assert rows[1][3] == "late <b> A \u200eB"
    assert notes == ()


def test_webvtt_voices_classes_and_timestamps_in_the_text() -> None:
    rows, notes = web(
        "00:00.000 --> 00:10.000\n<v.loud.x Ann Lee>Hi <c.red>the</c>re</v>\n\n"
        "00:10.000 --> 00:20.000\n<v Tom &amp; Co><i>one</i> <00:00:12.000><b>two</b>\n\n"
        "00:20.000 --> 00:30.000\n<ruby>漢<rt>kan</rt></ruby>字 <lang en>ok</lang>"
    )
    assert [row[2:4] for row in rows] == [("Ann Lee", "Hi there"), ("Tom & Co", "one two"), (None, "漢字 ok")]
    assert notes == ()


def test_several_voices_in_one_cue_share_its_time_by_their_characters() -> None:
    rows, notes = web("x\n00:10.000 --> 00:20.000\n<v Ann>six ch</v> <v Bob>four</v>\n<v Bob>\n</v>")
    assert rows == [(10.0, 16.0, "Ann", "six ch", "x.1"), (16.0, 20.0, "Bob", "four", "x.2")]
    assert notes == (
        "a cue holds several voices: its time was shared out in proportion to their characters (line 4)",
    )


def test_one_voice_tag_twice_is_one_segment() -> None:
    assert web("00:00.000 --> 00:01.000\n<v Ann>a</v>\n<v Ann>b</v>")[0] == [(0.0, 1.0, "Ann", "a b", None)]


def test_the_names_of_meeting_software_are_read_where_there_are_no_voice_tags() -> None:
    rows, _ = web("1\n00:00.000 --> 00:01.000\nAnn Lee: Hi\n\n2\n00:01.000 --> 00:02.000\nBob: Yo")
    assert [row[2:4] for row in rows] == [("Ann Lee", "Hi"), ("Bob", "Yo")]
    rows, _ = web("00:00.000 --> 00:01.000\n<v Ann>Bob: Hi\n\n00:01.000 --> 00:02.000\n<v Ann>Bob: Yo")
    assert rows[0][2:4] == ("Ann", "Bob: Hi")


def test_webvtt_headers() -> None:
    def read(text: str) -> tuple[list[Row], tuple[str, ...]]:
        return _read(vtt.read, text)

    hello = [(1.0, 2.0, None, "Hello", None)]
    assert read("WEBVTT - a title\nKind: captions\n\n00:01.000 --> 00:02.000\nHello")[0] == hello
    assert read("WEBVTT\nKind: captions\n00:01.000 --> 00:02.000\nHello")[0] == hello
    rows, notes = read(
        "WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:9\n\n00:01.000 --> 00:02.000\nHello"
    )
    assert rows == hello
    assert notes == ("the shift X-TIMESTAMP-MAP of a broadcast is not applied to the times (line 2)",)
    for text in ("WEBVTTx\n\n00:01.000 --> 00:02.000\nHello", "00:01.000 --> 00:02.000\nHello"):
        with pytest.raises(InputError, match="line 1: a WebVTT file begins with the line WEBVTT"):
            read(text)


def test_webvtt_lines_of_no_cue_are_left_out_with_a_note() -> None:
    rows, notes = web("00:01.000 --> 00:02.000\nHello\n\nstray\n\n00:02.000 --> 00:03.000\nyou")
    assert [row[3] for row in rows] == ["Hello", "you"]
    assert notes == ("lines that belong to no cue were left out (line 6)",)


def test_webvtt_refuses_what_webvtt_py_leaves_out_in_silence() -> None:
    text = "00:01.000 --> 00:02.000\nHello\n\n00:03 -- 00:04\nx\n\n00:05.000 --> 00:0a.000\nyou"
    assert len(webvtt.from_string(f"WEBVTT\n\n{text}").captions) == 1
    with pytest.raises(InputError, match=r"talk, line 9: '00:05\.000 --> 00:0a\.000' is not a line of times"):
        web(text)


def test_backward_times_name_the_file_and_the_line(tmp_path: Path) -> None:
    path = tmp_path / "talk.vtt"
    path.write_text("WEBVTT\n\n00:05.000 --> 00:04.000\nHello")
    with pytest.raises(
        InputError, match=r"talk\.vtt, line 3: the segment ends at 4 s, before its start at 5 s"
    ):
        read_transcript(path)
    path.write_text("WEBVTT\n\n-00:05.000 --> 00:04.000\nHello")
    with pytest.raises(
        InputError, match=r"talk\.vtt, line 3: the segment starts before the recording, at -5 s"
    ):
        read_transcript(path)
