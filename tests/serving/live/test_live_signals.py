"""Sounds and pictures as they come over the wire."""

from __future__ import annotations

import base64
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from crossgate.errors import InputError
from crossgate.serving.live.faces import FaceFinder, is_crop
from crossgate.serving.live.messages import Audio
from crossgate.serving.live.signals import picture_of, sound_of
from toy_talk import Detector, png


def test_sixteen_bits_are_full_scale() -> None:
    pcm = np.array([0, 1, -32768, 32767], "<i2").tobytes()
    sound = sound_of(Audio(8000, base64.b64encode(pcm).decode()))
    assert sound.samples.tolist() == [0, 1 / 32768, -1, 32767 / 32768]
    assert (sound.rate, sound.samples.dtype) == (8000, np.float32)


@pytest.mark.parametrize("shape", [(20, 30), (20, 30, 3)])
def test_a_png_is_what_it_was(shape: tuple[int, ...]) -> None:
    picture = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    assert np.array_equal(picture_of(png(picture), "faces[0]"), picture)


def test_transparency_and_palettes_become_colours() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (20, 30, 4), dtype=np.uint8)
    assert np.array_equal(picture_of(png(picture), "faces[0]"), picture[:, :, :3])


def test_a_picture_is_turned_upright() -> None:
    picture = np.zeros((40, 64), np.uint8)
    picture[:, :16] = 255  # the left becomes the top
    exif = Image.Exif()
    exif[0x0112] = 6
    upright = picture_of(png(picture, "JPEG", exif=exif), "faces[0]")
    assert upright.shape == (64, 40)
    assert upright[:8].mean() > 200
    assert upright[32:].mean() < 50


def test_a_picture_that_claims_to_be_huge_is_not_decoded() -> None:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    bomb = (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    )
    for encoded in (base64.b64encode(bomb).decode(), png(np.zeros((4001, 4000), np.uint8))):
        with pytest.raises(InputError, match="million pixels"):
            picture_of(encoded, "faces[0]")


def test_a_small_square_is_a_crop() -> None:
    shapes = [(48, 48), (128, 128, 3), (129, 129), (48, 64), (1, 1)]
    assert [is_crop(np.zeros(shape, np.uint8)) for shape in shapes] == [True, True, False, False, True]


def test_the_largest_face_is_taken_and_a_crop_is_left_alone() -> None:
    colours = np.random.default_rng(0).integers(0, 256, (180, 240, 3), dtype=np.uint8)
    grey, crop = np.zeros((180, 240), np.uint8), np.zeros((48, 48), np.uint8)
    finder = FaceFinder(_detector=Detector())
    found = finder.find([colours, grey, crop])
    assert [len(each) for each in found.crops] == [48, 48]
    assert found.crops[1] is crop
    assert found.note == "largest of 2 faces; no face in 1 of 3 pictures"
    assert finder.find([crop]).note is None
    assert finder.find([grey, grey]) == type(found)((), "no face found")
