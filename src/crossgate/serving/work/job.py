"""One job, from its claim to its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

from crossgate.errors import InputError
from crossgate.pipeline.settings import AnalysisSettings
from crossgate.report.reading import RESULT_FILE
from crossgate.serving.problems import of_input_error
from crossgate.serving.settings import ServiceSettings
from crossgate.serving.storage import claims
from crossgate.serving.storage.opened import Storage
from crossgate.serving.storage.recordings import key_of
from crossgate.serving.storage.tables import Recording
from crossgate.serving.wishes import analysis_settings, wishes_of
from crossgate.serving.work import failures
from crossgate.serving.work.failures import FailedError, StoppedError
from crossgate.serving.work.fetched import Ask, fetch_files, to_fetch
from crossgate.serving.work.worker.messages import Analyse
from crossgate.serving.work.worker.naming import names_of

Keep = Callable[[Callable[[], bool]], bool]
"""Has something kept; returns whether it was."""


def do_job(
    storage: Storage,
    settings: ServiceSettings,
    recording: Recording,
    owner: str,
    ask: Ask,
    keep: Keep = lambda keeping: keeping(),
) -> None:
    """Analyse a claimed recording and keep its result.

    Args:
        storage: rows and files.
        settings: of the service.
        recording: claimed.
        owner: of the claim.
        ask: has a worker do an errand.
        keep: calls what keeps the result, again where the database did not answer.

    Raises FailedError where it cannot be done, StoppedError where it is to be left, LostError
    where its worker's machine is gone, OSError or SQLAlchemyError where the store or the database does not
    answer.
    """
    try:
        how = settings_of(recording, settings)
    except InputError as error:
        raise FailedError(of_input_error(error)) from None
    # One folder a job, so that whatever is put aside goes with it.
    with TemporaryDirectory(dir=settings.scratch, ignore_cleanup_errors=True) as scratch:
        folder = Path(scratch)
        if to_fetch(recording):
            fetch_files(storage, settings, recording, owner, folder, ask)
        with _local_files(storage, recording, folder) as (source, transcript, names):
            done = ask(
                Analyse(
                    folder=str(folder),
                    source=str(source),
                    transcript=None if transcript is None else str(transcript),
                    settings=asdict(how),
                    longest=60 * settings.max_minutes,
                    names=names,
                    name=recording.name,
                    transcript_name=_transcript_name(recording) if recording.transcript_file else None,
                    recording=recording.id,
                )
            )
        result = folder / "result" / RESULT_FILE
        outcome = _outcome(done)
        if not keep(
            lambda: claims.complete(storage.database, storage.media, recording.id, owner, result, outcome)
        ):
            raise StoppedError


def settings_of(recording: Recording, settings: ServiceSettings) -> AnalysisSettings:
    """How a recording is analysed: as its sender wished, under his policy and that of the service.

    Raises InputError where that is not possible, or no longer.
    """
    wishes = wishes_of(recording.settings)
    return analysis_settings(replace(wishes, policy=wishes.policy or recording.policy), settings)


@contextmanager
def _local_files(
    storage: Storage, recording: Recording, folder: Path
) -> Iterator[tuple[Path, Path | None, dict[str, str]]]:
    """(source, transcript beside it, what people call them): links whose names occur in no text by chance."""
    with ExitStack() as stack:

        def link(file: str, suffix: str) -> Path:
            try:
                path = stack.enter_context(storage.media.as_file(key_of(recording, file), folder))
            except FileNotFoundError:
                raise FailedError(failures.missing()) from None
            made = folder / f"{uuid4().hex}{suffix}"
            made.symlink_to(path)
            return made

        media = None if recording.media_file is None else link(recording.media_file, "")
        transcript = None
        if recording.transcript_file is not None:  # its kind is told by its suffix
            transcript = link(recording.transcript_file, Path(recording.transcript_file).suffix)
        names = {}
        if media is not None:
            names[media] = recording.name
        if transcript is not None:
            names[transcript] = _transcript_name(recording)
        if media is None and transcript is None:
            raise FailedError(failures.missing())
        if media is None:
            assert transcript is not None  # as just seen
            yield transcript, None, names_of(names)
        else:
            yield media, transcript, names_of(names)


def _transcript_name(recording: Recording) -> str:
    if recording.transcript_name is not None:
        return recording.transcript_name
    return "the transcript" if recording.media_file is not None else recording.name


def _outcome(done: dict[str, Any]) -> claims.Outcome:
    """What the worker found. Raises FailedError where it is out of its mind."""
    try:
        duration = done["duration"]
        return claims.Outcome(
            kind=str(done["kind"]),
            duration=None if duration is None else float(duration),
            turns=int(done["turns"]),
            emotions={str(label): int(turns) for label, turns in done["emotions"].items()},
            speakers=tuple(str(name) for name in done["speakers"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise FailedError(failures.unexpected()) from None
