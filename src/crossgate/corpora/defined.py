"""Features whose name stands for a definition of this project, so that a bare column of it has a version."""

from __future__ import annotations

DEFINITIONS = {
    ("audio_praat8", 8): "1",
    ("audio_praat7", 7): "1",
    ("visual_au18", 18): "1",
}
"""Column and dimension -> version of the definition in docs/features.md.

MELD's and IEMOCAP's published columns follow these definitions, and so do the extractors of
`features.audio.praat8` and `features.visual.openface`: what was trained on the one may read the other.
"""


def version_of(column: str, dimension: int) -> str:
    """The version of a bare column's definition; `unknown` where it has none."""
    return DEFINITIONS.get((column, dimension), "unknown")
