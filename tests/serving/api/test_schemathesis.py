"""Requests made up from the OpenAPI document: no failure, and no answer that the document does not name."""

from __future__ import annotations

from contextlib import nullcontext, suppress
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import load_all_checks, not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)
from toy_api import ON_SQLITE, Served, toy_result

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
    negative_data_rejection,
]

load_all_checks()


def explore(service: Served, examples: int) -> dict[str, set[int]]:
    """Ask every operation for so many things that fit the document, and as many that do not.

    Half of what is asked is of a recording that is there. Returns the answers' statuses by operation.
    """
    seen: dict[str, set[int]] = {}
    schema = schemathesis.openapi.from_asgi("/openapi.json", service.app)
    for found in schema.get_all_operations():
        operation = found.ok()
        statuses = seen.setdefault(operation.label, set())
        for mode in GenerationMode.POSITIVE, GenerationMode.NEGATIVE:
            recording = service.completed(toy_result(3))
            service.correct(recording, "u001", "joy")
            ask(operation, mode, recording.id, statuses, examples)
    return seen


def ask(operation: Any, mode: GenerationMode, id: str, statuses: set[int], examples: int) -> None:
    @settings(
        max_examples=examples,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), there=st.booleans())
    def one(case: Any, there: bool) -> None:
        case.path_parameters |= {
            name: value
            for name, value in {"id": id, "utterance_id": "u001"}.items()
            if there and name in case.path_parameters
        }
        response = case.call(base_url="http://127.0.0.1")
        statuses.add(response.status_code)
        case.validate_response(response, checks=CHECKS)

    # Of some operations there is nothing that does not fit.
    with suppress(Unsatisfiable) if mode is GenerationMode.NEGATIVE else nullcontext():
        one()


@ON_SQLITE
def test_no_request_makes_it_fail(service: Served) -> None:
    seen = explore(service, 4)
    assert len(seen) == 18
    for operation, statuses in seen.items():
        if not operation.startswith(("POST", "PUT", "GET /v1/deletions")):  # which few made-up ones fit
            assert statuses & {200, 204}, operation


@pytest.mark.slow
def test_no_request_of_many_makes_it_fail(service: Served) -> None:
    seen = explore(service, 60)
    assert seen["POST /v1/recordings"] >= {202, 422}
    assert seen["PUT /v1/recordings/{id}/corrections/{utterance_id}"] >= {404, 422}
