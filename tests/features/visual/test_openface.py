"""OpenFace's CSV to action units."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from crossgate.errors import InputError
from crossgate.features.visual.openface import LEAST_INTENSITY, NEEDED, SPEC, UNITS, read_openface
from crossgate.media.clips import Span

NAMES = list(UNITS)
Row = dict[str, float | str]


def row(time: float, **cells: float | str) -> Row:
    quiet: Row = dict.fromkeys(NEEDED, 0.1)
    return {**quiet, "timestamp": time, "confidence": 0.98, "success": 1, "frame": 1, "AU28_c": 1, **cells}


def write(path: Path, rows: list[Row], without: tuple[str, ...] = ()) -> Path:
    """As OpenFace does: a blank before every name but the first."""
    names = [name for name in rows[0] if name not in without]
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(", ".join(names) + "\n")
        csv.writer(file).writerows([[one[name] for name in names] for one in rows])
    return path


def test_the_units_stand_in_the_order_of_the_table(tmp_path: Path) -> None:
    cells = {column: 1 + 0.1 * place for place, column in enumerate(UNITS.values()) if column}
    values, present = read_openface(write(tmp_path / "a.csv", [row(0.5, **cells)])).au18([Span(0, 1)])
    expected = [1 + 0.1 * place if column else 0 for place, column in enumerate(UNITS.values())]
    assert values[0] == pytest.approx(expected)
    assert present.tolist() == [True]
    assert values.shape == (1, SPEC.dimension)
    assert NAMES[0], NAMES[-2] == ("inner brow raiser", "lip suck")


def test_the_peak_is_the_frame_with_the_largest_sum_and_small_values_are_0(tmp_path: Path) -> None:
    rows = [row(0.1, AU12_r=2.0), row(0.2, AU12_r=1.5, AU06_r=1.5, AU01_r=0.79), row(0.3, AU12_r=2.5)]
    values, _ = read_openface(write(tmp_path / "a.csv", rows)).au18([Span(0, 1)])
    found = {name: float(value) for name, value in zip(NAMES, values[0], strict=True) if value}
    assert found == {"cheek raiser": 1.5, "lip corner puller": 1.5}


def test_a_peak_outside_the_utterance_is_not_its_own(tmp_path: Path) -> None:
    rows = [row(0.5, AU04_r=1.0), row(1.0, AU04_r=4.0)]
    values, present = read_openface(write(tmp_path / "a.csv", rows)).au18(
        [Span(1, 2), Span(0, 1), Span(2, 3)]
    )
    assert present.tolist() == [True, True, False]
    assert values[:2, NAMES.index("brow lowerer")].tolist() == [4, 1]
    assert np.isnan(values[2]).all()


@pytest.mark.parametrize(
    "spoilt", [{"success": 0}, {"confidence": 0.5}, {"AU12_r": "-nan(ind)"}, {"AU12_r": "nan"}], ids=str
)
def test_what_openface_was_not_sure_of_does_not_count(tmp_path: Path, spoilt: Row) -> None:
    rows = [row(0.1, **{"AU04_r": 4.0, **spoilt}), row(0.2, AU04_r=1.0)]
    values, present = read_openface(write(tmp_path / "a.csv", rows)).au18([Span(0, 1), Span(0, 0.2)])
    assert values[0, NAMES.index("brow lowerer")] == 1
    assert present.tolist() == [True, False]


def test_of_several_faces_the_one_most_present_counts(tmp_path: Path) -> None:
    rows = [
        row(0.1, face_id=0, AU04_r=1.0),
        row(0.1, face_id=1, AU04_r=4.0),
        row(0.2, face_id=0, AU04_r=2.0),
        row(0.2, face_id=1, AU04_r=4.0, success=0),
    ]
    values, _ = read_openface(write(tmp_path / "a.csv", rows)).au18([Span(0, 1)])
    assert values[0, NAMES.index("brow lowerer")] == 2


def test_missing_columns_are_named(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", [row(0.1)], without=("AU12_r", "success"))
    with pytest.raises(InputError, match="column success, AU12_r is missing"):
        read_openface(path)


@pytest.mark.parametrize(
    ("cells", "complaint"),
    [
        ({"AU12_r": "strong"}, "line 3, AU12_r: 'strong' is not a number"),
        ({"AU12_r": 7}, "expected 0 to 5"),
        ({"timestamp": "nan"}, "line 3: timestamp"),
    ],
    ids=["word", "range", "time"],
)
def test_a_cell_that_is_wrong_is_named(tmp_path: Path, cells: Row, complaint: str) -> None:
    path = write(tmp_path / "a.csv", [row(0.1), row(0.2, **cells)])
    with pytest.raises(InputError, match=complaint):
        read_openface(path)


def test_what_is_no_such_file_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", [row(0.1), row(0.2)])
    path.write_text(path.read_text()[:-20])
    with pytest.raises(InputError, match="cut off"):
        read_openface(path)
    path.write_text(path.read_text().splitlines()[0])
    with pytest.raises(InputError, match="no rows"):
        read_openface(path)
    path.write_bytes(b"\xff\xfe\x00RIFF")
    with pytest.raises(InputError, match="not a CSV file"):
        read_openface(path)
    path.write_bytes(b"")
    with pytest.raises(InputError, match="is missing"):
        read_openface(path)
    with pytest.raises(InputError, match="cannot be read"):
        read_openface(tmp_path / "nothing.csv")


def test_a_file_that_openface_wrote_is_read(shared_media: Path) -> None:
    units = read_openface(shared_media / "openface_sample.csv")
    values, present = units.au18([Span(0, 0.1), Span(5, 6)])
    assert len(units.times) == 100
    assert units.usable.all()
    assert present.tolist() == [True, False]
    with (shared_media / "openface_sample.csv").open(newline="") as file:
        rows = list(csv.DictReader(file, skipinitialspace=True))
    sums = [sum(float(one[name]) for name in UNITS.values() if name) for one in rows]
    peak = rows[int(np.argmax(sums))]
    expected = [float(peak[name]) if name else 0 for name in UNITS.values()]
    assert values[0] == pytest.approx([x if x >= LEAST_INTENSITY else 0 for x in expected])
    assert values[0].any()


@pytest.mark.real
def test_the_vectors_look_like_meld_s(shared_data: Path, shared_media: Path) -> None:
    column = pq.read_table(shared_data / "meld" / "train.parquet", columns=["visual_au18"]).column(0)
    table = np.array(column.to_pylist(), np.float32)
    table = table[np.isfinite(table).all(axis=1)]
    units = read_openface(shared_media / "openface_sample.csv")
    values, _ = units.au18([Span(k / 100, (k + 1) / 100) for k in range(10)])
    for vectors in (table, values):
        assert not vectors[:, NAMES.index("lip suck")].any()
        assert vectors.max() <= 5
        assert vectors[vectors > 0].min() >= LEAST_INTENSITY
