"""Finds the face detector: YuNet's file where it is, or from OpenCV's model zoo, else the Haar cascade."""

from __future__ import annotations

import os
import ssl
import time
import urllib.error
import urllib.request
from http.client import HTTPException
from pathlib import Path
from typing import Literal, NamedTuple

from crossgate.errors import InputError, reason_of
from crossgate.features.cache import cache_folder
from crossgate.features.visual.detector import (
    YUNET_FILE,
    FaceDetector,
    HaarDetector,
    YuNetDetector,
    read_yunet,
)
from crossgate.files import new_file

ENVIRONMENT = "CROSSGATE_YUNET"
"""Environment variable that names YuNet's file; it goes before everything else."""

OFFLINE = ("CROSSGATE_OFFLINE", "HF_HUB_OFFLINE")
"""Environment variables that forbid to download; set to anything but 0, no, off, false or nothing."""

URL = f"https://media.githubusercontent.com/media/opencv/opencv_zoo/main/models/face_detection_yunet/{YUNET_FILE}"
"""The zoo keeps its models in Git LFS: the plain address of a file gives only a pointer."""

LARGEST = 1_000_000
"""Bytes after which a download is broken off; the file has 229,738."""

TIMEOUT = 10.0
"""Seconds to wait for the network, in one go and in all."""

CHECKOUT = Path(__file__).parents[4]
"""Where the package runs from a checkout, the checkout."""

GET_IT = f"download {URL} on any machine, and set {ENVIRONMENT} to the file"

DetectorName = Literal["auto", "yunet", "haar"]


class FoundDetector(NamedTuple):
    """A detector, and what the user should know of how it was come by."""

    detector: FaceDetector
    notes: tuple[str, ...]


def find_detector(name: DetectorName | str = "auto") -> FoundDetector:
    """The face detector.

    Args:
        name: `yunet` or `haar`; `auto` is YuNet where it can be had, else Haar with a note.

    Raises InputError where the name is another, where YuNet is asked for and cannot be had, and where the
    environment variable names a file that is not the one that is pinned.
    """
    if name == "haar":
        return FoundDetector(HaarDetector(), ())
    if name not in ("auto", "yunet"):
        raise InputError(f"unknown face detector {name!r}", fix="name auto, yunet or haar")
    try:
        path = yunet_file()
    except YuNetMissing as missing:
        if name == "yunet":
            raise
        note = (
            "faces were looked for with OpenCV's Haar cascade, which misses turned and small ones, as "
            f"{missing.what}; for YuNet, {GET_IT}"
        )
        return FoundDetector(HaarDetector(), (note,))
    return FoundDetector(YuNetDetector(path), ())


class YuNetMissing(InputError):
    """YuNet is not on this machine, and cannot be fetched."""


def yunet_file(*, fetch: bool = True) -> Path:
    """YuNet's file: the environment variable's, the cache's, the one beside the checkout, or a download.

    Args:
        fetch: whether it may be downloaded.

    Raises YuNetMissing where there is none, InputError where the environment variable names another file.
    """
    named = os.environ.get(ENVIRONMENT)
    if named:
        path = Path(named).expanduser()
        read_yunet(path)
        return path
    kept = cache_folder() / "models" / YUNET_FILE
    places = [kept]
    if (CHECKOUT / "pyproject.toml").is_file():
        places.append(CHECKOUT.parent / "shared" / "models" / YUNET_FILE)
    for path in places:
        # A damaged copy of our own is no reason to stop: it is fetched anew.
        if path.is_file() and _pinned(path):
            return path
    if not fetch:
        raise YuNetMissing("YuNet's file is not on this machine", fix=GET_IT)
    forbidden = next((name for name in OFFLINE if _is_set(name)), None)
    if forbidden is not None:
        raise YuNetMissing(
            f"YuNet's file is not on this machine and {forbidden} forbids to download it", fix=GET_IT
        )
    try:
        content = download(URL)
        with new_file(kept) as draft:
            draft.write_bytes(content)
            read_yunet(draft)
    except InputError as error:
        raise YuNetMissing("the network gave another file than YuNet's", where=URL, fix=GET_IT) from error
    except (OSError, HTTPException, ValueError) as error:
        # URLError, time-outs and TLS errors are OSErrors; so is a cache that cannot be written.
        reason = reason_of(error)
        raise YuNetMissing(f"YuNet's file could not be fetched ({reason})", where=URL, fix=GET_IT) from error
    return kept


def download(url: str) -> bytes:
    """The content of an https address, redirects to other https addresses followed.

    Raises OSError where it cannot be had in `TIMEOUT` seconds, ValueError where it is larger than `LARGEST`.
    """
    # Built by hand, without a handler for http or files: no redirect leads out of https.
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPSHandler(context=ssl.create_default_context()),
        urllib.request.HTTPRedirectHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.UnknownHandler(),
    ):
        opener.add_handler(handler)
    end = time.monotonic() + TIMEOUT
    content = bytearray()
    with opener.open(url, timeout=TIMEOUT) as answer:
        while part := answer.read1(65536):
            content += part
            if len(content) > LARGEST:
                raise ValueError(f"more than {LARGEST} bytes")
            if time.monotonic() > end:
                raise TimeoutError(f"not done in {TIMEOUT:.0f} s")
    return bytes(content)


def _pinned(path: Path) -> bool:
    try:
        read_yunet(path)
    except InputError:
        return False
    return True


def _is_set(name: str) -> bool:
    return os.environ.get(name, "").strip().lower() not in ("", "0", "no", "off", "false")
