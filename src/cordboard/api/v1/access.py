"""Who asks and whether he may: what every route of v1 depends on first.

A route says what it needs with ``needs("calls:read")``; FastAPI carries that to the one place that
answers it, :func:`principal_with`, and into the OpenAPI document.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final

from fastapi import Depends, Request, Security
from fastapi.openapi.models import HTTPBase
from fastapi.security import SecurityScopes
from fastapi.security.base import SecurityBase

from cordboard.api.auth import Principal, authenticate
from cordboard.api.services import Services
from cordboard.api.v1.problems import Problem

SCOPES: Final[dict[str, str]] = {
    "calls:read": "look at calls, their events and their signalling",
    "calls:write": "place calls, change and end them",
    "callbacks:read": "look at callbacks",
    "callbacks:write": "have callbacks delivered again",
    "trunks:read": "look at trunks",
    "directory:read": "look at users, groups and numbers",
    "agents:write": "log agents in and out, pause them",
}
"""What an account can be allowed to do."""


class _Scheme(SecurityBase):
    """How a client authenticates, as OpenAPI says it; the deed is :func:`principal_with`."""

    def __init__(self, name: str, description: str) -> None:
        self.scheme_name = name
        self.model = HTTPBase(scheme=name, description=description)

    async def __call__(self) -> None:
        """Nothing: this is for the document."""


_BASIC: Final = _Scheme("basic", "the domain as user, an API token as password")


def services_of(request: Request) -> Services:
    """What the application stands on."""
    services: Services = request.app.state.services
    return services


async def _services(request: Request) -> Services:
    return services_of(request)


Here = Annotated[Services, Depends(_services)]
"""A parameter that is the server's services."""


def principal_with(request: Request, scopes: Sequence[str]) -> Principal:
    """Who asks, if he may do what ``scopes`` name.

    Raises :class:`Problem` (authentication_required). Every account has every scope so far.
    """
    del scopes
    principal = authenticate(request.scope, services_of(request).directory())
    if principal is None:
        raise Problem("authentication_required", "user is a domain, password its API token")
    return principal


async def _principal(
    request: Request, scopes: SecurityScopes, _basic: Annotated[None, Security(_BASIC)]
) -> Principal:
    return principal_with(request, scopes.scopes)


def needs(scope: str) -> Any:
    """The dependency that gives a route its :class:`Principal`, for clients with this scope."""
    assert scope in SCOPES, scope
    return Security(_principal, scopes=[scope])


Reader = Annotated[Principal, needs("calls:read")]
Writer = Annotated[Principal, needs("calls:write")]
