"""What stands on another machine between the service and its worker process; needs no Ray."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from toy_analyses import toy_analysis
from toy_work import wait_for

from crossgate.errors import InputError
from crossgate.pipeline.processes.scratch import PREFIX, LockedFolder
from crossgate.scale import machine
from crossgate.serving.work.on_ray import relay as relays
from crossgate.serving.work.on_ray.alike import made_alike
from crossgate.serving.work.on_ray.relay import Relay
from crossgate.serving.work.on_ray.worker import _moved
from crossgate.serving.work.worker.messages import Analyse


def test_a_machine_with_other_versions_makes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    make = made_alike(toy_analysis)
    assert make() is toy_analysis()
    monkeypatch.setattr(machine, "__version__", "0")
    with pytest.raises(InputError, match="has crossgate 0, where the command was given it is"):
        make()


def test_an_errand_names_its_files_where_they_are() -> None:
    names = {"/here/a": "Talk.mp4", "a": "Talk.mp4", "/here/b.vtt": "Talk.vtt", "b": "Talk"}
    moved = _moved(Analyse("/here", "/here/a", "/here/b.vtt", {}, 1.0, names, "Talk.mp4", None), "/there")
    assert (moved.folder, moved.source, moved.transcript) == ("/there", "/there/a", "/there/b.vtt")
    assert moved.names == {"/there/a": "Talk.mp4", "a": "Talk.mp4", "/there/b.vtt": "Talk.vtt", "b": "Talk"}


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine's folder for what is temporary."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_folders_of_the_dead_are_removed_and_no_others(temporary: Path) -> None:
    dead, other = temporary / f"{PREFIX}dead", temporary / "other"
    for folder in (dead, other):
        (folder / "errand").mkdir(parents=True)
    (temporary / f"{PREFIX}link").symlink_to(other)
    first = LockedFolder()
    second = LockedFolder()
    assert not dead.exists()
    assert first.path.is_dir()
    assert second.path.is_dir()
    assert (other / "errand").is_dir()
    first.remove()
    assert not first.path.exists()
    second.remove()


def test_a_relay_hands_on_and_leaves_nothing(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relays, "end_with_ray", lambda: None)
    relay = Relay(toy_analysis)
    try:
        assert wait_for(lambda: relay.listen().answer) == {"answer": "ready"}
        folder = relay.open()
        source = str(Path(folder, "talk"))
        for piece in (b"o", b"k"):
            relay.write(source, piece)
        assert relay.read(0, 4) is None  # there is no result yet
        relay.send(Analyse(folder, source, None, {}, 1.0, {}, "Talk", None))
        answers = [wait_for(lambda: relay.listen().answer)["answer"] for _ in range(2)]
        assert answers == ["step", "done"]
        assert relay.listen().weight > 0
        first, rest = relay.read(0, 8), relay.read(8, 1 << 20)
        assert first == b'{"name":'
        assert rest
        assert relay.read(8 + len(rest), 4) == b""
        relay.clear()
        assert not Path(folder).exists()
        folder = relay.open()
        relay.write(source := str(Path(folder, "talk")), b"exit")
        relay.send(Analyse(folder, source, None, {}, 1.0, {}, "Talk", None))
        assert wait_for(lambda: relay.listen().answer)["answer"] == "step"
        heard = wait_for(lambda: (heard := relay.listen()).ended and heard)
        assert heard.exit_code == 7
        relay.send(Analyse(folder, source, None, {}, 1.0, {}, "Talk", None))
        assert relay.listen().ended
    finally:
        relay.close(True)
    assert list(temporary.iterdir()) == []
