"""crossgate: the expressed emotion of every utterance of a conversation, from text, audio and video."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crossgate.pipeline.recognizer import Recognizer

__version__ = "0.1.0"


def load(name: str | Path = "crossgate-meld") -> Recognizer:
    """A recogniser: a packaged name, the folder of a run or checkpoint, or a hub id `owner/name`.

    Raises InputError where it is none of them, or cannot be loaded.
    """
    from crossgate.pipeline.recognizer import Recognizer  # torch takes seconds that others need not wait for

    return Recognizer.from_pretrained(name)
