"""Transcripts in rows: CSV, TSV, JSON and RTTM."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from crossgate.errors import InputError
from crossgate.media.transcripts.reading import read_transcript
from crossgate.media.transcripts.segments import Segment, Transcript


@pytest.fixture
def read(tmp_path: Path):  # type: ignore[no-untyped-def]
    def reads(name: str, content: str | bytes | object) -> Transcript:
        path = tmp_path / name
        if not isinstance(content, str | bytes):
            content = json.dumps(content)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_transcript(path)

    return reads


ANN = Segment(1.5, 2.0, "Ann", "hi")

# Tables


@pytest.mark.parametrize(
    "content",
    [
        "speaker,text,start,end\nAnn,hi,1.5,2\n",
        "Participant;UTTERANCE;Begin;Stop\r\nAnn;hi;1,5;2,0\r\n",
        "name\tmessage\tfrom\tto\nAnn\thi\t00:00:01.5\t0:00:02,000",
        "Role,Content,Start Time,End-Time\nAnn,hi,00:01.5,00:02",
        "StartTime,EndTime,Speaker,Transcript,Mood\n1.5,2,Ann,hi,\n",
        "speaker,text,start_ms,end_ms\nAnn,hi,1500,2000\n",
        "speaker,text,Start (s),Duration [ms]\nAnn,hi,1.5,500\n",
        'sep=;\n"speaker";"text";"start";"end"\n"Ann";"hi";"1,5";"2"\n',
        "\n\nspeaker,text,start,end\n\nAnn,hi,1.5,2\n,,,\n",
    ],
)
def test_tables_in_many_dresses(read, content: str) -> None:  # type: ignore[no-untyped-def]
    for name, encoded in (("a.csv", content.encode()), ("a.tsv", content.encode("utf-16"))):
        transcript = read(name, encoded)
        assert transcript.segments == (ANN,)
        assert transcript.notes == ()


def test_quoting_is_excels(read) -> None:  # type: ignore[no-untyped-def]
    transcript = read("a.csv", 'text,speaker\r\n"he said ""no"",\r\nand left","Lee, Ann"\r\n"x"\r\n')
    assert [(s.text, s.speaker) for s in transcript.segments] == [
        ('he said "no", and left', "Lee, Ann"),
        ("x", None),
    ]


def test_the_better_name_wins_where_two_columns_may_be_meant(read) -> None:  # type: ignore[no-untyped-def]
    transcript = read("a.csv", "id,name,speaker,content,text\n7,file1,Ann,none,hi\n")
    assert transcript.segments == (Segment(None, None, "Ann", "hi", "7"),)


def test_columns_that_may_be_times_are_not_passed_over_in_silence(read) -> None:  # type: ignore[no-untyped-def]
    transcript = read("a.csv", "text,t_start_in_sec,mood\nhi,1,sad\n")
    assert not transcript.timed
    assert transcript.notes == (
        "the column 't_start_in_sec' was not read as times; those are called start and end",
    )


def test_melds_own_table_is_read(read) -> None:  # type: ignore[no-untyped-def]
    head = "Sr No.,Utterance,Speaker,Emotion,Dialogue_ID,Utterance_ID,StartTime,EndTime"
    transcript = read("a.csv", f'{head}\n1,hey,Joey,joy,0,3,"00:16:16,059","00:16:21,731"\n')
    assert transcript.segments == (Segment(976.059, 981.731, "Joey", "hey", "3"),)


def test_a_chat_without_times(read) -> None:  # type: ignore[no-untyped-def]
    transcript = read("a.csv", "speaker,text\nAnn,hi\nBob,yo\n")
    assert not transcript.timed
    assert transcript.notes == ()
    assert transcript.segments == (Segment(None, None, "Ann", "hi"), Segment(None, None, "Bob", "yo"))


@pytest.mark.parametrize("column", ["timestamp", "date", "Time", "start"])
@pytest.mark.parametrize("zone", ["", "Z", "+02:00"])
def test_dates_tell_the_order_alone(read, column: str, zone: str) -> None:  # type: ignore[no-untyped-def]
    newest_first = f"{column},name,text\n2024-05-01 10:01:00{zone},Ann,b\n2024-05-01T10:00:00{zone},Bob,a\n"
    transcript = read("a.csv", newest_first)
    assert [(s.start, s.end, s.text) for s in transcript.segments] == [(None, None, "a"), (None, None, "b")]
    assert transcript.notes == (
        f"the column {column!r} tells no times in a recording: only the order is used",
        f"rows stood out of order and were sorted by {column!r}",
    )


def test_times_of_day_keep_the_order_of_the_file(read) -> None:  # type: ignore[no-untyped-def]
    transcript = read("a.csv", "time,text\n23:59,a\n00:01,b\n")
    assert [s.text for s in transcript.segments] == ["a", "b"]
    assert len(transcript.notes) == 1
    mixed = read("a.csv", "time,text\n2024-05-01 10:00:00,a\n2024-04-01 10:00:00Z,b\n2024-99-99 10:00:00,c")
    assert [s.text for s in mixed.segments] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("who,what\nAnn,hi\n", "no column holds the words; the columns are 'who', 'what'"),
        ("Hello there\n", "the columns are 'Hello there'"),
        ("text,text\na,b\n", "line 1: the column 'text' stands twice"),
        ("speaker,text\nAnn,hi, there\n", "line 2: the row has 3 cells, the header 2"),
        ("text,start,end\nhi,soon,2\n", "line 2: 'start': 'soon' is not a time"),
        ("text,start_ms,end_ms\nhi,0:01,2\n", "line 2: 'start_ms': '0:01' is not a number"),
        ("text,start,end\nhi,1,2\nyo,,\n", "line 3: this segment has no start and no end, others have"),
        ("text,start,end\n\nhi,3,2\n", "line 3: the segment ends at 2 s"),
        ("text,start,end\nhi,nan,2\n", "'nan' is not a time"),
        ("text\n" + "x" * 200_000, "not a table: field larger than field limit"),
        ("x" * 200_000, "the first line is longer"),
        ("text,start,end\n", "the transcript is empty"),
    ],
)
def test_tables_that_are_refused(read, content: str, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError) as error:
        read("talk.csv", content)
    assert message in str(error.value)
    assert "talk.csv" in str(error.value)


# JSON

WHISPER = {"id": 0, "seek": 0, "start": 1.5, "end": 2.0, "text": " hi", "tokens": [1], "temperature": 0.0}


def test_whisper(read) -> None:  # type: ignore[no-untyped-def]
    transcript = read("a.json", {"text": " hi", "segments": [WHISPER], "language": "en"})
    assert transcript.segments == (Segment(1.5, 2.0, None, "hi", "0"),)


def test_whisperx_with_the_speakers_of_segments_or_of_words(read) -> None:  # type: ignore[no-untyped-def]
    words = [{"word": "a", "speaker": "S1"}, {"word": "b"}, {"word": "c", "speaker": "S2"}]
    words += [{"word": "d", "speaker": "S2"}]
    segments = [
        {"start": 0, "end": 1, "text": "x", "speaker": "S9", "words": words},
        {"start": 1, "end": 2, "text": "y", "words": words},
        {"start": 2, "end": 3, "text": "z", "words": []},
    ]
    transcript = read("a.json", {"segments": segments, "word_segments": words})
    assert [s.speaker for s in transcript.segments] == ["S9", "S2", None]
    assert transcript.notes == ("a segment's speaker is that of most of its words (segment 2)",)


def test_our_own_result(read) -> None:  # type: ignore[no-untyped-def]
    turn = {
        "id": "u1",
        "speaker": "Ann",
        "start": 1.5,
        "end": 2.0,
        "text": "hi",
        "emotion": "joy",
        "views": {},
    }
    for content in (
        {"schema_version": "1.0", "media": {}, "utterances": [turn]},
        {"utterances": [turn]},
        [turn],
    ):
        assert read("result.json", content).segments == (Segment(1.5, 2.0, "Ann", "hi", "u1"),)


def test_json_knows_the_names_of_tables_and_lines(read) -> None:  # type: ignore[no-untyped-def]
    row = '{"Name": "Ann", "Utterance": "hi", "start_ms": 1500, "to": "0:02"}'
    assert read("a.json", f"[{row}]").segments == (ANN,)
    assert read("a.jsonl", f"{row}\n\n{row}\n").segments == (ANN, ANN)
    assert read("a.jsonl", '{"text": "hi"}\n').segments == (Segment(None, None, None, "hi"),)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[{]", "line 1: not JSON"),
        ('{"a": 1}\n{', "line 2: not JSON, nor JSON lines"),
        ("{}", "holds no list of segments"),
        ('{"segments": 5}', "holds no list of segments"),
        ("[]", "the transcript is empty"),
        ("[[]]", "segment 1: expected an object"),
        ('[{"start": 1}]', "no column holds the words; the columns are 'start'"),
        ('[{"text": 5}]', "segment 1: text is '5', expected words"),
        ('[{"text": ' + "[" * 400 + "]" * 400 + "}]", "segment 1: text is a list, expected words"),
        ('[{"text": "a", "speaker": {}}]', "segment 1: speaker is an object"),
        ('[{"text": "a", "start": true, "end": 2}]', "'start' is 'True', expected seconds"),
        ('[{"text": "a", "start": NaN, "end": 2}]', "the times nan to 2.0 are not finite"),
        ('[{"text": "a", "start": 0, "end": 1e999}]', "the times 0.0 to inf are not finite"),
        ('[{"text": "a", "start": 0, "end": 1' + "0" * 400 + "}]", "expected seconds"),
        ('[{"text": "a", "start": 0, "end": 1' + "0" * 5000 + "}]", "too many digits"),
        ("[" * 100_000, "nested too deep"),
        ('[{"text": "a", "start": 0, "end": 1}, {"text": "b"}]', "segment 2: this segment has no start"),
    ],
)
def test_json_that_is_refused(read, content: str, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError) as error:
        read("talk.json", content)
    assert message in str(error.value)
    assert "talk.json" in str(error.value)


def test_names_that_are_no_text_do_not_spoil_the_messages(read) -> None:  # type: ignore[no-untyped-def]
    transcript = read("a.json", '[{"text": "a", "date\\ud800": "2024-05-01"}]')
    assert transcript.notes[0].encode()
    with pytest.raises(InputError) as error:
        read("a.json", '[{"text": "a", "start\\ud800": "\\ud800"}]')
    assert str(error.value).encode()


# RTTM


def test_the_real_debate(shared_media: Path) -> None:
    transcript = read_transcript(shared_media / "debate_5s.rttm")
    assert transcript.segments == (Segment(1.92, 2.92, "0"), Segment(3.86, 4.96, "0"))
    assert transcript.format == "rttm"
    assert not transcript.worded


def test_rttm_skips_other_lines_with_a_note(read) -> None:  # type: ignore[no-untyped-def]
    transcript = read(
        "a.rttm",
        ";; comment\nSPKR-INFO a 1 <NA> <NA> <NA> unknown Ann <NA>\n"
        "SPEAKER a 1 0.5 1.25 <NA> <NA> Ann <NA> <NA>\n"
        "LEXEME a 1 0.5 0.1 hi lex Ann <NA>\n\nSPEAKER a 1 1 1 <NA> <NA> <NA> <NA>\n",
    )
    assert transcript.segments == (Segment(0.5, 1.75, "Ann"),)
    assert transcript.notes == (
        "lines of other types than SPEAKER were left out (2 times, first at line 2)",
        "a turn without a speaker was left out (line 6)",
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("SPEAKER a 1 0.5 1.25 <NA>", "line 1: a SPEAKER line has at least 8 fields, this one 6"),
        ("SPEAKER a 1 x 1.25 <NA> <NA> Ann", "line 1: 'x' is not a number"),
        ("SPEAKER a 1 nan 1 <NA> <NA> Ann", "line 1: 'nan' is not a number"),
        ("SPEAKER a 1 1 -0.5 <NA> <NA> Ann", "line 1: the segment ends at 0.5 s, before its start"),
        ("SPEAKER a 1 -1 2 <NA> <NA> Ann", "line 1: the segment starts before the recording"),
        ("SPEAKER a 1 1e999 2 <NA> <NA> Ann", "not finite"),
        (
            "SPEAKER a 1 1 2 <NA> <NA> A\nSPEAKER b 1 1 2 <NA> <NA> A",
            "line 2: holds turns of several recordings",
        ),
        ("LEXEME a 1 0.5 0.1 hi lex Ann <NA>", "the transcript is empty"),
    ],
)
def test_rttm_that_is_refused(read, content: str, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError) as error:
        read("talk.rttm", content)
    assert message in str(error.value)
    assert "talk.rttm" in str(error.value)
