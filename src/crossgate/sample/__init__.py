"""The sample that ships: a short conversation of two people who do not exist."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent

RECORDING = FOLDER / "talk.mp4"
"""25 seconds, 480 x 272; voices by espeak-ng, faces drawn by examples/make_sample.py."""

TRANSCRIPT = FOLDER / "talk.vtt"
"""Who says what, and when."""
