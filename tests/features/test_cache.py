"""The cache of computed features: right key, whole files, no harm from a damaged one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossgate.conversation import Conversation, FeatureSpec, Utterance
from crossgate.features import cache
from crossgate.features.cache import cache_folder, cached, feature_key

SPEC = FeatureSpec("text", "toy", "1", 3, "invented for the test")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CROSSGATE_CACHE", str(tmp_path / "kept"))
    return tmp_path / "kept"


def talk(*texts: str | None) -> Conversation:
    return Conversation("c", tuple(Utterance(str(n), "A", words) for n, words in enumerate(texts)))


class Compute:
    """Counts its calls; one row is not present."""

    def __init__(self, rows: int) -> None:
        self.calls = 0
        self.values = np.arange(rows * 3, dtype=np.float32).reshape(rows, 3)
        self.values[-1] = np.nan
        self.present = np.arange(rows) < rows - 1

    def __call__(self) -> cache.Features:
        self.calls += 1
        return self.values, self.present


def only_file(folder: Path) -> Path:
    (path,) = (folder / "features").iterdir()
    return path


def test_computed_once(folder: Path) -> None:
    compute, conversations = Compute(2), [talk("Hello.", None)]
    for _ in range(3):
        values, present = cached(SPEC, {"k": 1}, conversations, compute)
        np.testing.assert_array_equal(values, compute.values)
        np.testing.assert_array_equal(present, compute.present)
        assert present.dtype == np.bool_
    assert compute.calls == 1
    assert only_file(folder).suffix == ".safetensors"


def test_the_key_is_everything_that_decides_the_vectors() -> None:
    keys = {
        feature_key(SPEC, {"k": 1}, [talk("a", "b")]),
        feature_key(SPEC, {"k": 2}, [talk("a", "b")]),
        feature_key(SPEC, {"k": 1}, [talk("a"), talk("b")]),
        feature_key(SPEC, {"k": 1}, [talk("b", "a")]),
        feature_key(SPEC, {"k": 1}, [talk("a", None)]),
        feature_key(SPEC, {"k": 1}, [talk("a", "")]),
        feature_key(SPEC, {"k": 1}, [talk("ab")]),
        feature_key(FeatureSpec("text", "toy", "2", 3, ""), {"k": 1}, [talk("a", "b")]),
        feature_key(FeatureSpec("audio", "toy", "1", 3, ""), {"k": 1}, [talk("a", "b")]),
    }
    assert len(keys) == 9
    reworded = FeatureSpec("text", "toy", "1", 3, "the same in other words")
    assert feature_key(reworded, {"k": 1}, [talk("a", "b")]) in keys


@given(st.lists(st.lists(st.none() | st.text(), min_size=1, max_size=4), max_size=4), st.data())
def test_equal_keys_mean_equal_texts(texts: list[list[str | None]], data: st.DataObject) -> None:
    other = data.draw(st.lists(st.lists(st.none() | st.text(), min_size=1, max_size=4), max_size=4))
    same = feature_key(SPEC, {}, [talk(*t) for t in texts]) == feature_key(
        SPEC, {}, [talk(*t) for t in other]
    )
    assert same == (texts == other)


@pytest.mark.parametrize("damage", ["cut", "empty", "words", "flipped"])
def test_a_damaged_file_is_computed_again_and_replaced(folder: Path, damage: str) -> None:
    compute, conversations = Compute(4), [talk("a", "b", "c", "d")]
    cached(SPEC, {}, conversations, compute)
    path = only_file(folder)
    whole = path.read_bytes()
    path.write_bytes(
        {
            "cut": whole[: len(whole) // 2],
            "empty": b"",
            "words": b"this is no tensor file",
            "flipped": whole[:-20] + bytes([whole[-20] ^ 1]) + whole[-19:],
        }[damage]
    )
    for _ in range(2):  # the second time from the file that was written anew
        values, _ = cached(SPEC, {}, conversations, compute)
        assert compute.calls == 2
        np.testing.assert_array_equal(values, compute.values)


def test_a_file_under_a_wrong_name_is_not_believed(folder: Path) -> None:
    cached(SPEC, {}, [talk("a", "b")], Compute(2))
    path = only_file(folder)
    key = feature_key(SPEC, {}, [talk("x", "y")])
    path.rename(path.with_name(f"{SPEC.column}-{key[:32]}.safetensors"))
    compute = Compute(2)
    cached(SPEC, {}, [talk("x", "y")], compute)
    assert compute.calls == 1


def test_nothing_is_left_when_the_computation_fails(folder: Path) -> None:
    def fail() -> cache.Features:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cached(SPEC, {}, [talk("a")], fail)
    assert not folder.exists()


def test_a_cache_that_cannot_be_written_is_done_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("CROSSGATE_CACHE", str(tmp_path / "file"))
    compute = Compute(2)
    with pytest.warns(RuntimeWarning, match="not kept"):
        values, _ = cached(SPEC, {}, [talk("a", "b")], compute)
    np.testing.assert_array_equal(values, compute.values)


def test_where_the_cache_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cache_folder() == tmp_path / "kept"
    monkeypatch.delenv("CROSSGATE_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "xdg" / "crossgate"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative/paths/are/ignored")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "crossgate"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder() == tmp_path / ".cache" / "crossgate"
