"""crossgate: the expressed emotion of every utterance of a conversation, from text, audio and video."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from crossgate.pipeline.recognizer import Recognizer
    from crossgate.serving.client.client import Client as Client

__version__ = "0.1.0"


def load(name: str | Path = "crossgate-meld") -> Recognizer:
    """A recogniser: a packaged name, the folder of a run or checkpoint, or a hub id `owner/name`.

    Raises InputError where it is none of them, or cannot be loaded.
    """
    from crossgate.pipeline.recognizer import Recognizer  # torch takes seconds that others need not wait for

    return Recognizer.from_pretrained(name)


def __getattr__(name: str) -> Any:
    """`crossgate.Client`, the service from Python; imported when it is asked for, as it needs an extra."""
    if name != "Client":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        from crossgate.serving.client.client import Client
    except ImportError as error:
        from crossgate.errors import InputError

        raise InputError(
            f"crossgate.Client needs libraries that are not installed: {error}",
            fix="pip install 'crossgate[serve]'",
        ) from error
    return Client
