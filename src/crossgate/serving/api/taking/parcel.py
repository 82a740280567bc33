"""What somebody sends to be analysed, checked, and then kept."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar
from urllib.parse import unquote
from uuid import uuid4

from fastapi import Request
from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool

from crossgate.errors import InputError
from crossgate.media.transcripts.decoding import LARGEST as LARGEST_TRANSCRIPT
from crossgate.serving.api.context import Context
from crossgate.serving.api.errors import ApiError, invalid
from crossgate.serving.api.shapes.schemas import Named, Settings
from crossgate.serving.api.taking.arriving import Pace, arriving
from crossgate.serving.api.taking.form import Part, read_form
from crossgate.serving.api.taking.names import base_name, checked_name, transcript_suffix
from crossgate.serving.storage import recordings
from crossgate.serving.storage.projects import Access
from crossgate.serving.storage.tables import Recording
from crossgate.serving.stores import checked_url
from crossgate.serving.wishes import analysis_settings, wishes_of

log = logging.getLogger("crossgate.serving")

M = TypeVar("M", bound=BaseModel)

LARGEST_JSON = 100_000
"""Bytes of a JSON body, and of the settings in a form."""

UNNAMED = "recording"

MEDIA = "media"
"""Name of the recording's file in the store."""


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """What was sent; the files, if there are any, still lie in a folder for what is under way.

    Attributes:
        name: of the recording, shown to people.
        settings: what was asked of the analysis.
        media: the recording.
        transcript: its transcript, or a text alone.
        transcript_name: as its sender calls it.
        url: where the recording is still to be fetched from.
        transcript_url: where the transcript is.
    """

    name: str
    settings: Settings
    media: Part | None = None
    transcript: Part | None = None
    transcript_name: str | None = None
    url: str | None = None
    transcript_url: str | None = None


async def take(request: Request, context: Context, access: Access) -> Recording:
    """Read what is sent, keep it, and queue it.

    Raises ApiError, InputError and RequestValidationError where it cannot be used; then nothing is kept.
    """
    kind = media_type(request)
    if kind == "application/json":
        named = parsed(await read_json(request, context), Named)
        return await run_in_threadpool(_keep, context, access, parcel_of_urls(named, context))
    if kind != "multipart/form-data":
        raise ApiError(
            415, f"the body is {kind or 'of no kind'}, expected multipart/form-data or application/json"
        )
    with TemporaryDirectory(prefix="upload-", dir=context.scratch) as folder:
        parts = await read_form(
            request,
            Path(folder),
            {"recording": context.settings.max_bytes, "transcript": LARGEST_TRANSCRIPT},
            {"name": 10_000, "settings": LARGEST_JSON},
            lambda name, content: _check_text(context, name, content),
            _pace(context),
        )
        return await run_in_threadpool(lambda: _keep(context, access, parcel_of_form(parts)))


def media_type(request: Request) -> str:
    """The type of a body, without its parameters; empty where it is not said."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def read_json(request: Request, context: Context) -> bytes:
    """A JSON body. Raises ApiError where it is of another kind (415), too large (413) or too slow (408)."""
    kind = media_type(request)
    if kind != "application/json":
        raise ApiError(415, f"the body is {kind or 'of no kind'}, expected application/json")
    content = bytearray()
    async for chunk in arriving(request, _pace(context)):
        content += chunk
        if len(content) > LARGEST_JSON:
            raise ApiError(413, f"the body has more than {LARGEST_JSON:,} bytes", title="Too large")
    return bytes(content)


def parsed(content: bytes, model: type[M], *where: str) -> M:
    """A model from JSON. Raises RequestValidationError where it is none."""
    try:
        return model.model_validate_json(content)
    except ValidationError as error:
        raise invalid(error, "body", *where) from None


def parcel_of_form(parts: dict[str, Part]) -> Parcel:
    """Raises InputError where there is nothing to analyse, or a name cannot be used."""
    media, transcript = (_there(parts.get(field)) for field in ("recording", "transcript"))
    first = media or transcript
    if first is None:
        raise InputError(
            "nothing was sent to analyse", where="body", fix="send a `recording`, a `transcript`, or both"
        )
    name = _text(parts.get("name")) or base_name(first.file_name or "") or UNNAMED
    transcript_name = None
    if transcript is not None:
        transcript_name = checked_name(base_name(transcript.file_name or ""), "transcript")
        transcript_suffix(transcript_name)
    settings = parts.get("settings")
    return Parcel(
        name=checked_name(name),
        settings=Settings() if settings is None else _settings(bytes(settings.content)),
        media=media,
        transcript=transcript,
        transcript_name=transcript_name,
    )


def parcel_of_urls(named: Named, context: Context) -> Parcel:
    """Raises InputError where a URL is in no store that is allowed."""
    stores = context.settings.stores
    url = None if named.url is None else checked_url(named.url, stores, "url")
    transcript_url = transcript_name = None
    if named.transcript_url is not None:
        transcript_url = checked_url(named.transcript_url, stores, "transcript_url")
        transcript_name = _last(transcript_url)
        transcript_suffix(transcript_name)
    first = url or transcript_url
    if first is None:
        raise InputError("nothing is named to analyse", where="url", fix="name a recording, or a transcript")
    return Parcel(
        name=checked_name(named.name or _last(first)),
        settings=named.settings,
        transcript_name=transcript_name,
        url=url,
        transcript_url=transcript_url,
    )


def _pace(context: Context) -> Pace:
    return Pace(context.settings.upload_idle_seconds, context.settings.upload_bytes_per_second)


def _keep(context: Context, access: Access, parcel: Parcel) -> Recording:
    """Announced first, so that nothing is left unknown in the store; queued when its files are there."""
    wanted = _checked(context, parcel.settings)
    files = [part for part in (parcel.media, parcel.transcript) if part is not None]
    suffix = "" if parcel.transcript_name is None else transcript_suffix(parcel.transcript_name)
    recording = recordings.new_recording(
        uuid4().hex,
        access.project_id,
        parcel.name,
        bytes=sum(part.bytes for part in files),
        settings=wanted,
        policy=context.settings.policy or parcel.settings.policy,
        model=context.model,
        media_file=None if parcel.media is None else MEDIA,
        transcript_file=None if parcel.transcript is None else f"transcript{suffix}",
        transcript_name=parcel.transcript_name,
        url=parcel.url,
        transcript_url=parcel.transcript_url,
    )
    media, database = context.storage.media, context.storage.database
    folder = recordings.folder_of(recording)
    recordings.announce(database, recording)
    try:
        for part, file in (
            (parcel.media, recording.media_file),
            (parcel.transcript, recording.transcript_file),
        ):
            if part is not None and file is not None:
                assert part.path is not None
                media.take(part.path, recordings.key_of(recording, file))
        queued = recordings.arrived(database, recording.id)
        if queued is None:
            raise OSError("it took too long to put it away")
        log.info("recording %s: queued", recording.id)
        return queued
    except BaseException as error:
        there = recordings.found(database, access.project_id, recording.id)
        if there is not None:  # queued: the database failed only afterwards
            return there
        media.remove(folder)
        recordings.withdraw(database, recording.id)
        if isinstance(error, OSError):
            raise ApiError(507, "the store does not take the recording") from error
        raise


def _check_text(context: Context, name: str, content: bytes) -> None:
    """Refuse settings that cannot be used before a long recording is read for nothing."""
    if name == "settings":
        _checked(context, _settings(content))


def _settings(content: bytes) -> Settings:
    return parsed(content, Settings, "settings") if content.strip() else Settings()


def _checked(context: Context, settings: Settings) -> dict[str, Any]:
    """The wishes as they are kept. Raises InputError where the service cannot meet them."""
    given: dict[str, Any] = settings.model_dump(exclude_unset=True)
    analysis_settings(wishes_of(given), context.settings)
    return given


def _there(part: Part | None) -> Part | None:
    """The file of a part; None where a browser's form had none. Raises InputError where it is empty."""
    if part is None or (part.bytes == 0 and part.file_name == ""):
        return None
    if part.bytes == 0:
        raise InputError("the file is empty", where=part.name, fix="send one that is not")
    return part


def _text(part: Part | None) -> str:
    if part is None:
        return ""
    try:
        return part.content.decode("utf-8").strip()
    except UnicodeDecodeError:
        raise InputError("is no text in UTF-8", where=part.name) from None


def _last(url: str) -> str:
    """The name of a URL's file."""
    return unquote(url.rpartition("/")[2])
