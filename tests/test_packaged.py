"""Names become folders: given, packaged, or the hub's; anything else is said."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import crossgate
from crossgate import packaged
from crossgate.errors import InputError
from crossgate.packaged import checkpoint_folder, find_checkpoint, packaged_names

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A packaged folder with two checkpoints, and a working folder elsewhere."""
    root = tmp_path / "shelf"
    for name in ("crossgate-b", "crossgate-a"):
        (root / name).mkdir(parents=True)
        (root / name / "config.json").write_text("{}", encoding="utf-8")
    (root / "notes").mkdir()
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setattr(packaged, "BESIDE", root)
    return root


def fake_hub(monkeypatch: pytest.MonkeyPatch, answer: Any) -> list[tuple[str, dict[str, Any]]]:
    asked: list[tuple[str, dict[str, Any]]] = []

    def snapshot_download(name: str, **options: Any) -> str:
        asked.append((name, options))
        if isinstance(answer, Exception):
            raise answer
        return str(answer)

    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot_download)
    return asked


def test_packaged_names_are_those_with_settings(shelf: Path) -> None:
    assert packaged_names() == ("crossgate-a", "crossgate-b")
    assert checkpoint_folder("crossgate-a") == shelf / "crossgate-a"
    assert not find_checkpoint("crossgate-a").own


def test_a_folder_is_taken_as_given_and_goes_first(shelf: Path) -> None:
    mine = Path("crossgate-a")
    mine.mkdir()
    found = find_checkpoint("crossgate-a")
    assert (found.folder, found.own, found.name) == (mine, True, "crossgate-a")


def test_the_packaged_folder_by_its_path_is_not_the_users(shelf: Path) -> None:
    assert not find_checkpoint(shelf / "crossgate-b").own
    link = Path("link")
    link.symlink_to(shelf / "crossgate-b")
    assert not find_checkpoint(link).own


def test_an_unknown_name_is_told_the_known_ones(shelf: Path) -> None:
    with pytest.raises(InputError, match="crossgate-a, crossgate-b") as error:
        checkpoint_folder("crossgate-c")
    assert error.value.where == "crossgate-c"


@pytest.mark.parametrize("name", ["..", "../shelf", "/nowhere/at all", "a/b/c", "owner/"])
def test_no_name_leads_out_of_the_packaged_folder_or_to_the_hub(
    name: str, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = fake_hub(monkeypatch, shelf)
    if Path(name).is_dir():
        assert find_checkpoint(name).folder == Path(name)
    else:
        with pytest.raises(InputError, match="neither a folder"):
            checkpoint_folder(name)
    assert asked == []


def test_the_hub_gives_weights_json_and_markdown_only(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = fake_hub(monkeypatch, shelf / "crossgate-a")
    found = find_checkpoint("owner/mine", revision="v2")
    assert (found.folder, found.own, found.name) == (shelf / "crossgate-a", False, "mine")
    ((name, options),) = asked
    assert name == "owner/mine"
    assert options == {"allow_patterns": ["*.safetensors", "*.json", "*.md"], "revision": "v2"}


def test_a_slip_in_a_path_is_not_sent_to_the_hub(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = fake_hub(monkeypatch, shelf)
    Path("runs").mkdir()
    with pytest.raises(InputError, match="neither a folder"):
        checkpoint_folder("runs/meld")
    assert asked == []


@pytest.mark.parametrize("error", [ConnectionError("no route\nto host"), ValueError(""), RuntimeError("401")])
def test_what_the_hub_does_not_give_is_said(
    error: Exception, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_hub(monkeypatch, error)
    with pytest.raises(InputError, match="the hub did not give it") as said:
        checkpoint_folder("owner/mine")
    assert "to host" not in str(said.value)
    assert said.value.where == "owner/mine"


def test_without_the_library_a_hub_id_is_explained(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(InputError, match="needs the library huggingface_hub"):
        checkpoint_folder("owner/mine")


def test_a_checkout_without_the_link_finds_them_and_an_installation_finds_no_strangers(
    tmp_path: Path, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packaged, "BESIDE", tmp_path / "absent")
    monkeypatch.setattr(packaged, "IN_CHECKOUT", shelf)
    assert packaged_names() == ()
    with pytest.raises(InputError, match="this copy has none"):
        checkpoint_folder("crossgate-a")
    (tmp_path / "pyproject.toml").write_text("", encoding="utf-8")
    assert packaged_names() == ("crossgate-a", "crossgate-b")


def test_the_link_leads_to_the_folder_of_the_checkout() -> None:
    assert packaged.BESIDE.resolve() == packaged.IN_CHECKOUT == ROOT / "checkpoints"


def test_importing_the_package_is_quick() -> None:
    slow = ("torch", "pyarrow", "huggingface_hub")
    code = f"import sys, crossgate; print([name for name in {slow} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_load_hands_the_name_on(shelf: Path) -> None:
    with pytest.raises(InputError, match="crossgate-a, crossgate-b"):
        crossgate.load("crossgate-c")
