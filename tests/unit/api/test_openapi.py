"""The OpenAPI document of v1: valid, and it says what there is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from cordboard.directory.scopes import ApiScope
from support.asgi import ask
from support.v1 import Served

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def document() -> dict[str, Any]:
    reply = await ask(Served().app, "GET", "/v1/openapi.json", authorization=None)
    assert reply.status == 200
    found: dict[str, Any] = reply.json
    return found


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


async def test_the_document_is_valid(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    OpenAPIV31SpecValidator(document).validate()


async def test_every_operation_says_who_may_and_what_comes(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        assert [set(way) for way in operation["security"]] == [{"basic"}, {"bearer"}], name
        scopes = {scope for way in operation["security"] for one in way.values() for scope in one}
        assert scopes <= {scope.value for scope in ApiScope}, name
        assert {"401", "403", "500"} <= set(operation["responses"]), name
        assert operation["summary"], name
        assert operation["description"], name


async def test_every_operation_has_examples(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        bodies = [*operation["responses"].values(), operation.get("requestBody", {})]
        for body in bodies:
            for media in body.get("content", {}).values():
                assert media.get("example") is not None or media.get("examples"), (name, body)
