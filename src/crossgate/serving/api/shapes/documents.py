"""The OpenAPI document: what a route may answer, in words and with examples, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from crossgate.report.schema import schema as result_schema
from crossgate.serving.api.shapes import examples
from crossgate.serving.problems import MEDIA_TYPE, problem, title_of

Responses = dict[int | str, dict[str, Any]]

ABOUT = (
    "Recordings of conversations, the emotions that every utterance of them expresses, what people correct, "
    "and live conversations (a WebSocket at `/v1/live`, subprotocol `crossgate.v1`). Expressed emotion is "
    "not what somebody feels; docs/intended-use.md says what this is not for."
)

TAGS = [
    {"name": "recordings", "description": "Sending recordings, and how their analysis stands."},
    {"name": "results", "description": "What was found, in every form."},
    {"name": "corrections", "description": "What people say instead, and the corpus that comes of it."},
    {"name": "deletion", "description": "Deleting, and the receipts of it."},
    {"name": "service", "description": "The service itself."},
]

WHY = {
    401: "a token is needed",
    403: "the token lacks the scope; or the request came from another machine or a foreign page",
    404: "there is no such thing in the project",
    409: "not in the state that is needed",
    408: "the body stood still, or came too slowly",
    413: "more bytes than the service takes",
    415: "another kind of content than the service takes",
    416: "the range lies outside of the recording",
    422: "a part of the request cannot be used",
    429: "asked too often; Retry-After says how long to wait",
    500: "the service failed",
    503: "the database does not answer",
    507: "no room for it",
}

RETRY = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}
HEADERS: dict[int, dict[str, Any]] = {
    401: {"WWW-Authenticate": {"description": "Bearer.", "schema": {"type": "string"}}},
    416: {"Content-Range": {"description": "The length, `bytes */N`.", "schema": {"type": "string"}}},
    429: RETRY,
}
"""Headers of problems."""


NOT_OURS = ("HTTPValidationError", "ValidationError")
"""Schemas of the framework's own errors, which are never answered."""


def problems(*statuses: int, gated: bool = True) -> Responses:
    """The problems a route may answer with.

    Args:
        statuses: besides those of every route.
        gated: whether it asks who comes.
    """
    all = {*statuses, 500, *((401, 403, 429, 503) if gated else ())}
    return {status: _problem(status) for status in sorted(all)}


def _problem(status: int) -> dict[str, Any]:
    kind = "InvalidProblem" if status == 422 else "Problem"
    example = examples.INVALID if status == 422 else problem(status, title_of(status), WHY[status])
    content = {"schema": {"$ref": f"#/components/schemas/{kind}"}, "example": example}
    headers = {"headers": HEADERS[status]} if status in HEADERS else {}
    return {"description": WHY[status].capitalize(), "content": {MEDIA_TYPE: content}, **headers}


def answers(
    description: str, media_types: Mapping[str, object], headers: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """An answer that is no JSON of ours: media type -> example of its text, None of bytes."""
    content = {
        kind: {"schema": {"type": "string", "contentMediaType": kind}}
        if example is None
        else {"schema": {"type": "string"}, "example": example}
        for kind, example in media_types.items()
    }
    return {"description": description, "content": content} | (
        {"headers": headers_of(headers)} if headers else {}
    )


RESULT = {"schema": {"$ref": "#/components/schemas/Result"}}
"""Content that is a `result.json`."""


def headers_of(headers: Mapping[str, str]) -> dict[str, Any]:
    """Headers of an answer: name -> what it says."""
    return {name: {"description": said, "schema": {"type": "string"}} for name, said in headers.items()}


def body(model: type[BaseModel]) -> dict[str, Any]:
    """The documentation of a JSON body that a route reads by itself, once it knows who asks."""
    content = {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}}
    return {"requestBody": {"required": True, "content": {"application/json": content}}}


def document(
    app: FastAPI, open: bool, sent: Sequence[type[BaseModel]], answered: Sequence[type[BaseModel]]
) -> dict[str, Any]:
    """The whole document.

    Args:
        app: whose routes it describes.
        open: whether a token may be left out.
        sent: models of bodies that routes read by themselves.
        answered: models of answers.
    """
    # The framework leaves out nulls, also those of examples: these are put in afterwards.
    made = get_openapi(title=app.title, version=app.version, description=ABOUT, routes=app.routes, tags=TAGS)
    schemas = made["components"]["schemas"]
    for model in (*sent, *answered):
        schemas |= _schemas_of(model)
    schemas["Result"] = _result()
    for name in NOT_OURS:
        schemas.pop(name, None)
    for operation in (operation for path in made["paths"].values() for operation in path.values()):
        if open and "security" in operation:
            operation["security"] = [{}, *operation["security"]]
        if NOT_OURS[0] in str(operation["responses"].get("422")):
            del operation["responses"]["422"]  # of routes where nothing can be wrong in such a way
    return made


def _schemas_of(model: type[BaseModel]) -> dict[str, Any]:
    """A model's schema, and those of the models in it."""
    found = model.model_json_schema(ref_template="#/components/schemas/{model}", mode=_mode(model))
    return {**found.pop("$defs", {}), model.__name__: found}


def _mode(model: type[BaseModel]) -> Literal["validation", "serialization"]:
    """Answers have all their fields, also those with a default."""
    return "validation" if model.model_config.get("extra") == "forbid" else "serialization"


def _result() -> dict[str, Any]:
    """The schema of `result.json`, its inner references led to where it stands here."""
    text = json.dumps({k: v for k, v in result_schema().items() if k not in ("$schema", "$id")})
    made: dict[str, Any] = json.loads(text.replace('"#/$defs/', '"#/components/schemas/Result/$defs/'))
    return made | {"examples": [examples.RESULT]}
