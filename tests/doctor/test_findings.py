"""The doctor says of each part whether it works, by trying it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from crossgate.doctor import extras as extras_module
from crossgate.doctor import weights as weights_module
from crossgate.doctor.database import database
from crossgate.doctor.extras import extras
from crossgate.doctor.finding import Finding
from crossgate.doctor.machine import machine
from crossgate.doctor.reading import reading
from crossgate.doctor.weights import HASHES, weights
from crossgate.features.visual.find_detector import ENVIRONMENT as YUNET
from crossgate.packaged import packaged_folder


def named(findings: object, part: str) -> Finding:
    return next(one for one in findings if one.part == part)  # type: ignore[attr-defined]


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The face network as it ships, with the list of hashes, where it may be damaged."""
    root = packaged_folder()
    assert root is not None
    shutil.copytree(root / "face", tmp_path / "face")
    lines = (root / HASHES).read_text(encoding="utf-8").splitlines(keepends=True)
    (tmp_path / HASHES).write_text("".join(x for x in lines if "  face/" in x), encoding="utf-8")
    monkeypatch.setattr(weights_module, "packaged_folder", lambda: tmp_path)
    return tmp_path


def test_weights_as_published_work(copy: Path) -> None:
    assert [(one.part, one.state) for one in weights()] == [("face", "works")]


def test_a_flipped_bit_is_found(copy: Path) -> None:
    file = copy / "face" / "model.safetensors"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    (one,) = weights()
    assert one.state == "broken"
    assert "face/model.safetensors is not the file" in one.said


def test_missing_weights_are_found(copy: Path) -> None:
    (copy / "face" / "model.safetensors").unlink()
    (one,) = weights()
    assert one.state == "broken"
    assert "is missing" in one.said


def test_a_copy_without_checkpoints_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights_module, "packaged_folder", lambda: None)
    assert [one.state for one in weights()] == ["broken"]


def test_an_extra_is_absent_or_of_a_wrong_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        extras_module,
        "requires",
        lambda _: ['numpy>=1; extra == "text"', 'no-such-thing; extra == "ray"', 'rich<1; extra == "serve"'],
    )
    assert {one.part: one.state for one in extras()} == {
        "extra text": "works",
        "extra ray": "absent",
        "extra serve": "broken",
    }


def test_every_extra_a_user_may_want_is_looked_at() -> None:
    import tomllib

    pyproject = Path(__file__).resolve().parents[2] / "pyproject.toml"
    declared = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert set(declared) - set(extras_module.FOR) <= {"dev", "fuzz"}


def test_the_parts_that_read_recordings_are_tried() -> None:
    found = list(reading())
    assert named(found, "decoder").state == "works"
    assert named(found, "voice activity").state == "works"


def test_a_wrong_file_for_the_detector_is_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = tmp_path / "yunet.onnx"
    wrong.write_bytes(b"another network")
    monkeypatch.setenv(YUNET, str(wrong))
    one = named(reading(), "face detector")
    assert one.state == "broken"
    assert "SHA-256" in one.said


def test_a_cache_that_cannot_be_written_is_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("", encoding="utf-8")
    monkeypatch.setenv("CROSSGATE_CACHE", str(in_the_way))
    assert named(machine(), "cache").state == "broken"


def test_a_service_s_database_answers(tmp_path: Path) -> None:
    from crossgate.serving.storage.database import Database

    (one,) = database("", tmp_path)
    assert one.state == "absent"
    Database(f"sqlite:///{tmp_path / 'service.sqlite'}").close()
    (one,) = database("", tmp_path)
    assert (one.state, "revision 0001" in one.said) == ("works", True)


def test_a_database_that_does_not_answer_keeps_its_password(tmp_path: Path) -> None:
    (tmp_path / "service.sqlite").write_bytes(b"not a database, but long enough to be read as one" * 20)
    (one,) = database("", tmp_path)
    assert one.state == "broken"
    (one,) = database("postgresql://me:secret@127.0.0.1:1/none", tmp_path)
    assert one.state == "broken"
    assert "secret" not in one.said + one.mend
