"""`/v1/recordings/{id}/exports/{format}`: a result in every format reports are written in."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from fastapi import APIRouter, Response
from starlette.concurrency import run_in_threadpool

from crossgate.report.exports.timing import is_timed
from crossgate.report.writing import FILES, TIMED, write_result
from crossgate.serving.api.context import Context, Reader, Service
from crossgate.serving.api.errors import ApiError
from crossgate.serving.api.found import find_completed, result_of_recording
from crossgate.serving.api.routes.recordings import Id
from crossgate.serving.api.sending import FileAnswer
from crossgate.serving.api.shapes.documents import RESULT, answers, problems
from crossgate.serving.api.shapes.schemas import Format
from crossgate.serving.api.taking.names import attachment, download_name
from crossgate.serving.storage.tables import Recording

router = APIRouter(prefix="/v1/recordings", tags=["results"])

TYPES: dict[str, str] = {
    "json": "application/json",
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
    "vtt": "text/vtt",
    "srt": "application/x-subrip",
    "rttm": "text/plain",
    "eaf": "application/xml",
    "textgrid": "text/plain",
    "html": "text/html",
    "png": "image/png",
}
"""Format -> media type of its file."""

EXAMPLES = {"text/csv": "id,speaker,start,end,text,emotion\nu001,Ann,0.25,3.25,You did what?,surprise\n"}


FILE = answers(
    "The file.",
    {kind: EXAMPLES.get(kind) for kind in dict.fromkeys(TYPES.values())},
    {"Content-Disposition": "The file's name, made of the recording's."},
)
FILE["content"]["application/json"] = RESULT


@router.get(
    "/{id}/exports/{format}",
    summary="Export the result",
    response_class=Response,
    responses=problems(404, 409, 422) | {200: FILE},
)
async def export(id: Id, format: Format, service: Service, access: Reader) -> FileAnswer:
    """A result as JSON, CSV, Parquet, WebVTT, SubRip, RTTM, ELAN, TextGrid, HTML page or picture.

    Corrections are not in it. The page plays no recording. Formats that need times are refused (409) where
    the turns have none.
    """
    recording = await run_in_threadpool(find_completed, service, access, id)
    return await service.laboured(lambda: _made(service, recording, format))


def _made(service: Context, recording: Recording, format: str) -> FileAnswer:
    result = result_of_recording(service, recording)
    if format in TIMED and not is_timed(result):
        raise ApiError(409, f"{format} needs the times of the turns, which this recording does not have")
    folder = TemporaryDirectory(prefix="export-", dir=service.scratch)
    try:
        written = write_result(result, Path(folder.name) / "files", (format,))
        path = next(path for path in written if path.name == FILES[format])
        name = attachment(download_name(recording.name, path.suffix))
        return FileAnswer(
            path.open("rb"),
            path.stat().st_size,
            media_type=TYPES[format],
            headers={"Content-Disposition": name},
            done=folder.cleanup,
        )
    except BaseException:
        folder.cleanup()
        raise
