"""The call that a path names: by its id, or by the UUID of one of its channels."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path

from cordboard.api.auth import Principal
from cordboard.api.services import Services
from cordboard.api.v1.problems import Problem

CallName = Annotated[str, Path(description="a call's id, or the UUID of one of its channels")]


def call_named(services: Services, principal: Principal, name: str) -> tuple[str, str]:
    """The tenant that asks, and the id of the call.

    Raises :class:`Problem` for what no call is ever called (and no database asked for: PostgreSQL
    takes no NUL).
    """
    if not name.isprintable():
        raise no_such_call()
    tenant = principal.tenant.domain
    return tenant, services.exchange.call_of(tenant, name) or name


def no_such_call() -> Problem:
    """The tenant has no such call: there is none, or it is another's."""
    return Problem("call_not_found", "no call of yours has this id, or it is no longer kept")
