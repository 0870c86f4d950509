"""What v1 tells of trunks: how they are, and how much of them is in use. A tenant sees its own
trunks only."""

from __future__ import annotations

from typing import Annotated, Any, Final

from starlette.responses import Response

from cordboard.api.auth import Principal
from cordboard.api.v1.access import Here, needs
from cordboard.api.v1.answers import example, shown
from cordboard.api.v1.problems import Problem, described
from cordboard.api.v1.routing import v1_router
from cordboard.calls.events import Json

router = v1_router("trunks")

Looking = Annotated[Principal, needs("trunks:read")]

_TRUNK: Final[dict[str, Any]] = {"name": "main", "state": "up"}


@router.get(
    "/trunks", response_model=dict[str, Any], responses={200: example({"trunks": [_TRUNK]})}
)
async def list_trunks(principal: Looking, here: Here) -> Response:
    """How all trunks are."""
    tenant = principal.tenant
    trunks: list[Json] = [here.exchange.trunk(tenant, trunk) for trunk in tenant.trunks]
    return shown({"trunks": trunks})


@router.get(
    "/trunks/{name}",
    response_model=dict[str, Any],
    responses={200: example(_TRUNK), **described("trunk_not_found")},
)
async def show_trunk(principal: Looking, here: Here, name: str) -> Response:
    """How one trunk is."""
    trunk = principal.tenant.trunk(name)
    if trunk is None:
        raise Problem("trunk_not_found", "no trunk of yours has this name")
    return shown(here.exchange.trunk(principal.tenant, trunk))
