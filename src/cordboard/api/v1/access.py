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
from starlette.types import Scope as ASGIScope

from cordboard.api.auth import GuessedTooOften, Principal, Unauthenticated
from cordboard.api.services import Services
from cordboard.api.v1.problems import Problem
from cordboard.directory.scopes import ApiScope


class _Scheme(SecurityBase):
    """How a client authenticates, as OpenAPI says it; the deed is :func:`principal_with`."""

    def __init__(self, name: str, description: str) -> None:
        self.scheme_name = name
        self.model = HTTPBase(scheme=name, description=description)

    async def __call__(self) -> None:
        """Nothing: this is for the document."""


_BASIC: Final = _Scheme("basic", "the domain as user, an API token as password")
_BEARER: Final = _Scheme("bearer", "an API token")


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

    Raises :class:`Problem` (authentication_required, too_many_requests, scope_missing).
    """
    return admitted(services_of(request), request.scope, scopes)


def admitted(services: Services, asgi: ASGIScope, scopes: Sequence[str]) -> Principal:
    """Who asks, by the ASGI scope of a request; raises as :func:`principal_with`."""
    try:
        principal = services.gate.admit(asgi)
    except Unauthenticated:
        detail = "give a domain as user and its API token as password, or a bearer token"
        raise Problem("authentication_required", detail) from None
    except GuessedTooOften as guessed:
        wait = (b"retry-after", b"%d" % guessed.seconds)
        raise Problem("too_many_requests", str(guessed), headers=(wait,)) from None
    for scope in scopes:
        if not principal.may(ApiScope(scope)):
            detail = f"the account lacks the scope {scope}"
            raise Problem("scope_missing", detail, parameter=scope)
    return principal


async def _principal(
    request: Request,
    scopes: SecurityScopes,
    _basic: Annotated[None, Security(_BASIC)],
    _bearer: Annotated[None, Security(_BEARER)],
) -> Principal:
    return principal_with(request, scopes.scopes)


def needs(scope: str) -> Any:
    """The dependency that gives a route its :class:`Principal`, for clients with this scope."""
    return Security(_principal, scopes=[ApiScope(scope).value])


Anybody = Annotated[Principal, Security(_principal)]
Reader = Annotated[Principal, needs("calls:read")]
Writer = Annotated[Principal, needs("calls:write")]
