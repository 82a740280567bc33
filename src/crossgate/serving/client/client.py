"""`crossgate.Client`: everything the service does, from Python."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self
from urllib.parse import quote

from crossgate.errors import InputError
from crossgate.media.transcripts.reading import is_transcript
from crossgate.report.reading import result_of
from crossgate.report.result import Result
from crossgate.report.writing import FILES, check_formats
from crossgate.serving.client.answers import (
    FAILED,
    Correction,
    Corrections,
    Me,
    Receipt,
    Recording,
    RecordingPage,
)
from crossgate.serving.client.following import follow
from crossgate.serving.client.live import LiveTalk, live_talk
from crossgate.serving.client.sending import Sent, parcel
from crossgate.serving.client.trouble import ServiceError, is_gone, of_problem
from crossgate.serving.client.wire import Wire

RECORDINGS = "/v1/recordings"

Which = Recording | str
"""A recording, or its id."""

PAGE = 100
"""Recordings of one answer of a list."""


class Client:
    """A service that analyses recordings, as `crossgate serve` starts it.

        with crossgate.Client("https://talks.example", token) as client:
            recording = client.upload("talk.mp4", transcript="talk.vtt")
            client.wait(recording)
            result = client.result(recording)

    Where a recording is meant, its id does as well. Whatever only asks, or may be done twice with the same
    effect, is tried again where the way or the service fails for a moment; an upload is not. All methods
    raise `ServiceError`, an `InputError` with the service's own words, where the service refuses or cannot be
    reached.

    Args:
        url: of the service.
        token: as `crossgate token create` told it; None where the service asks for none.
        timeout: seconds without a sign of life after which a request is given up.

    Raises InputError where the URL or the token cannot be one. Warns where the token would go unencrypted.
    """

    def __init__(
        self, url: str = "http://127.0.0.1:8080", token: str | None = None, *, timeout: float = 60.0
    ) -> None:
        self._wire = Wire(url, token, timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Client({self._wire.url!r})"

    def close(self) -> None:
        """End the connections."""
        self._wire.close()

    def me(self) -> Me:
        """Who asks, and what the service is: its labels, checkpoints, usage policy and limits."""
        return self._wire.read(Me, "GET", "/v1/me")

    def upload(
        self,
        recording: str | Path | BinaryIO | None = None,
        transcript: str | Path | None = None,
        *,
        name: str | None = None,
        settings: Mapping[str, Any] | None = None,
        sent: Sent | None = None,
    ) -> Recording:
        """Send a recording to be analysed; it is read piece by piece, whatever its size.

        Args:
            recording: anything FFmpeg reads; an open binary stream; or a transcript alone, which is analysed
                as a text.
            transcript: who says what and when.
            name: as it is shown, in the place of the file's.
            settings: fields of `crossgate.serving.wishes.Wishes`, such as `{"policy": "eu-work-education"}`.
            sent: told the share of the recording that has gone out.

        Returns the recording as it waits; `wait` says when it is done.
        """
        source = Path(recording) if isinstance(recording, str) else recording
        words = None if transcript is None else Path(transcript)
        if isinstance(source, Path) and words is None and is_transcript(source):
            source, words = None, source
        if source is None and words is None:
            raise InputError("there is nothing to send", fix="give a recording, a transcript, or both")
        with parcel(source, words, name, settings or {}, sent or (lambda share: None)) as body:
            return self._wire.read(Recording, "POST", RECORDINGS, again=False, **body)

    def take(
        self,
        url: str,
        transcript_url: str | None = None,
        *,
        name: str | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> Recording:
        """Have the service fetch a recording from a store that it is allowed to read.

        Args:
            url: of the recording, such as `s3://talks/incoming/monday.mp4`.
            transcript_url: of its transcript.
            name: as it is shown.
            settings: as in `upload`.
        """
        body = {"url": url, "transcript_url": transcript_url, "name": name, "settings": dict(settings or {})}
        return self._wire.read(Recording, "POST", RECORDINGS, again=False, json=body)

    def recordings(
        self,
        *,
        state: str | None = None,
        name: str | None = None,
        speaker: str | None = None,
        emotion: str | None = None,
        created_after: datetime | None = None,
        created_before: datetime | None = None,
    ) -> Iterator[Recording]:
        """The project's recordings, the newest first, asked for page by page.

        Args:
            state: `QUEUED`, `IN_PROGRESS`, `COMPLETED` or `FAILED`.
            name: part of their name.
            speaker: somebody who speaks in them.
            emotion: that occurs in them.
            created_after: when they were sent; without a time zone, this machine's is meant.
            created_before: likewise.
        """
        wanted = {
            "state": state,
            "name": name,
            "speaker": speaker,
            "emotion": emotion,
            "created_after": _time(created_after),
            "created_before": _time(created_before),
        }
        query = {key: value for key, value in wanted.items() if value is not None}
        while True:
            page = self._wire.read(RecordingPage, "GET", RECORDINGS, params=query | {"limit": PAGE})
            yield from page.items
            if page.next is None:
                return
            query["cursor"] = page.next

    def recording(self, id: Which) -> Recording:
        """A recording as it is now."""
        return self._wire.read(Recording, "GET", _path(id))

    def wait(
        self,
        id: Which,
        *,
        timeout: float | None = None,
        tell: Callable[[Recording], None] | None = None,
    ) -> Recording:
        """Wait until a recording is analysed.

        A connection that is lost meanwhile is taken up again, also over a restart of the service.

        Args:
            id: of the recording, or that itself.
            timeout: seconds after which it is given up; None waits for as long as it takes.
            tell: called with the recording at first and at every change, to show its `progress`.

        Raises ServiceError where the analysis failed, with its reason; where the recording was deleted; and
        where the time is up.
        """
        recording = follow(self._wire, _path(id), tell or (lambda recording: None), timeout)
        if recording.state == FAILED:
            raise of_problem(recording.error or {"title": "the analysis failed"}, recording.name)
        return recording

    def result(self, id: Which) -> Result:
        """What was found, as `crossgate.load(...).analyze(...)` returns it."""
        return result_of(self._wire.json("GET", f"{_path(id)}/result"), f"the result of {_id(id)}")

    def export(self, id: Which, format: str, path: str | Path) -> Path:
        """Write a result in another format to a new file; returns its path.

        Args:
            id: of the recording, or that itself.
            format: json, csv, parquet, vtt, srt, rttm, eaf, textgrid, html or png.
            path: of the file, or a folder that it goes into by its usual name.
        """
        check_formats([format])
        to = Path(path)
        return self._wire.save(f"{_path(id)}/exports/{format}", to / FILES[format] if to.is_dir() else to)

    def corrections(self, id: Which) -> list[Correction]:
        """What people say of a recording's turns."""
        return list(self._wire.read(Corrections, "GET", f"{_path(id)}/corrections").items)

    def correct(self, id: Which, utterance_id: str, emotion: str, note: str | None = None) -> Correction:
        """Say which emotion a turn expresses; the prediction stays as it is beside that."""
        body = {"emotion": emotion, "note": note}
        return self._wire.read(Correction, "PUT", f"{_path(id)}/corrections/{_part(utterance_id)}", json=body)

    def withdraw(self, id: Which, utterance_id: str) -> None:
        """Take a correction back."""
        self._wire.json("DELETE", f"{_path(id)}/corrections/{_part(utterance_id)}")

    def corpus(self, path: str | Path, *, only_corrected: bool = True) -> Path:
        """Write the project's corrected conversations as a corpus table, zipped, to train on.

        Args:
            path: of a new file.
            only_corrected: leave out conversations that nobody corrected.
        """
        params = {"only_corrected": str(only_corrected).lower()}
        return self._wire.save("/v1/corpus", Path(path), params)

    def delete(self, id: Which) -> Receipt:
        """Delete a recording with everything that came of it.

        Returns the service's receipt, which it also gives where the recording was deleted before.
        """
        try:
            return self._wire.read(Receipt, "DELETE", _path(id))
        except ServiceError as error:
            if not is_gone(error):
                raise
            try:
                # The answer to a first try may have been lost on its way.
                return self._wire.read(Receipt, "GET", f"/v1/deletions/{_id(id)}")
            except ServiceError:
                raise error from None

    def live(self, *, consent: bool, policy: str | None = None) -> AbstractContextManager[LiveTalk]:
        """A conversation that is answered turn by turn, while the block lasts; nothing of it is stored.

            with client.live(consent=True) as talk:
                print(talk.add(speaker="Ann", text="You did what?").emotion)

        Args:
            consent: that everybody who is heard or seen was asked, and agreed.
            policy: usage policy the conversation is held to, such as eu-work-education.
        """
        return live_talk(self._wire, consent=consent, policy=policy)


def _id(which: Which) -> str:
    return _part(which.id if isinstance(which, Recording) else which)


def _path(which: Which) -> str:
    return f"{RECORDINGS}/{_id(which)}"


def _part(name: str) -> str:
    """A name as one part of a path."""
    return quote(name, safe="")


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone().isoformat()
