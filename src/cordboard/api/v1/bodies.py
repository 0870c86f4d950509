"""Reading a request's body into a model: bounded, strict about JSON, all faults at once.

FastAPI's own body parameters are read before it is known who asks, and without bounds of ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeVar

from fastapi import Depends, Request
from pydantic import BaseModel, ValidationError

from cordboard.api.body import BodyTooLarge, UnreadableBody, read_object
from cordboard.api.v1.problems import Problem, faulty

Sent = TypeVar("Sent", bound=BaseModel)

TAKEN: Final = ("", "application/json", "application/x-www-form-urlencoded")
"""Types of bodies that are read as JSON: what says so, says nothing, or comes from curl's -d."""

_schemas: dict[str, type[BaseModel]] = {}


async def json_of(request: Request) -> dict[str, Any]:
    """The request's body as a JSON object; raises :class:`Problem`."""
    said = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if said not in TAKEN and not said.endswith("+json"):
        raise Problem("unsupported_media_type", "the body's type must be application/json")
    try:
        return await read_object(request.scope, request.receive)
    except BodyTooLarge as fault:
        raise Problem("body_too_large", str(fault)) from None
    except UnreadableBody as fault:
        raise Problem("invalid_json", str(fault)) from None


def body_of(model: type[Sent]) -> Any:
    """The dependency that gives a route its body; stands behind the one that says who asks."""

    async def read(request: Request) -> Sent:
        value = await json_of(request)
        try:
            return model.model_validate(value)
        except ValidationError as error:
            raise faulty(error.errors(include_input=False, include_url=False), "body") from None

    return Depends(read)


def takes(model: type[BaseModel], examples: Mapping[str, Any]) -> dict[str, Any]:
    """The body of an operation, as OpenAPI describes it: for a route's ``openapi_extra``."""
    _schemas[model.__name__] = model
    content = {
        "schema": {"$ref": f"#/components/schemas/{model.__name__}"},
        "examples": {name: {"value": value} for name, value in examples.items()},
    }
    return {"requestBody": {"required": True, "content": {"application/json": content}}}


def described_models() -> list[type[BaseModel]]:
    """The models of all bodies."""
    return list(_schemas.values())
