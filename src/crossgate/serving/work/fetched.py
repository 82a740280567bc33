"""Recordings by URL: fetched from their stores into the service's own, before they are analysed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import uuid4

from crossgate.errors import InputError
from crossgate.media.transcripts.reading import SUFFIXES
from crossgate.serving.problems import of_input_error
from crossgate.serving.settings import ServiceSettings
from crossgate.serving.storage import claims
from crossgate.serving.storage.opened import Storage
from crossgate.serving.storage.recordings import key_of
from crossgate.serving.storage.tables import Recording
from crossgate.serving.work.failures import FailedError, StoppedError
from crossgate.serving.work.progress import FETCHING, FETCHING_TRANSCRIPT
from crossgate.serving.work.worker.messages import Errand, Fetch

Ask = Callable[[Errand], dict[str, Any]]
"""Has a worker do an errand and returns what came of it, or raises `FailedError`, or `StoppedError`."""


def to_fetch(recording: Recording) -> bool:
    """Whether files of it are still where its URLs say."""
    return recording.media_file is None and recording.transcript_file is None and bool(_sources(recording))


def fetch_files(
    storage: Storage,
    settings: ServiceSettings,
    recording: Recording,
    owner: str,
    folder: Path,
    ask: Ask,
) -> None:
    """Copy what the URLs name into the media store, and say so in the recording.

    A worker copies, since it can be ended where a store hangs. Names of files hold the attempt's number, so
    that one who was taken for dead changes nothing of his successor's. Raises as `do_job` does.
    """
    kept: dict[str, str] = {}
    total = 0
    for kind, (url, words) in _sources(recording).items():
        suffix = _suffix(url, recording) if kind == "transcript" else ""
        copy = folder / f"{uuid4().hex}{suffix}"
        errand = Fetch(
            folder=str(folder),
            url=url,
            stores=list(settings.stores),
            target=str(copy),
            limit=settings.max_bytes - total,
            name=(recording.transcript_name if kind == "transcript" else None) or recording.name,
            words=words,
            recording=recording.id,
        )
        total += int(ask(errand)["bytes"])
        for number in range(1, recording.attempts):  # left by those who died
            storage.media.remove(key_of(recording, f"{kind}-{number}{suffix}"))
        kept[kind] = f"{kind}-{recording.attempts}{suffix}"
        storage.media.take(copy, key_of(recording, kept[kind]))
    media, transcript = kept.get("media"), kept.get("transcript")
    if not claims.keep_fetched(
        storage.database,
        recording.id,
        owner,
        media_file=media,
        transcript_file=transcript,
        bytes=total,
    ):
        for file in kept.values():
            storage.media.remove(key_of(recording, file))
        raise StoppedError
    recording.media_file, recording.transcript_file = media, transcript


def _sources(recording: Recording) -> dict[str, tuple[str, str]]:
    """Kind of file -> (URL, what is told meanwhile). A transcript alone may be named as the recording."""
    url, transcript = recording.url, recording.transcript_url
    if url is not None and transcript is None and _suffix_of(url) in SUFFIXES:
        url, transcript = None, url
    found = {}
    if url is not None:
        found["media"] = (url, FETCHING)
    if transcript is not None:
        found["transcript"] = (transcript, FETCHING_TRANSCRIPT)
    return found


def _suffix(url: str, recording: Recording) -> str:
    suffix = _suffix_of(url)
    if suffix in SUFFIXES:
        return suffix
    raise FailedError(
        of_input_error(
            InputError(
                "no transcript of a known kind, by its suffix",
                where=recording.transcript_name or recording.name,
                fix=f"known are {', '.join(SUFFIXES)}",
            )
        )
    )


def _suffix_of(url: str) -> str:
    return PurePosixPath(unquote(urlsplit(url).path)).suffix.lower()
