"""Answers of v1: JSON that is written at once.

Routes answer with these, not with models: what is shown comes from the server itself and is checked
against the models in tests, not at each reading.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from cordboard.api.answer import compact


def shown(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """The answer with a value as JSON."""
    return Response(compact(value), status, headers, "application/json")


def nothing() -> Response:
    """The answer that there is nothing to say."""
    return Response(status_code=204)


def example(value: Any, description: str = "Success", **also: dict[str, Any]) -> dict[str, Any]:
    """An answer's example, for a route's ``responses``; ``also`` are members of ``content`` beside
    JSON's, with ``_`` for the slash of their types."""
    content = {"application/json": {"example": value}}
    content.update((name.replace("_", "/"), told) for name, told in also.items())
    return {"description": description, "content": content}
