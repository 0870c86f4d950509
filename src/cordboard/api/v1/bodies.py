"""Reading a request's body into a model: bounded, strict about JSON, all faults at once.

FastAPI's own body parameters are read before it is known who asks, and without bounds of ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeVar

from fastapi import Depends, Request
from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.types import Receive, Scope

from cordboard.api.body import BodyTooLarge, UnreadableBody, content_type_of, read_object
from cordboard.api.v1.problems import Fault, Problem, faults_of, wrong

Sent = TypeVar("Sent", bound=BaseModel)

TAKEN: Final = ("", "application/json", "application/x-www-form-urlencoded")
"""Types of bodies that are read as JSON: what says so, says nothing, or comes from curl's -d."""


class Bound(BaseModel):
    """A body whose members are bound to each other. Others are refused, and types are exact."""

    model_config = ConfigDict(extra="forbid", strict=True)

    @classmethod
    def also_wrong(cls, sent: dict[str, Any]) -> Iterator[Fault]:
        """What is wrong between the members, whatever they are themselves."""
        del sent
        yield from ()


_schemas: dict[str, type[BaseModel]] = {}


async def json_of(request: Request, *, needed: bool = True) -> dict[str, Any]:
    """The request's body as a JSON object, an empty one if it may be left out; raises
    :class:`Problem`."""
    return await json_sent(request.scope, request.receive, needed=needed)


async def json_sent(scope: Scope, receive: Receive, *, needed: bool = True) -> dict[str, Any]:
    """The same by the ASGI scope of a request."""
    said = content_type_of(scope).partition(";")[0].strip().lower()
    if said not in TAKEN and not said.endswith("+json"):
        raise Problem("unsupported_media_type", "the body's type must be application/json")
    try:
        return await read_object(scope, receive, needed=needed)
    except BodyTooLarge as fault:
        raise Problem("body_too_large", str(fault)) from None
    except UnreadableBody as fault:
        raise Problem("invalid_json", str(fault)) from None


def body_of(model: type[Sent]) -> Any:
    """The dependency that gives a route its body; stands behind the one that says who asks."""

    async def read(request: Request) -> Sent:
        return read_as(model, await json_of(request))

    return Depends(read)


def read_as(model: type[Sent], value: dict[str, Any]) -> Sent:
    """A body as a model; raises :class:`Problem` with all faults, also those that its members have
    with each other (``also_wrong`` of a :class:`Bound`)."""
    faults = list(model.also_wrong(value)) if issubclass(model, Bound) else []
    try:
        read = model.model_validate(value)
    except ValidationError as error:
        told = error.errors(include_input=False, include_url=False)
        raise wrong([*faults_of(told, "body"), *faults]) from None
    if faults:
        raise wrong(faults)
    return read


def takes(
    model: type[BaseModel], examples: Mapping[str, Any], *others: type[BaseModel]
) -> dict[str, Any]:
    """The body of an operation, as OpenAPI describes it: for a route's ``openapi_extra``. It is of
    any of the models."""
    models = (model, *others)
    _schemas.update((one.__name__, one) for one in models)
    schemas = [{"$ref": f"#/components/schemas/{one.__name__}"} for one in models]
    content = {
        "schema": {"anyOf": schemas} if others else schemas[0],
        "examples": {name: {"value": value} for name, value in examples.items()},
    }
    return {"requestBody": {"required": True, "content": {"application/json": content}}}


def described_models() -> list[type[BaseModel]]:
    """The models of all bodies."""
    return list(_schemas.values())
