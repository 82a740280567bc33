"""A file or folder is whole or absent."""

from __future__ import annotations

import errno
import json
import os
import pickle
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from crossgate.errors import InputError, WriteError
from crossgate.files import new_file, new_folder, remove_drafts, whole_folder, write_json

if sys.platform != "win32":
    import resource


def test_a_folder_appears_when_it_is_whole(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "down" / "new"
    with new_folder(folder) as draft:
        (draft / "a.txt").write_text("a")
        assert not folder.exists()
    assert [path.name for path in folder.iterdir()] == ["a.txt"]
    assert [path.name for path in folder.parent.iterdir()] == ["new"]
    assert folder.stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_folder_that_fails_leaves_nothing(tmp_path: Path, error: type[BaseException]) -> None:
    def fail() -> None:
        with new_folder(tmp_path / "new") as draft:
            (draft / "half.txt").write_text("half")
            raise error

    with pytest.raises(error):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_holds_something_is_refused(tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="exists already"), new_folder(tmp_path / "new"):
        pytest.fail("entered")
    (tmp_path / "file").write_text("mine")
    with pytest.raises(InputError, match="exists already"), new_folder(tmp_path / "file"):
        pytest.fail("entered")
    assert (tmp_path / "new" / "mine.txt").read_text() == "mine"


def test_an_empty_folder_may_be_filled(tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    with new_folder(tmp_path / "new") as draft:
        (draft / "a.txt").write_text("a")
    assert (tmp_path / "new" / "a.txt").exists()


def test_a_file_is_replaced_in_one_step(tmp_path: Path) -> None:
    path = tmp_path / "sub" / "a.txt"
    for content in ("old", "new"):
        with new_file(path) as draft:
            draft.write_text(content)
        assert path.read_text() == content
    assert list(path.parent.iterdir()) == [path]


def test_a_file_that_fails_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")

    def fail() -> None:
        with new_file(path) as draft:
            draft.write_text("ha")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_json_is_readable(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"name": "Zoë", "rows": [1, 2]})
    text = (tmp_path / "a.json").read_text(encoding="utf-8")
    assert json.loads(text) == {"name": "Zoë", "rows": [1, 2]}
    assert "Zoë" in text
    assert text.endswith("}\n")


def test_json_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        write_json(tmp_path / "a.json", {"path": tmp_path})
    assert list(tmp_path.iterdir()) == []


def fill(path: Path) -> None:
    with new_file(path) as draft:
        draft.write_text("half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_is_told_in_words(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(WriteError, match=r"a\.txt: cannot be written: No space left(?s:.*)room") as caught:
        fill(path)
    assert isinstance(caught.value, OSError)
    assert (caught.value.errno, caught.value.exit_code) == (errno.ENOSPC, 1)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
    # From within a folder, the file is named.
    with pytest.raises(WriteError, match=r"b\.txt"), new_folder(tmp_path / "new") as draft:
        fill(draft / "b.txt")
    assert list(tmp_path.iterdir()) == [path]
    again = pickle.loads(pickle.dumps(caught.value))  # as it comes from a worker process
    assert str(again) == str(caught.value)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such limits there")
def test_what_safetensors_says_of_a_full_disk_is_told_in_words(tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(WriteError, match="File too large"), new_file(tmp_path / "a") as draft:
            save_file({"a": np.zeros(10_000)}, draft)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(tmp_path.iterdir()) == []


def test_another_error_stays_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), new_file(tmp_path / "a.txt"):
        (tmp_path / "absent").read_text()


def test_files_that_belong_together_are_never_of_two_times(tmp_path: Path) -> None:
    def write(content: str, *, killed: bool = False) -> None:
        with whole_folder(tmp_path / "new", "last") as draft:
            (draft / "first").write_text(content)
            if killed:
                raise KeyboardInterrupt
            (draft / "last").write_text(content)

    with pytest.raises(KeyboardInterrupt):
        write("one", killed=True)
    assert not (tmp_path / "new").exists()
    write("one")
    with pytest.raises(KeyboardInterrupt):
        write("two", killed=True)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["first"]
    write("two")
    assert {path.read_text() for path in (tmp_path / "new").iterdir()} == {"two"}


def test_what_killed_processes_left_is_removed(tmp_path: Path) -> None:
    (tmp_path / "deep" / ".folder.abc.tmp" / ".inner.def.tmp").mkdir(parents=True)
    (tmp_path / ".file.abc.tmp").touch()
    (tmp_path / "mine.tmp").touch()
    remove_drafts(tmp_path)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["deep", "mine.tmp"]
