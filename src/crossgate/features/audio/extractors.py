"""Audio features by name, all of one interface."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from crossgate.conversation import FeatureSpec
from crossgate.errors import InputError
from crossgate.features.audio.opensmile_sets import SETS, OpenSmile
from crossgate.features.audio.praat8 import Praat8
from crossgate.features.audio.speech_model import SpeechModel
from crossgate.media.clips import Sound

SPEECH = "speech:"
"""Before the folder or the hub's name of a speech model."""

NAMED = ("praat8", *SETS)
"""Features whose name tells all that is needed to make them."""

KNOWN = (*NAMED, f"{SPEECH}FOLDER", f"{SPEECH}HUB/NAME")


class AudioExtractor(Protocol):
    """Turns a sound into a vector.

    Attributes:
        spec: names it.
        rate: samples a second of the sounds it takes; None: as recorded.
    """

    @property
    def spec(self) -> FeatureSpec:
        """Names the vectors."""
        ...

    @property
    def rate(self) -> int | None:
        """Samples a second of the sounds it takes; None: as recorded."""
        ...

    def __call__(self, sound: Sound) -> npt.NDArray[np.float32]:
        """The vector (dimension,); NaN where something could not be measured, all NaN: not present."""
        ...


def audio_extractor(name: str) -> AudioExtractor:
    """The extractor of that name: `praat8`, `is10`, `egemaps88`, or `speech:` and a folder or the hub's name.

    Raises InputError where there is none, naming those there are, or what must be installed for it.
    """
    if name == "praat8":
        return Praat8()
    if name in SETS:
        return OpenSmile(name)
    if name.startswith(SPEECH) and name != SPEECH:
        return SpeechModel(name.removeprefix(SPEECH))
    raise InputError(f"unknown audio features {name!r}", fix=f"choose among {', '.join(KNOWN)}")
