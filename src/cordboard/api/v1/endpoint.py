"""One path of v1: who asks, which method, and what goes wrong on the way."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog
from starlette.types import ASGIApp, Receive, Scope, Send

from cordboard.api.answer import Answer
from cordboard.api.auth import Principal, authenticate
from cordboard.api.body import ClientGone, UnreadableBody
from cordboard.api.services import Services
from cordboard.api.v1.problems import problem

_log = structlog.get_logger(__name__)

Handler = Callable[[Principal, Scope, Receive], Awaitable[ASGIApp]]


class Endpoint:
    """One path: authenticates, then lets the handler of the HTTP method answer."""

    def __init__(self, services: Services, **handlers: Handler) -> None:
        self._services = services
        self._handlers = handlers
        self._allow = ((b"allow", ", ".join([*handlers, "OPTIONS"]).encode()),)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            answer = await self._answer(scope, receive)
        except ClientGone:
            return
        except Exception:
            _log.exception("v1.broke", path=scope["path"])
            answer = problem("internal_error", "the request failed because of a fault here")
        await answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive) -> ASGIApp:
        if scope["method"] == "OPTIONS":
            return Answer(204, headers=self._allow)
        handler = self._handlers.get(scope["method"])
        if handler is None:
            return problem("method_not_allowed", f"{scope['method']} is not possible", self._allow)
        principal = authenticate(scope, self._services.directory())
        if principal is None:
            return problem("authentication_required", "user is a domain, password its API token")
        try:
            return await handler(principal, scope, receive)
        except UnreadableBody as fault:
            return problem("invalid_json", str(fault))
