"""Where the detector comes from: the environment, the cache, beside the checkout, the network, or Haar."""

from __future__ import annotations

from pathlib import Path

import pytest

from crossgate.errors import InputError
from crossgate.features.cache import cache_folder
from crossgate.features.visual import find_detector as finding
from crossgate.features.visual.detector import YUNET_FILE
from crossgate.features.visual.find_detector import find_detector, yunet_file
from scripted_faces import yunet_path


@pytest.fixture(autouse=True)
def _nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No file anywhere, and no network."""
    for name in (finding.ENVIRONMENT, *finding.OFFLINE):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CROSSGATE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(finding, "CHECKOUT", tmp_path / "checkout")
    monkeypatch.setattr(finding, "download", no_network)


def no_network(url: str) -> bytes:
    raise OSError(f"no network for {url}")


def never(url: str) -> bytes:
    raise AssertionError(f"asked the network for {url}")


def test_without_yunet_it_is_haar_and_says_so() -> None:
    detector, notes = find_detector()
    assert detector.name == "haar"
    (note,) = notes
    assert "misses" in note
    assert "no network" in note
    assert finding.ENVIRONMENT in note


def test_haar_by_name_needs_no_excuse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "download", never)
    detector, notes = find_detector("haar")
    assert (detector.name, notes) == ("haar", ())


def test_yunet_by_name_is_an_error_where_it_cannot_be_had() -> None:
    with pytest.raises(InputError, match="could not be fetched"):
        find_detector("yunet")


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(InputError, match="retina"):
        find_detector("retina")


@pytest.mark.parametrize("name", finding.OFFLINE)
def test_offline_the_network_is_not_asked(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "download", never)
    monkeypatch.setenv(name, "1")
    detector, notes = find_detector()
    assert detector.name == "haar"
    assert name in notes[0]


@pytest.mark.parametrize("value", ["0", "false", ""])
def test_offline_switched_off_is_not_offline(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(finding.OFFLINE[0], value)
    with pytest.raises(InputError, match="no network"):
        yunet_file()


def test_the_environment_goes_first_and_may_not_be_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = tmp_path / "wrong.onnx"
    wrong.write_bytes(b"another network")
    monkeypatch.setenv(finding.ENVIRONMENT, str(wrong))
    with pytest.raises(InputError, match="SHA-256"):
        find_detector()
    monkeypatch.setenv(finding.ENVIRONMENT, str(yunet_path()))
    assert find_detector().detector.name == "yunet"


def test_a_download_is_kept_and_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    content = yunet_path().read_bytes()
    monkeypatch.setattr(finding, "download", lambda url: content)
    assert find_detector().detector.name == "yunet"
    monkeypatch.setattr(finding, "download", never)
    assert find_detector("yunet").detector.name == "yunet"
    assert yunet_file() == cache_folder() / "models" / YUNET_FILE


def test_a_wrong_download_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "download", lambda url: b"<html>sign in</html>")
    detector, notes = find_detector()
    assert detector.name == "haar"
    assert "another file" in notes[0]
    assert not any((cache_folder() / "models").iterdir())


def test_a_damaged_copy_in_the_cache_is_fetched_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    content = yunet_path().read_bytes()
    kept = cache_folder() / "models" / YUNET_FILE
    kept.parent.mkdir(parents=True)
    kept.write_bytes(content[:1000])
    monkeypatch.setattr(finding, "download", lambda url: content)
    assert yunet_file() == kept
    assert kept.read_bytes() == content


def test_the_file_beside_a_checkout_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    beside = tmp_path / "shared" / "models" / YUNET_FILE
    beside.parent.mkdir(parents=True)
    beside.write_bytes(yunet_path().read_bytes())
    with pytest.raises(InputError):  # the folder is no checkout
        yunet_file()
    (tmp_path / "checkout").mkdir()
    (tmp_path / "checkout" / "pyproject.toml").touch()
    monkeypatch.setattr(finding, "download", never)
    assert yunet_file() == beside


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9/model.onnx", "file:///etc/hostname", "ftp://127.0.0.1/x"]
)
def test_nothing_but_https_is_asked(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    with pytest.raises(OSError, match="unknown url type"):
        finding.download(url)
