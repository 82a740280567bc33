"""What turns recordings into vectors: decoder, face detector, voice activity, base of the text encoder."""

from __future__ import annotations

from collections.abc import Iterator

import av

from crossgate.doctor.finding import Finding
from crossgate.errors import CrossgateError, InputError, reason_of
from crossgate.features.text.weights import minilm_folder
from crossgate.features.visual.detector import YuNetDetector
from crossgate.features.visual.find_detector import YuNetMissing, yunet_file
from crossgate.media.recording import open_recording
from crossgate.media.voices.silero import load_silero, silero_version
from crossgate.sample import RECORDING


def reading() -> Iterator[Finding]:
    """Each part is tried, not only looked for; nothing is fetched from a network."""
    yield _decoder()
    yield _detector()
    yield _voice_activity()
    yield _text_base()


def _decoder() -> Finding:
    """Whether the sample's first pictures and sounds come out of it."""
    part, said = "decoder", f"PyAV {av.__version__}, FFmpeg's libavcodec {_version('libavcodec')}"
    try:
        with open_recording(RECORDING) as recording:
            next(recording.frames(1.0))
            next(recording.blocks(seconds=1.0))
    except (CrossgateError, StopIteration) as error:
        return Finding(
            part, "broken", f"{said}; the sample cannot be read: {reason_of(error)}", "reinstall av"
        )
    return Finding(part, "works", said)


def _version(library: str) -> str:
    return ".".join(map(str, av.library_versions.get(library, ("unknown",))))


def _detector() -> Finding:
    part = "face detector"
    try:
        path = yunet_file(fetch=False)
        YuNetDetector(path)
    except YuNetMissing as missing:
        return Finding(
            part,
            "absent",
            "YuNet is not here; OpenCV's cascade, which misses turned and small faces, takes its place",
            missing.fix or "",
        )
    except InputError as error:
        return Finding(part, "broken", error.what, error.fix or "")
    return Finding(part, "works", f"YuNet, {path}")


def _voice_activity() -> Finding:
    part = "voice activity"
    try:
        load_silero()
    except InputError as error:
        return Finding(part, "broken", error.what, error.fix or "")
    return Finding(part, "works", f"silero-vad {silero_version()}")


def _text_base() -> Finding:
    part = "text encoder"
    try:
        folder = minilm_folder(fetch=False)
    except InputError as error:
        return Finding(part, "broken", error.what, error.fix or "")
    return Finding(part, "works", f"its base is in {folder}, hashes as pinned")
