"""`/v1/corpus`: a project's corrections, to train on."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from crossgate.serving.api.context import Context, Reader, Service
from crossgate.serving.api.corpus import write_corpus
from crossgate.serving.api.sending import FileAnswer
from crossgate.serving.api.shapes.documents import answers, problems
from crossgate.serving.api.taking.names import attachment, download_name
from crossgate.serving.storage.projects import Access

router = APIRouter(prefix="/v1", tags=["corrections"])


class Choice(BaseModel):
    """What goes into the corpus."""

    model_config = ConfigDict(extra="forbid")

    only_corrected: bool = Field(True, description="Leave out conversations without any correction.")


@router.get(
    "/corpus",
    summary="Get the corrections as a corpus table",
    response_class=Response,
    responses=problems(409, 422)
    | {
        200: answers(
            "`manifest.json` and `train.parquet`, as docs/corpora.md describes them.",
            {"application/zip": None},
            {"Content-Disposition": "The file's name, made of the project's."},
        )
    },
)
async def corpus(service: Service, access: Reader, choice: Annotated[Choice, Query()]) -> FileAnswer:
    """The project's conversations with the emotions people gave; turns nobody corrected have none.

    Who corrected them, and what was noted, is not in it.
    """
    return await service.laboured(lambda: _made(service, access, choice.only_corrected))


def _made(service: Context, access: Access, only_corrected: bool) -> FileAnswer:
    folder = TemporaryDirectory(prefix="corpus-", dir=service.scratch)
    try:
        path = write_corpus(service, access, only_corrected, Path(folder.name))
        return FileAnswer(
            path.open("rb"),
            path.stat().st_size,
            media_type="application/zip",
            headers={"Content-Disposition": attachment(download_name(f"{access.project}-corpus", ".zip"))},
            done=folder.cleanup,
        )
    except BaseException:
        folder.cleanup()
        raise
