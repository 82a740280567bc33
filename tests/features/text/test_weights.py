"""Where the encoder's weights come from, and that other bytes are refused."""

from __future__ import annotations

import hashlib
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import SimpleNamespace

import pytest

from crossgate.errors import InputError
from crossgate.features.text import weights


@pytest.fixture
def bytes_of(monkeypatch: pytest.MonkeyPatch):
    """Pins the hashes of small stand-in files; `bytes_of(folder)` writes them."""
    contents = {name: f"stand-in for {name}".encode() for name in weights.PINNED}
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    monkeypatch.setattr(weights, "PINNED", hashes)
    monkeypatch.delenv(weights.ENVIRONMENT, raising=False)
    monkeypatch.setattr(weights, "find_spec", lambda name: None)

    def write(folder: Path) -> Path:
        folder.mkdir(parents=True)
        for name, content in contents.items():
            (folder / name).write_bytes(content)
        return folder

    return write


def hub_with(snapshot_download) -> SimpleNamespace:
    return SimpleNamespace(snapshot_download=snapshot_download)


def test_the_pinned_hashes_are_whole() -> None:
    assert len(weights.REVISION) == 40
    assert all(len(bytes.fromhex(pinned)) == 32 for pinned in weights.PINNED.values())
    assert weights.PINNED["model.safetensors"].startswith("53aa5117")
    assert weights.PINNED["model.safetensors"].endswith("28d9db")


def test_the_environment_goes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bytes_of) -> None:
    folder = bytes_of(tmp_path / "mine")
    monkeypatch.setenv(weights.ENVIRONMENT, str(folder))
    monkeypatch.setattr(weights, "find_spec", lambda name: pytest.fail("looked further"))
    assert weights.minilm_folder() == folder


def test_a_named_folder_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(weights.ENVIRONMENT, str(tmp_path / "gone"))
    with pytest.raises(InputError, match="no such folder"):
        weights.minilm_folder()


def test_a_missing_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bytes_of) -> None:
    folder = bytes_of(tmp_path / "mine")
    (folder / "tokenizer.json").unlink()
    monkeypatch.setenv(weights.ENVIRONMENT, str(folder))
    with pytest.raises(InputError, match=r"tokenizer\.json is missing"):
        weights.minilm_folder()


def test_other_bytes_are_refused_with_both_hashes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bytes_of
) -> None:
    folder = bytes_of(tmp_path / "mine")
    (folder / "model.safetensors").write_bytes(b"something else")
    monkeypatch.setenv(weights.ENVIRONMENT, str(folder))
    with pytest.raises(InputError) as caught:
        weights.minilm_folder()
    assert weights.PINNED["model.safetensors"] in str(caught.value)
    assert hashlib.sha256(b"something else").hexdigest() in str(caught.value)


def test_the_installed_package_is_found_without_importing_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bytes_of
) -> None:
    folder = bytes_of(tmp_path / weights.PACKAGE / "model")
    spec = ModuleSpec(weights.PACKAGE, None, is_package=True)
    spec.submodule_search_locations = [str(folder.parent)]
    monkeypatch.setattr(weights, "find_spec", lambda name: spec if name == weights.PACKAGE else None)
    assert weights.minilm_folder() == folder
    assert weights.PACKAGE not in sys.modules


def test_the_hubs_own_cache_is_asked_before_the_hub(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bytes_of
) -> None:
    folder = bytes_of(tmp_path / "snapshot")
    asked = []

    def snapshot_download(repository: str, *, local_files_only: bool, **rest: object) -> str:
        asked.append(local_files_only)
        assert repository == weights.REPOSITORY
        assert rest["revision"] == weights.REVISION
        return str(folder)

    monkeypatch.setitem(sys.modules, "huggingface_hub", hub_with(snapshot_download))
    assert weights.minilm_folder() == folder
    assert asked == [True]


def test_what_the_hub_gives_is_checked_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bytes_of) -> None:
    folder = bytes_of(tmp_path / "snapshot")
    (folder / "config.json").write_bytes(b"{}")

    def snapshot_download(repository: str, *, local_files_only: bool, **rest: object) -> str:
        if local_files_only:
            raise FileNotFoundError("not cached")
        return str(folder)

    monkeypatch.setitem(sys.modules, "huggingface_hub", hub_with(snapshot_download))
    with pytest.raises(InputError, match=r"config\.json"):
        weights.minilm_folder()


def test_no_hub_within_reach_says_what_to_install(monkeypatch: pytest.MonkeyPatch, bytes_of) -> None:
    def snapshot_download(*rest: object, **more: object) -> str:
        raise ConnectionError("no route to host\nand more")

    monkeypatch.setitem(sys.modules, "huggingface_hub", hub_with(snapshot_download))
    with pytest.raises(InputError, match=r"no route to host(.|\n)*crossgate\[offline\]"):
        weights.minilm_folder()
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(InputError, match=r"crossgate\[offline\]"):
        weights.minilm_folder()
