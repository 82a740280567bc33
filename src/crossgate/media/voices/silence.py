"""Sound in which there is nothing to hear."""

from __future__ import annotations

import numpy as np

from crossgate.media.clips import Sound
from crossgate.media.voices.blocks import finite

SILENT = 1e-3
"""Root mean square, -60 dBFS: most microphones' own noise is louder."""


def silent(sound: Sound) -> bool:
    """Whether a sound is empty, digital silence, or below -60 dBFS; at any rate. Not-numbers count as 0."""
    if not len(sound.samples):
        return True
    power = np.mean(np.square(finite(sound.samples), dtype=np.float64))
    return bool(np.sqrt(power) < SILENT)
