"""What is written in a format is read back; whatever a file holds, a transcript or a clear error comes."""

from __future__ import annotations

import csv
import html
import io
import json
import math
import random
from pathlib import Path

import pympi
import pytest
import webvtt
from hypothesis import given, settings
from hypothesis import strategies as st
from praatio import textgrid as praat

from crossgate.errors import InputError
from crossgate.media.transcripts.reading import READERS, read_transcript
from crossgate.media.transcripts.segments import Segment, Transcript

# Letters, marks, digits, punctuation and symbols of any language, and spaces; no controls or private use.
_CHARACTERS = st.characters(categories=["L", "M", "N", "P", "S", "Zs"], exclude_characters="\ufeff")


def _words(longest: int) -> st.SearchStrategy[str]:
    return st.text(_CHARACTERS, min_size=1, max_size=longest).map(lambda t: " ".join(t.split())).filter(bool)


@st.composite
def segments(draw: st.DrawFn) -> list[Segment]:
    """Segments one after the other, some with pauses between, times in whole milliseconds."""
    found, now = [], 0
    speakers = draw(st.lists(_words(12), min_size=1, max_size=3, unique=True))
    for k in range(draw(st.integers(1, 6))):
        start = now + draw(st.integers(0, 5000))
        now = start + draw(st.integers(1, 10**7))
        text, speaker = draw(_words(30)), draw(st.sampled_from(speakers))
        found.append(Segment(start / 1000, now / 1000, speaker, text, f"u{k}"))
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("transcripts")


def back(folder: Path, name: str, content: str | bytes) -> Transcript:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_transcript(path)


def bare(found: object, *without: str) -> list[Segment]:
    """Segments without the fields that a format does not have."""
    return [Segment(**{**vars(one), **dict.fromkeys(without)}) for one in found]  # type: ignore[attr-defined]


def clock(seconds: float, point: str) -> str:
    whole, rest = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}{point}{rest:03d}"


@given(segments())
def test_webvtt_by_webvtt_py(folder: Path, found: list[Segment]) -> None:
    file = webvtt.WebVTT()
    for one in found:
        speaker, text = (html.escape(words or "", quote=False) for words in (one.speaker, one.text))
        start, end = (clock(time or 0, ".") for time in (one.start, one.end))
        file.captions.append(webvtt.Caption(start, end, f"<v {speaker}>{text}</v>", one.id))
    transcript = back(folder, "a.vtt", file.content)
    assert list(transcript.segments) == found
    assert transcript.notes == ()


@given(segments())
def test_subrip_with_names(folder: Path, found: list[Segment]) -> None:
    # Letters alone, else a word could be a tag, a dash or a second name; three names in two words.
    found = [
        Segment(s.start, s.end, f"Name {k % 3}", "".join(filter(str.isalpha, s.text or "")) or "x", str(k))
        for k, s in enumerate([*found, *found][: len(found)], start=1)
    ]
    text = ""
    for s in found:
        times = f"{clock(s.start or 0, ',')} --> {clock(s.end or 0, ',')}"
        text += f"{s.id}\r\n{times}\r\n{s.speaker}: {s.text}\r\n\r\n"
    transcript = back(folder, "a.srt", text)
    if len(found) > 1:
        assert list(transcript.segments) == found
    else:
        assert transcript.segments[0].text == f"{found[0].speaker}: {found[0].text}"


@given(segments(), st.sampled_from([(",", "utf-8"), (";", "utf-16"), ("\t", "utf-8-sig")]), st.booleans())
def test_tables(folder: Path, found: list[Segment], dress: tuple[str, str], timed: bool) -> None:
    separator, encoding = dress
    if not timed:
        found = bare(found, "start", "end")
    file = io.StringIO(newline="")
    names = ["text", "end", "speaker", "id", "start"] if timed else ["speaker", "text", "id"]
    writer = csv.DictWriter(file, names, delimiter=separator, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(vars(one) for one in found)
    transcript = back(folder, "a.csv", file.getvalue().encode(encoding))
    assert list(transcript.segments) == found
    assert transcript.notes == ()


@given(segments(), st.sampled_from(["segments", "utterances", "", "lines"]))
def test_json(folder: Path, found: list[Segment], layout: str) -> None:
    rows = [vars(one) for one in found]
    if layout == "lines":
        text = "\n".join(json.dumps(row) for row in rows)
    else:
        text = json.dumps({layout: rows} if layout else rows, ensure_ascii=bool(layout))
    assert list(back(folder, "a.json", text).segments) == found


@settings(deadline=None)
@given(segments())
def test_elan_by_pympi(folder: Path, found: list[Segment]) -> None:
    file = pympi.Eaf()
    file.remove_tier("default")
    for number, speaker in enumerate(dict.fromkeys(one.speaker for one in found)):
        file.add_tier(f"tier {number}", part=speaker)
        for one in found:
            if one.speaker == speaker:
                times = (round((time or 0) * 1000) for time in (one.start, one.end))
                file.add_annotation(f"tier {number}", *times, one.text)
    (folder / "a.eaf").unlink(missing_ok=True)
    file.to_file(folder / "a.eaf")
    transcript = read_transcript(folder / "a.eaf")
    assert bare(transcript.segments, "id") == bare(found, "id")
    assert transcript.notes == ()


@settings(deadline=None)
@given(segments(), st.sampled_from(["long_textgrid", "short_textgrid"]))
def test_textgrids_by_praatio(folder: Path, found: list[Segment], layout: str) -> None:
    last = found[-1].end
    grid = praat.Textgrid()
    for speaker in dict.fromkeys(one.speaker for one in found):
        entries = [(one.start, one.end, one.text) for one in found if one.speaker == speaker]
        grid.addTier(praat.IntervalTier(speaker, entries, 0, last))
    # Without `minimumIntervalLength` praatio leaves times as they are.
    grid.save(str(folder / "a.TextGrid"), layout, includeBlankSpaces=True, minimumIntervalLength=None)
    assert list(read_transcript(folder / "a.TextGrid").segments) == bare(found, "id")


@given(segments())
def test_rttm(folder: Path, found: list[Segment]) -> None:
    found = [Segment(one.start, one.end, (one.speaker or "").replace(" ", "_")) for one in found]
    text = "\n".join(
        f"SPEAKER talk 1 {s.start} {round((s.end or 0) - (s.start or 0), 3)} <NA> <NA> {s.speaker} <NA> <NA>"
        for s in found
    )
    assert list(back(folder, "a.rttm", text).segments) == found


# Whatever a file holds

VALID: dict[str, str] = {
    "srt": """1
00:00:01,000 --> 00:00:02,500
- <i>Ann</i>: hi
- Bob: yo

2
00:00:03,000 --> 00:00:04,000
Ann: x
""",
    "vtt": """WEBVTT

NOTE a

STYLE
::cue{}

id
00:01.000 --> 00:02.000 line:0
<v.b Ann>hi &amp;</v> <v Bob>yo
""",
    "csv": 'speaker,text,start,end_ms\nAnn,"a, ""b""\nc",1.5,2500\nBob,hi,0:00:02.5,"4500,5"\n',
    "tsv": "date\tname\tmessage\n2024-05-01 10:00:00\tAnn\thi\n2024-05-01 09:00:00\tBob\tyo\n",
    "json": """{"segments":[
{"id":0,"start":0.5,"end":1e0,"text":"hi","words":[{"word":"hi","speaker":"A"}]},
{"id":1,"start":2,"end":"0:03","text":"\\ud83d\\ude00","speaker":"B"}]}""",
    "eaf": """<?xml version="1.0" encoding="UTF-8"?><ANNOTATION_DOCUMENT><TIME_ORDER>
<TIME_SLOT TIME_SLOT_ID="t1" TIME_VALUE="0"/><TIME_SLOT TIME_SLOT_ID="t2" TIME_VALUE="900"/></TIME_ORDER>
<TIER TIER_ID="A" PARTICIPANT="Ann"><ANNOTATION>
<ALIGNABLE_ANNOTATION ANNOTATION_ID="a1" TIME_SLOT_REF1="t1" TIME_SLOT_REF2="t2">
<ANNOTATION_VALUE>hi</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION></TIER></ANNOTATION_DOCUMENT>""",
    "textgrid": """File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 3
tiers? <exists>
size = 1
item []:
    item [1]:
        class = "IntervalTier"
        name = "Ann"
        xmin = 0
        xmax = 3
        intervals: size = 1
        intervals [1]:
            xmin = 0
            xmax = 3
            text = "a ""b"" c"
""",
    "rttm": "SPEAKER a 1 0.5 1.25 <NA> <NA> Ann <NA> <NA>\nLEXEME a 1 0 1 hi lex Ann <NA>\n",
}

TOKENS = [
    *("\n", "\n\n", " ", '"', '""', ",", ";", "\t", "\0", "\ufeff", "\ud800", "<", ">", "</v>", "<v A>"),
    *("-->", "00:00:01,000 --> 00:00:02,000", "-", "- ", "9" * 400, "-1", "1e999", "nan", "NaN", "null"),
    *("[", "]", "{", "}", ":", "A: ", "&amp;", "&#x110000;", "&#55296;", "<!DOCTYPE a>", "<!--", "<?"),
    *("<exists>", "!", '"IntervalTier"', "SPEAKER", "2024-02-30 10:00", "0001-01-01 00:00:00+14:00"),
    *("é", "٣", "²", "\r", "]]>", "<rt>", "true", "\x0b", "\u2028", "\x85"),
]


def _mutated(text: str, seed: int) -> bytes:
    """The text with a few cuts, doublings, insertions and swaps of characters; now and then broken bytes."""
    rules = random.Random(seed)
    for _ in range(rules.randint(1, 6)):
        a, b = sorted(rules.randint(0, len(text)) for _ in range(2))
        b = min(b, a + rules.choice([1, 3, 20, 500]))
        token = rules.choice(TOKENS)
        text = rules.choice(
            [
                text[:a] + text[b:],
                text[:b] + text[a:],
                text[:a] + token + text[a:],
                text[:a] + token + text[b:],
            ]
        )
    if rules.random() < 0.5:
        return text.encode("utf-8", "replace")
    return text.encode(rules.choice(["utf-8", "utf-16", "cp1252", "utf-16-le"]), "replace")


def holds(folder: Path, name: str, content: bytes) -> bool:
    """Whether a transcript came, which then keeps every rule; an InputError is the only other way out."""
    path = folder / f"fuzz.{name}"
    path.write_bytes(content)
    try:
        transcript = read_transcript(path, name)
    except InputError as error:
        place = error.where or ""
        str(error).encode()
    else:
        keeps_the_rules(transcript)
        return True
    assert place.startswith(str(path))
    return False


def keeps_the_rules(transcript: Transcript) -> None:
    assert transcript.segments
    assert len({s.start is None for s in transcript.segments}) == 1
    ids = [s.id for s in transcript.segments if s.id is not None]
    assert len(ids) == len(set(ids))
    starts = [s.start for s in transcript.segments if s.start is not None]
    assert starts == sorted(starts)
    for segment in transcript.segments:
        assert segment.text or (transcript.format == "rttm" and segment.speaker)
        for words in (segment.text, segment.speaker, segment.id):
            assert words is None or (words == " ".join(words.split()) and words.encode())
        if transcript.timed:
            assert segment.start is not None
            assert segment.end is not None
            assert 0 <= segment.start <= segment.end < math.inf
    assert all(note.encode() for note in transcript.notes)


@pytest.mark.parametrize("name", READERS)
def test_the_valid_files_are_read(folder: Path, name: str) -> None:
    assert holds(folder, name, VALID[name].encode())


@pytest.mark.parametrize("name", READERS)
def test_damaged_files_give_a_transcript_or_a_clear_error(folder: Path, name: str) -> None:
    read = sum(holds(folder, name, _mutated(VALID[name], seed)) for seed in range(250))
    assert 0 < read < 250  # both ways out were tried


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(TOKENS) | st.text(max_size=8), max_size=40).map("".join), st.booleans())
def test_any_text_gives_a_transcript_or_a_clear_error(
    folder: Path, name: str, text: str, begun: bool
) -> None:
    beginning = VALID[name].split("\n")[0] + "\n" if begun else ""
    holds(folder, name, (beginning + text).encode("utf-8", "replace"))


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.sampled_from([b"", b"\xff\xfe", b"\xef\xbb\xbf", b"\xfe\xff"]))
def test_any_bytes_give_a_transcript_or_a_clear_error(
    folder: Path, name: str, content: bytes, mark: bytes
) -> None:
    holds(folder, name, mark + content)
