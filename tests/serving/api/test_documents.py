"""The OpenAPI document is complete, and the page asks for nothing that is not in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from toy_api import ON_SQLITE, PROBLEM, Serve, Served

pytestmark = ON_SQLITE

WEB = Path(__file__).parents[3] / "web" / "src" / "app"


@pytest.fixture
def document(service: Served) -> dict[str, Any]:
    found: dict[str, Any] = service.client.get("/openapi.json").json()
    return found


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield method.upper(), path, operation


def test_every_operation_is_described(document: dict[str, Any]) -> None:
    tags = {tag["name"] for tag in document["tags"]}
    found = list(operations(document))
    assert len(found) == 18
    for method, path, operation in found:
        assert operation["summary"], path
        assert operation["description"], path
        assert set(operation["tags"]) <= tags
        assert operation["tags"], path
        for parameter in operation.get("parameters", ()):
            described = parameter.get("description") or parameter["schema"].get("description")
            assert described or parameter["schema"].get("enum"), (method, path, parameter["name"])
    ids = [operation["operationId"] for _, _, operation in found]
    assert len(set(ids)) == len(ids)


def test_every_answer_has_its_type_and_an_example(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        assert {"500"} < operation["responses"].keys(), path
        if path != "/healthz":
            assert {"401", "403", "429"} <= operation["responses"].keys(), path
        for status, answer in operation["responses"].items():
            assert answer["description"], (path, status)
            if int(status) >= 400:
                assert list(answer["content"]) == [PROBLEM], (path, status)
            for kind, content in answer.get("content", {}).items():
                bytes_ = "contentMediaType" in content.get("schema", {})
                assert bytes_ or has_example(document, content), (method, path, status, kind)
        for kind, content in operation.get("requestBody", {"content": {}})["content"].items():
            assert has_example(document, content), (method, path, kind)


def has_example(document: dict[str, Any], content: dict[str, Any]) -> bool:
    if "example" in content:
        return True
    reference = content["schema"].get("$ref", "")
    return bool(document["components"]["schemas"][reference.rpartition("/")[2]].get("examples"))


def test_every_example_is_what_its_schema_says(document: dict[str, Any]) -> None:
    def fits(example: Any, schema: dict[str, Any]) -> None:
        whole = {**schema, "components": document["components"]}
        assert [error.message for error in Draft202012Validator(whole).iter_errors(example)] == []

    for schema in document["components"]["schemas"].values():
        for example in schema.get("examples", ()):
            fits(example, schema)
    for _, _, operation in operations(document):
        parts = [*operation["responses"].values(), operation.get("requestBody", {})]
        for content in (content for part in parts for content in part.get("content", {}).values()):
            if "example" in content:
                fits(content["example"], content.get("schema", {}))


def test_a_token_is_said_to_be_needed_where_it_is(serve: Serve, document: dict[str, Any]) -> None:
    assert list(document["components"]["securitySchemes"]) == ["token"]
    demanding = serve(tokens=True).client.get("/openapi.json").json()
    for (_, path, free), (_, _, demanded) in zip(operations(document), operations(demanding), strict=True):
        if path == "/healthz":
            assert "security" not in free
        else:
            assert free["security"] == [{}, {"token": []}]
            assert demanded["security"] == [{"token": []}]


def asked_by_the_page() -> set[tuple[str, str]]:
    """Method and address of every request the page's code makes, what it fills in as `{}`."""
    found = set()
    for file in WEB.rglob("*.ts"):
        text = file.read_text(encoding="utf-8")
        text = re.sub(r"\$\{pathOf\([^)]*\)\}", "/v1/recordings/{}", text)
        text = re.sub(r"pathOf\((?:recording\.)?id\)", '"/v1/recordings/{}"', text)
        for method, path in re.findall(r"""["'](GET|POST|PUT|DELETE)["'],\s*["'`](/[^"'`]*)["'`]""", text):
            found.add((method, path))
        for path in re.findall(r"""download\(\s*[\w.]+,\s*["'`](/[^"'`]*)["'`]""", text):
            found.add(("GET", path))
    return {(method, re.sub(r"\$\{[^}]*\}", "{}", path).partition("?")[0]) for method, path in found}


def test_all_that_the_page_asks_for_is_there(document: dict[str, Any]) -> None:
    answered = {(method, re.sub(r"\{[^}]*\}", "{}", path)) for method, path, _ in operations(document)}
    asked = asked_by_the_page()
    assert asked >= {
        ("GET", "/v1/me"),
        ("GET", "/v1/recordings"),
        ("POST", "/v1/recordings"),
        ("GET", "/v1/recordings/{}"),
        ("DELETE", "/v1/recordings/{}"),
        ("GET", "/v1/recordings/{}/view"),
        ("GET", "/v1/recordings/{}/events"),
        ("GET", "/v1/recordings/{}/corrections"),
        ("PUT", "/v1/recordings/{}/corrections/{}"),
        ("DELETE", "/v1/recordings/{}/corrections/{}"),
        ("GET", "/v1/recordings/{}/exports/{}"),
        ("GET", "/v1/corpus"),
    }
    assert asked <= answered


def fields_of(interface: str) -> dict[str, str]:
    """Name -> type of an interface of the page's, as TypeScript writes them."""
    text = (WEB / "api" / "types.ts").read_text(encoding="utf-8")
    body = re.search(rf"export interface {interface} \{{(.*?)\n\}}", text, re.S)
    assert body is not None
    return dict(re.findall(r"^  (\w+)\??: (.*);$", body[1], re.M))


@pytest.mark.parametrize("name", ["Recording", "RecordingPage", "Correction", "Receipt", "Me", "Problem"])
def test_what_the_page_reads_is_what_is_answered(document: dict[str, Any], name: str) -> None:
    schema = document["components"]["schemas"][name]
    read = fields_of(name)
    assert read.keys() - {"errors"} <= schema["properties"].keys()
    for field, kind in read.items():
        if field in schema["properties"] and "null" not in kind and "unknown" not in kind:
            nullable = {"type": "null"} in schema["properties"][field].get("anyOf", [])
            assert not nullable or name == "Problem", field
