"""What the routers of v1 have in common."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter
from fastapi.routing import APIRoute

from cordboard.api.v1.problems import described

_ALWAYS: Final = (
    *("authentication_required", "scope_missing", "too_many_requests"),
    *("internal_error", "overloaded"),
)


def v1_router(tag: str) -> APIRouter:
    """A router for a module of v1; ``tag`` groups its operations in the document."""
    return APIRouter(
        tags=[tag],
        responses=described(*_ALWAYS),
        generate_unique_id_function=_name_of,
    )


def _name_of(route: APIRoute) -> str:
    return route.name
