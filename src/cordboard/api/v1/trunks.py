"""What v1 tells of trunks: how they are, and how much of them is in use."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope

from cordboard.api.answer import Answer, compact
from cordboard.api.auth import Principal
from cordboard.api.services import Services
from cordboard.api.v1.problems import problem
from cordboard.calls.events import Json


class TrunksApi:
    """A tenant sees its own trunks only."""

    def __init__(self, services: Services) -> None:
        self._exchange = services.exchange

    async def list(self, principal: Principal, _scope: Scope, _receive: Receive) -> ASGIApp:
        """``GET /v1/trunks``."""
        trunks = principal.tenant.trunks
        shown: list[Json] = [self._exchange.trunk(principal.tenant, trunk) for trunk in trunks]
        return Answer(body=compact({"trunks": shown}))

    async def show(self, principal: Principal, scope: Scope, _receive: Receive) -> ASGIApp:
        """``GET /v1/trunks/{name}``."""
        trunk = principal.tenant.trunk(str(scope["path_params"]["trunk"]))
        if trunk is None:
            return problem("trunk_not_found", "no trunk of yours has this name")
        return Answer(body=compact(self._exchange.trunk(principal.tenant, trunk)))
