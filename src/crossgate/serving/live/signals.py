"""Sounds and pictures as they come over the wire: checked for their size before anything is decoded."""

from __future__ import annotations

import base64
import binascii
import io
import warnings

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from crossgate.errors import InputError
from crossgate.media.clips import Sound
from crossgate.serving.live.messages import Audio

SLOWEST, FASTEST = 8000, 192_000
"""Samples a second a sound may have."""

MOST_PIXELS = 16_000_000
"""Of a picture, a telephone's at its largest but one; a PNG of a few kilobytes may claim to have billions."""

FULL_SCALE = 32768.0
"""Of 16 bits: what is 1.0 in a `Sound`."""

Picture = npt.NDArray[np.uint8]
"""(height, width) where it is grey, else (height, width, 3) RGB; upright."""


def sound_of(audio: Audio) -> Sound:
    """The sound. Raises InputError where its rate is none, or its samples are no 16-bit PCM in base64."""
    if not SLOWEST <= audio.rate <= FASTEST:
        raise InputError(
            f"is {audio.rate:g}, expected {SLOWEST} to {FASTEST} samples a second", where="audio.rate"
        )
    content = _decoded(audio.pcm16, "audio.pcm16")
    if len(content) % 2:
        raise InputError("has half a sample at its end", where="audio.pcm16", fix="send 16 bits a sample")
    samples = np.frombuffer(content, dtype="<i2").astype(np.float32) / np.float32(FULL_SCALE)
    return Sound(samples, audio.rate)


def picture_of(encoded: str, where: str) -> Picture:
    """A PNG or JPEG, turned upright as its EXIF says.

    Raises InputError where it is neither, is damaged, or has more than `MOST_PIXELS`.
    """
    content = _decoded(encoded, where)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of damaged EXIF, and of bombs, which are refused here
            with Image.open(io.BytesIO(content), formats=("PNG", "JPEG")) as image:
                _refuse_large(image, where)
                upright = ImageOps.exif_transpose(image)
                picture = upright if upright.mode in ("L", "RGB") else upright.convert("RGB")
                return np.asarray(picture, dtype=np.uint8)
    except InputError:
        raise
    except Image.DecompressionBombError:  # which Pillow finds before it says how large
        raise InputError(
            f"is too large a picture: at most {MOST_PIXELS / 1e6:.0f} million pixels are read",
            where=where,
            fix="make it smaller: 640 pixels across are enough",
        ) from None
    except Exception as error:  # Pillow's readers raise whatever a damaged file leads them to
        raise InputError(
            f"is no PNG or JPEG that can be read ({type(error).__name__})", where=where
        ) from None


def _refuse_large(image: Image.Image, where: str) -> None:
    width, height = image.size
    if width * height > MOST_PIXELS:
        raise InputError(
            f"is a picture of {width} x {height}, at most {MOST_PIXELS / 1e6:.0f} million pixels are read",
            where=where,
            fix="make it smaller: 640 pixels across are enough",
        )


def _decoded(encoded: str, where: str) -> bytes:
    try:
        content = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise InputError("is no base64", where=where) from None
    if not content:
        raise InputError("is empty", where=where, fix="leave it out")
    return content
