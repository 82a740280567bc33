"""Work side by side: everything is done, or everything stops."""

from __future__ import annotations

import threading

import pytest

from crossgate.errors import InputError
from crossgate.pipeline.side_by_side import side_by_side
from crossgate.pipeline.steps import Step


def quiet(words: str, share: float | None) -> None:
    pass


def test_all_of_it_is_done_at_a_time() -> None:
    met = threading.Barrier(2, timeout=20)  # neither gets past it alone

    def one(step: Step) -> str:
        met.wait()
        step("one", 1.0)
        return "first"

    def other(step: Step) -> str:
        met.wait()
        return "second"

    assert side_by_side({1: one, 2: other}, quiet) == {1: "first", 2: "second"}
    assert side_by_side({}, quiet) == {}


def test_what_fails_stops_the_rest() -> None:
    failed = threading.Event()

    def fails(step: Step) -> None:
        failed.set()
        raise InputError("no such track")

    def goes_on(step: Step) -> None:
        failed.wait(20)
        while True:
            step("going on", None)

    with pytest.raises(InputError, match="no such track"):
        side_by_side({1: goes_on, 2: fails}, quiet)


def test_an_interruption_stops_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("crossgate.pipeline.side_by_side.wait", interrupted)

    def goes_on(step: Step) -> None:
        while True:
            step("going on", None)

    with pytest.raises(KeyboardInterrupt):
        side_by_side({1: goes_on, 2: goes_on}, quiet)


def test_steps_are_told_one_at_a_time() -> None:
    inside = threading.Lock()
    together: list[bool] = []

    def step(words: str, share: float | None) -> None:
        together.append(not inside.acquire(blocking=False))
        inside.release()

    def busy(step: Step) -> None:
        for k in range(200):
            step("busy", k / 200)

    side_by_side({1: busy, 2: busy}, step)
    assert together == [False] * 400
