"""The OpenAPI document, with what FastAPI can't know: our problems and our bodies."""

from __future__ import annotations

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from cordboard.api.v1.bodies import described_models
from cordboard.api.v1.problems import ProblemShown

_THEIRS: Final = ("HTTPValidationError", "ValidationError")
"""How FastAPI would tell of wrong parameters."""


def document(app: FastAPI) -> dict[str, Any]:
    """The document of an application; made once."""
    if app.openapi_schema is None:
        made = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
            servers=app.servers,
            tags=app.openapi_tags,
            separate_input_output_schemas=False,
        )
        schemas = made.setdefault("components", {}).setdefault("schemas", {})
        _without_fastapis_own(made)
        ours: list[type[BaseModel]] = [ProblemShown, *described_models()]
        _, defined = models_json_schema(
            [(model, "validation") for model in ours],
            ref_template="#/components/schemas/{model}",
        )
        schemas.update(defined.get("$defs", {}))
        app.openapi_schema = made
    return app.openapi_schema


def _without_fastapis_own(made: dict[str, Any]) -> None:
    """Drop the 422 that FastAPI adds wherever there are parameters, even where none can be wrong;
    routes say themselves what they may answer. And that a stream of events is one string."""
    for name in _THEIRS:
        made["components"]["schemas"].pop(name, None)
    for methods in made["paths"].values():
        for operation in methods.values():
            content = operation["responses"].get("422", {}).get("content", {})
            if "application/json" in content:
                del operation["responses"]["422"]
            for answer in operation["responses"].values():
                answer.get("content", {}).get("text/event-stream", {}).pop("schema", None)
