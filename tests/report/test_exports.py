"""Captions and annotations are read back by readers that are not ours; tables in test_table_exports."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import pyarrow.parquet as pq
import pytest
import webvtt
from drawn_results import results
from hypothesis import HealthCheck, given, settings
from praatio import textgrid as praat
from pympi import Eaf
from toy_results import RESULTS, toy_result

from crossgate.errors import InputError
from crossgate.report.exports.captions import write_srt, write_vtt
from crossgate.report.exports.csv_table import write_csv
from crossgate.report.exports.elan import write_eaf
from crossgate.report.exports.parquet_table import write_parquet
from crossgate.report.exports.rttm import write_rttm
from crossgate.report.exports.textgrid import write_textgrid
from crossgate.report.exports.timing import by_time, label, plain, without_overlaps
from crossgate.report.result import Result, Turn

Write = Callable[[Result, Path], None]

WRITERS: dict[str, Write] = {
    "csv": write_csv,
    "parquet": write_parquet,
    "vtt": write_vtt,
    "srt": write_srt,
    "rttm": write_rttm,
    "eaf": write_eaf,
    "textgrid": write_textgrid,
}
TIMED = ("vtt", "srt", "rttm", "eaf", "textgrid")

every_result = pytest.mark.parametrize("result", RESULTS.values(), ids=RESULTS)


def emotion(turn: Turn) -> str:
    return f"[{turn.emotion}{'?' if turn.abstained else ''} {round(100 * turn.confidence)} %]"


@every_result
def test_vtt_by_webvtt(result: Result, tmp_path: Path) -> None:
    write_vtt(result, tmp_path / "captions.vtt")
    captions = webvtt.read(tmp_path / "captions.vtt").captions
    assert len(captions) == len(result.utterances)
    for caption, turn in zip(captions, result.utterances, strict=True):
        assert caption.identifier == turn.id
        assert caption.start == f"00:00:{turn.start:06.3f}"
        assert caption.end == f"00:00:{turn.end:06.3f}"
        assert unescaped(caption.voice or "") == plain(turn.speaker)
        words = plain(f"{turn.text or ''} {emotion(turn)}")
        assert unescaped(caption.raw_text.partition(">")[2]) == words
    written = (tmp_path / "captions.vtt").read_text(encoding="utf-8")
    assert written.count("-->") == len(result.utterances)
    assert ("Usage policy: eu-work-education" in written) == (result.policy is not None)


def unescaped(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


@every_result
def test_srt_by_webvtt(result: Result, tmp_path: Path) -> None:
    write_srt(result, tmp_path / "captions.srt")
    captions = webvtt.from_srt(tmp_path / "captions.srt").captions
    assert len(captions) == len(result.utterances)
    for caption, turn in zip(captions, result.utterances, strict=True):
        assert caption.start == f"00:00:{turn.start:06.3f}"
        assert caption.end == f"00:00:{turn.end:06.3f}"
        shown = emotion(turn)
        if result.policy is not None:
            shown = f"{shown[:-1]}, policy {result.policy}]"
        words = plain(f"{turn.speaker}: {turn.text or ''} {shown}").replace("-->", "→")
        assert caption.raw_text == words


@every_result
def test_rttm_by_pyannote(result: Result, tmp_path: Path) -> None:
    found = list(rttm_rows(tmp_path, result))
    expected = [(one.start / 1000, (one.end - one.start) / 1000) for one in by_time(result)]
    assert [(start, duration) for start, duration, _ in found] == expected
    speakers = [one.turn.speaker for one in by_time(result)]
    assert len(set(speakers)) == len({name for _, _, name in found})
    assert len(set(zip(speakers, (name for _, _, name in found), strict=True))) == len(set(speakers))


def rttm_rows(folder: Path, result: Result) -> Iterator[tuple[float, float, str]]:
    """By pyannote's own reader where it is installed, and by its rules where it is not.

    The rules: fields are split at white space; type, file, channel, start, duration, two not used, speaker,
    two not used; pandas' words for a missing value are missing.
    """
    path = folder / "speakers.rttm"
    write_rttm(result, path)
    lines = [line.split() for line in path.read_text(encoding="utf-8").splitlines()]
    assert {len(fields) for fields in lines} <= {10}
    assert {(fields[0], fields[2]) for fields in lines} <= {("SPEAKER", "1")}
    (file,) = {fields[1] for fields in lines}
    plainly = [(float(fields[3]), float(fields[4]), fields[7]) for fields in lines]
    try:
        from pyannote.database.util import load_rttm
    except ImportError:
        yield from plainly
        return
    annotation = load_rttm(path)[file]
    tracks = sorted(annotation.itertracks(yield_label=True), key=lambda track: (track[0].start, track[1]))
    found = [(segment.start, segment.duration, str(name)) for segment, _, name in tracks]
    assert [name for _, _, name in found] == [name for _, _, name in plainly]
    for one, other in zip(found, plainly, strict=True):
        assert one[:2] == pytest.approx(other[:2], abs=1e-6)
    yield from plainly


@pytest.mark.parametrize(
    "name", ["NA", "null", "nan", "A B", 'the "boss"', ";; x", "\u2003", "007", '"', "<NA>"]
)
def test_rttm_names_are_one_field_and_never_missing(name: str, tmp_path: Path) -> None:
    result = toy_result(4, (name, "Ben"))
    result = replace(result, media=replace(result.media, name=f"{name}.mp4"))
    assert len({speaker for _, _, speaker in rttm_rows(tmp_path, result)}) == 2


def test_rttm_names_that_would_become_the_same_stay_apart(tmp_path: Path) -> None:
    result = toy_result(8, ("A B", "A_B", "A\tB", "A_B_2"))
    assert len({speaker for _, _, speaker in rttm_rows(tmp_path, result)}) == 4


@every_result
def test_eaf_by_pympi(result: Result, tmp_path: Path) -> None:
    write_eaf(result, tmp_path / "turns.eaf")
    eaf = Eaf(str(tmp_path / "turns.eaf"))
    words, emotions = [], []
    for tier in eaf.get_tier_names():
        if eaf.get_parameters_for_tier(tier).get("PARENT_REF") is None:
            own = sorted(eaf.get_annotation_data_for_tier(tier))
            assert all(one[1] <= two[0] for one, two in pairwise(own))
            words += [(tier, *one[:3]) for one in own]
        else:
            parent = eaf.get_parameters_for_tier(tier)["PARENT_REF"]
            emotions += [(parent, *one[:3]) for one in eaf.get_ref_annotation_data_for_tier(tier)]
    expected = sorted((one.start, one.end, label(one.turn)) for one in by_time(result))
    assert sorted(one[1:] for one in emotions) == expected
    clean = [(one.start, one.end, (one.turn.text or "").replace("\x07", "")) for one in by_time(result)]
    assert sorted((s, e, " ".join(w.split())) for _, s, e, w in words) == sorted(
        (s, e, " ".join(w.split())) for s, e, w in clean
    )
    assert {eaf.get_parameters_for_tier(tier)["PARTICIPANT"] for tier in eaf.get_tier_names()} == {
        plain(speaker.name) for speaker in result.speakers
    }
    assert (("crossgate.policy", "eu-work-education") in eaf.properties) == (result.policy is not None)


def test_eaf_refers_to_what_it_holds(tmp_path: Path) -> None:
    """What ELAN's schema asks for and pympi does not look at."""
    write_eaf(RESULTS["odd"], tmp_path / "turns.eaf")
    root = ET.parse(tmp_path / "turns.eaf").getroot()
    order = ["HEADER", "TIME_ORDER", "TIER", "LINGUISTIC_TYPE", "CONSTRAINT"]
    assert list(dict.fromkeys(child.tag for child in root)) == order
    assert (root.get("FORMAT"), root.get("VERSION")) == ("3.0", "3.0")
    slots = [slot.get("TIME_SLOT_ID") for slot in root.iter("TIME_SLOT")]
    times = [int(slot.get("TIME_VALUE", "")) for slot in root.iter("TIME_SLOT")]
    assert times == sorted(times)
    one = [a.get("ANNOTATION_ID") for a in root.iter("ALIGNABLE_ANNOTATION")]
    two = [a.get("ANNOTATION_ID") for a in root.iter("REF_ANNOTATION")]
    assert [a.get("ANNOTATION_REF") for a in root.iter("REF_ANNOTATION")] == one
    assert len({*one, *two}) == len(one) + len(two) == 2 * len(RESULTS["odd"].utterances)
    used = [a.get(f"TIME_SLOT_REF{k}") for a in root.iter("ALIGNABLE_ANNOTATION") for k in (1, 2)]
    assert sorted(map(str, used)) == sorted(map(str, slots))
    tiers = [tier.get("TIER_ID") for tier in root.iter("TIER")]
    assert len(set(tiers)) == len(tiers)
    types = {kind.get("LINGUISTIC_TYPE_ID") for kind in root.iter("LINGUISTIC_TYPE")}
    assert {tier.get("LINGUISTIC_TYPE_REF") for tier in root.iter("TIER")} == types
    (media,) = root.iter("MEDIA_DESCRIPTOR")
    assert media.attrib == {
        "MEDIA_URL": "talk.mp4",
        "RELATIVE_MEDIA_URL": "./talk.mp4",
        "MIME_TYPE": "video/mp4",
    }


@every_result
def test_textgrid_by_praatio(result: Result, tmp_path: Path) -> None:
    write_textgrid(result, tmp_path / "turns.TextGrid")
    grid = praat.openTextgrid(str(tmp_path / "turns.TextGrid"), True, reportingMode="error")
    assert grid.minTimestamp == 0
    assert grid.maxTimestamp == pytest.approx(result.media.duration)
    emotions: list[tuple[float, float, str]] = []
    words: list[tuple[float, float, str]] = []
    for tier in grid.tiers:
        intervals = list(tier.entries)
        assert (intervals[0].start, intervals[-1].end) == (0, grid.maxTimestamp)
        assert all(a.end == b.start for a, b in pairwise(intervals))
        if tier.name.endswith(" emotion"):
            emotions += [tuple(one) for one in intervals if one.label]
        elif tier.name == "usage policy":
            assert [one.label for one in intervals] == [result.policy]
        else:
            words += [tuple(one) for one in intervals if one.label]
    assert sorted(emotions) == sorted((t.start / 1000, t.end / 1000, label(t.turn)) for t in by_time(result))
    assert sorted(words) == sorted(
        (t.start / 1000, t.end / 1000, plain(t.turn.text)) for t in by_time(result) if plain(t.turn.text)
    )
    assert ("usage policy" in grid.tierNames) == (result.policy is not None)


@pytest.mark.parametrize("name", ["vtt", "eaf", "textgrid"])
def test_files_without_turns_can_be_opened(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    WRITERS[name](toy_result(0), path)
    if name == "vtt":
        assert webvtt.read(path).captions == []
    elif name == "eaf":
        assert list(Eaf(str(path)).get_tier_names()) == []
    else:
        assert len(praat.openTextgrid(str(path), True).tiers) == 1


@pytest.mark.parametrize("name", TIMED)
def test_formats_along_a_clock_need_times(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no times: csv, parquet, json, html and png are possible"):
        WRITERS[name](toy_result(3, kind="text", timed=False), tmp_path / "file")
    assert not (tmp_path / "file").exists()


def test_turns_out_of_order_and_without_length_become_captions(tmp_path: Path) -> None:
    first, second = toy_result(2).utterances
    result = replace(toy_result(2), utterances=(replace(second, end=second.start), first))
    for name, write, read in (("vtt", write_vtt, webvtt.read), ("srt", write_srt, webvtt.from_srt)):
        write(result, tmp_path / name)
        starts = [(caption.start, caption.end) for caption in read(tmp_path / name).captions]
        assert starts == [("00:00:00.250", "00:00:03.250"), ("00:00:03.750", "00:00:03.751")]


def test_hours_are_written(tmp_path: Path) -> None:
    turn = replace(toy_result(1).utterances[0], start=3599.9996, end=360_000.5)
    write_vtt(replace(toy_result(1), utterances=(turn,)), tmp_path / "captions.vtt")
    assert "01:00:00.000 --> 100:00:00.500" in (tmp_path / "captions.vtt").read_text(encoding="utf-8")


@given(result=results(timed=True))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_tiers_hold_every_turn_once_and_none_overlaps(result: Result) -> None:
    turns = by_time(result)
    tiers = without_overlaps(turns)
    assert sorted(id(one.turn) for tier in tiers for one in tier) == sorted(id(one.turn) for one in turns)
    for tier in tiers:
        assert all(one.end <= two.start for one, two in pairwise(tier))


@given(result=results(timed=True))
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
def test_any_result_gives_files_that_can_be_read(result: Result, tmp_path: Path) -> None:
    count = len(result.utterances)
    for name, write in WRITERS.items():
        write(result, tmp_path / name)
    assert len(webvtt.read(tmp_path / "vtt").captions) == count
    if count:
        assert len(webvtt.from_srt(tmp_path / "srt").captions) == count
    assert pq.read_table(tmp_path / "parquet").num_rows == count
    eaf = Eaf(str(tmp_path / "eaf"))
    assert len(eaf.annotations) == 2 * count
    grid = praat.openTextgrid(str(tmp_path / "textgrid"), False)
    assert len(grid.tiers) >= 1
    assert len((tmp_path / "rttm").read_text(encoding="utf-8").splitlines()) == count
