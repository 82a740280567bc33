"""The service, fuzzed: uploads through the application itself, and the frames of live conversations."""

from __future__ import annotations

from importlib.util import find_spec

from checks._fuzz.drive import fuzz
from promise import Effort, Outcome

PROMISE = (
    "whatever is sent to the service, it is taken or refused with a problem that says why: no 5xx, no hang"
)
LIMIT = 900


def check(effort: Effort) -> Outcome:
    """20,000 uploads and 40,000 conversations; 200,000 of each at share 10."""
    if find_spec("fastapi") is None or find_spec("transformers") is None:
        return Outcome(skipped="the extras serve and text are not installed")
    return fuzz(effort, ("upload", "live"))
