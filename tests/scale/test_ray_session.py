"""How often a Ray is begun that does not start."""

from __future__ import annotations

import signal
import subprocess
import sys
from types import ModuleType
from typing import Any

import pytest

from crossgate.errors import CrossgateError, InputError
from crossgate.scale.ray_session import STARTS, ray_session

TIMED_OUT = "The current node timed out during startup."


class Ray(ModuleType):
    """Raises what it is told to, one start after another."""

    def __init__(self, *ends: str) -> None:
        super().__init__("ray")
        self.ends = list(ends)
        self.stopped = 0
        self.begun: list[subprocess.Popen[bytes]] = []

    def init(self, **settings: Any) -> None:
        self.begun.append(subprocess.Popen(["sleep", "60"]))
        if end := self.ends.pop(0):
            raise Exception(end)  # as Ray raises it

    def shutdown(self) -> None:
        self.stopped += 1

    def cluster_resources(self) -> dict[str, float]:
        return {"CPU": 1.0}


def test_a_busy_machine_is_given_time(monkeypatch: pytest.MonkeyPatch) -> None:
    ray = Ray(*[TIMED_OUT] * (STARTS - 1), "")
    monkeypatch.setitem(sys.modules, "ray", ray)
    with ray_session(1, None):
        assert ray.stopped == STARTS - 1
        *failed, last = ray.begun
        assert [each.wait() for each in failed] == [-signal.SIGKILL] * (STARTS - 1)
        assert last.poll() is None
    assert (ray.ends, ray.stopped) == ([], STARTS)
    last.kill()
    last.wait()


@pytest.mark.parametrize(
    ("address", "ends", "left"),
    [(None, [TIMED_OUT] * (STARTS + 1), 1), (None, ["no disk", ""], 1), ("auto", [TIMED_OUT, ""], 1)],
)
def test_what_does_not_start_is_said(
    address: str | None, ends: list[str], left: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    ray = Ray(*ends)
    monkeypatch.setitem(sys.modules, "ray", ray)
    kind, words = (InputError, "no Ray cluster") if address else (CrossgateError, "Ray does not start")
    with pytest.raises(kind, match=words), ray_session(1, address):
        pytest.fail("it began")
    for each in ray.begun:
        each.kill()
        each.wait()
    assert len(ray.ends) == left
