"""What kind of recording a file is, by its first bytes: never by its name, which its sender chose."""

from __future__ import annotations

UNKNOWN = "application/octet-stream"

HEAD = 64
"""Bytes that are looked at."""


def media_type(head: bytes, kind: str | None) -> str:
    """The type a browser plays it by; that of a recording or `UNKNOWN`, so that no page is shown.

    Args:
        head: its first bytes.
        kind: video or audio, as the analysis found it.
    """
    suffix = _container(head)
    if suffix is None:
        return UNKNOWN
    if "/" in suffix:
        return suffix
    return f"{'audio' if kind == 'audio' else 'video'}/{suffix}"


def _container(head: bytes) -> str | None:
    """The container's name, with `audio/` or `video/` where it holds nothing else."""
    if head[4:8] == b"ftyp":
        return "quicktime" if head[8:12] == b"qt  " else "mp4"
    if head.startswith(b"\x1a\x45\xdf\xa3"):  # EBML
        return "webm" if b"webm" in head else "x-matroska"
    if head.startswith(b"OggS"):
        return "ogg"
    if head.startswith(b"RIFF"):
        return {b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}.get(head[8:12])
    if head.startswith(b"fLaC"):
        return "audio/flac"
    if head.startswith(b"ID3") or (len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2):
        return "audio/mpeg"  # layer III; layer 0 is AAC's
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0:
        return "audio/aac"
    return None
