"""The media store, in a folder and in one that is no folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from crossgate.errors import InputError
from crossgate.serving.storage.media import MediaStore


def put(store: MediaStore, folder: Path, key: str, content: bytes) -> None:
    (folder / "upload").write_bytes(content)
    store.take(folder / "upload", key)
    assert not (folder / "upload").exists()


def test_what_is_taken_is_there_again(store: MediaStore, tmp_path: Path) -> None:
    put(store, tmp_path, "p/r/media", b"0123456789")
    assert store.read("p/r/media") == b"0123456789"
    assert store.size("p/r/media") == 10
    with store.open("p/r/media", 4) as file:
        assert file.read(3) == b"456"
    put(store, tmp_path, "p/r/media", b"another")
    assert store.read("p/r/media") == b"another"


def test_as_a_file_of_this_machine(store: MediaStore, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    put(store, tmp_path, "p/r/talk.wav", b"sound")
    with store.as_file("p/r/talk.wav", scratch) as one, store.as_file("p/r/talk.wav", scratch) as two:
        assert one.name == two.name == "talk.wav"
        assert one.read_bytes() == two.read_bytes() == b"sound"
    assert list(scratch.iterdir()) == []
    assert store.read("p/r/talk.wav") == b"sound"


def test_a_folder_is_removed_with_all_in_it_and_nothing_else(store: MediaStore, tmp_path: Path) -> None:
    for key in ("p/r/media", "p/r/deep/result", "p/r2/media", "q/r/media"):
        put(store, tmp_path, key, key.encode())
    assert store.sizes("p/r") == {"media": 9, "deep/result": 15}
    store.remove("p/r")
    assert store.sizes("p/r") == {}
    assert store.sizes("p") == {"r2/media": 10}
    assert store.read("q/r/media") == b"q/r/media"
    store.remove("p/r")  # what is not there is no error


def test_what_is_not_there_is_not_found(store: MediaStore, tmp_path: Path) -> None:
    assert store.sizes("p/none") == {}
    for ask in (store.open, store.read, store.size):
        with pytest.raises(FileNotFoundError):
            ask("p/none")
    with pytest.raises(FileNotFoundError), store.as_file("p/none", tmp_path):
        pass


@pytest.mark.parametrize(
    "key",
    ["", "/", "/etc/passwd", "..", "p/../q", "p/.hidden", "p//r", "p/", "p\0", "p\n", "Ä", "p\\..\\q", "~"],
)
def test_what_is_no_key_goes_nowhere(store: MediaStore, tmp_path: Path, key: str) -> None:
    (tmp_path / "upload").write_bytes(b"kept")
    for ask in (
        lambda: store.take(tmp_path / "upload", key),
        lambda: store.open(key),
        lambda: store.sizes(key),
        lambda: store.remove(key),
    ):
        with pytest.raises(ValueError, match="no key"):
            ask()
    assert (tmp_path / "upload").read_bytes() == b"kept"


def test_a_folder_that_was_there_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    MediaStore(str(tmp_path))
    assert tmp_path.stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize("root", ["nosuch://me:hunter2@bucket", "{file}/media"])
def test_no_store_is_said_without_the_password(tmp_path: Path, root: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError) as caught:
        MediaStore(root.format(file=tmp_path / "file"))
    assert "hunter2" not in str(caught.value)
