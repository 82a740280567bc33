"""The picture of a result: what stands where."""

from __future__ import annotations

import warnings
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.image import imread
from toy_results import toy_result

from crossgate.conversation import MODALITIES
from crossgate.emotions import IEMOCAP
from crossgate.report.colours import colours, pale
from crossgate.report.exports.timing import Timed, by_time
from crossgate.report.result import ModalityUse, Result
from crossgate.report.timeline import (
    INSIDE,
    MOST_LANES,
    TURNS_A_ROW,
    Row,
    rows_of,
    timeline_figure,
    write_timeline,
)


def words(figure: Figure) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in axes.texts] + [
        text.get_text() for text in figure.texts
    ]


def lanes(figure: Figure) -> list[str]:
    """Names of the lanes of the first row."""
    return [text.get_text() for text in figure.axes[1].get_yticklabels()]


def drawn(figure: Figure) -> set[tuple[float, float, int, str]]:
    """Start, end, lane and colour of every bar of the first row."""
    found = set()
    for bars in figure.axes[1].collections:
        colour = to_hex(bars.get_facecolor()[0]).upper()
        for path in bars.get_paths():
            (left, low), (right, high) = path.vertices.min(axis=0), path.vertices.max(axis=0)
            found.add((float(left), float(right), round((low + high) / 2), colour))
    return found


@pytest.mark.parametrize(
    "result",
    [
        toy_result(0),
        toy_result(1),
        toy_result(3, texts=False, kind="audio"),
        toy_result(20, ("A", "B", "C", "D"), IEMOCAP.labels, odd=True, overlapping=True),
        toy_result(30, kind="text", timed=False),
        toy_result(40, [f"S{k}" for k in range(30)], [f"label {k}" for k in range(14)]),
        replace(toy_result(2), media=replace(toy_result(2).media, name="$x$ 李_{a}^ \\frac.mp4")),
    ],
)
def test_any_result_can_be_drawn(result: Result, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        write_timeline(result, tmp_path / "timeline.png")
    assert imread(tmp_path / "timeline.png").shape[1] == 1800


def test_the_same_result_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        write_timeline(toy_result(8), tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_bars_have_the_colour_of_the_emotion_and_say_it() -> None:
    result = toy_result(4, abstained=0.0)
    figure = timeline_figure(result)
    look = colours(result.labels)
    assert drawn(figure) == {
        (turn.start, turn.end, place, look[turn.emotion])
        for place, name in enumerate(("Ann", "Ben"))
        for turn in result.utterances
        if turn.speaker == name
    }
    said = words(figure)
    for turn in result.utterances:
        assert f"{turn.emotion} {100 * turn.confidence:.0f} %" in said


def test_abstained_bars_are_pale_and_hatched() -> None:
    result = toy_result(3, abstained=1.0)
    figure = timeline_figure(result)
    look = colours(result.labels)
    for bar in figure.axes[1].collections:
        assert bar.get_hatch()
        assert to_hex(bar.get_facecolor()[0]).upper() in {pale(look[t.emotion]) for t in result.utterances}
    assert f"{result.utterances[0].emotion}?" in " ".join(words(figure))


def test_long_recordings_are_broken_into_rows_and_every_turn_is_in_one() -> None:
    figure = timeline_figure(toy_result(500))
    rows = figure.axes[1::3]
    assert len(rows) == 8
    ends = [axes.get_xlim() for axes in rows]
    assert ends[0][0] == 0
    assert all(one[1] == two[0] for one, two in pairwise(ends))
    assert ends[-1][1] == toy_result(500).media.duration
    # A second is as wide in every row, the last and shorter one too.
    scales = {
        round(axes.get_position().width / (end - start), 6)
        for axes, (start, end) in zip(rows, ends, strict=True)
    }
    assert len(scales) == 1
    # Nearly every turn has its letter.
    assert sum(len(axes.texts) for axes in rows) >= 495


def test_the_axis_counts_turns_where_there_are_no_times() -> None:
    figure = timeline_figure(toy_result(10, kind="text", timed=False))
    assert figure.axes[1].get_xlim() == (0.5, 10.5)
    assert figure.axes[3].get_xlabel() == "turn"


def test_speakers_beyond_the_lanes_share_the_last() -> None:
    result = toy_result(60, [f"S{k}" for k in range(40)])
    names = lanes(timeline_figure(result))
    assert len(names) == MOST_LANES
    assert names[-1] == f"{len(result.speakers) - MOST_LANES + 1} others"


def test_where_turns_overlap_the_last_to_begin_counts_and_the_first_comes_back() -> None:
    first, second = toy_result(2).utterances
    result = replace(
        toy_result(2), utterances=(replace(first, start=0.0, end=10.0), replace(second, start=4.0, end=5.0))
    )
    row = Row(0.0, 12.0, 1.0, by_time(result))
    assert [(start, end, turn.id) for start, end, turn in row.stretches()] == [
        (0.0, 4.0, "u001"),
        (4.0, 5.0, "u002"),
        (5.0, 10.0, "u001"),
    ]


def test_the_policy_is_said() -> None:
    figure = timeline_figure(replace(toy_result(2), policy="eu-work-education"))
    assert "usage policy eu-work-education" in " ".join(words(figure))


@pytest.mark.parametrize("end", [300.0, 900.01, 900.5, 961.0, 1000.3])
def test_no_row_is_all_but_empty(end: float) -> None:
    """Fifteen rows of a minute and a bit: what is left over gets no row of its own."""
    turn = toy_result(1).utterances[0]
    turns = [Timed(0, 1000, turn)] * (15 * TURNS_A_ROW - 1) + [Timed(1000, round(1000 * end), turn)]
    rows = list(rows_of(turns, None, timed=True))
    assert (rows[0].start, rows[-1].end) == (0, end)
    assert all(one.end == two.start for one, two in pairwise(rows))
    assert min(row.inches for row in rows) >= 0.02 * INSIDE
    assert max(row.inches for row in rows) <= 1.02 * INSIDE + 1e-9


def test_turns_of_which_nothing_was_measured_are_drawn_as_that() -> None:
    made = toy_result(6)
    absent = {m: ModalityUse(False, 0.0) for m in MODALITIES}
    turns = tuple(replace(turn, modalities=absent, views={}, abstained=True) for turn in made.utterances)
    figure = timeline_figure(replace(made, utterances=turns))
    words = {text.get_text() for axes in figure.axes for text in axes.texts}
    assert words & {"not measured", "-"}
    assert not any("%" in word or word.endswith("?") for word in words)
