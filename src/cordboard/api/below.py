"""An application that answers everything below a path."""

from __future__ import annotations

from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Receive, Scope, Send


class Below(BaseRoute):
    """Hands on what is asked below a prefix, whatever it is: Starlette's own Mount passes over
    paths with a line break, which then get no answer of the application's."""

    def __init__(self, prefix: str, app: ASGIApp) -> None:
        self._prefix = prefix
        self._app = app

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether a request is below the prefix, and what its application is told of that."""
        if scope["type"] not in ("http", "websocket"):
            return Match.NONE, {}
        root: str = scope.get("root_path", "")
        below: str = scope["path"].removeprefix(root)
        if below != self._prefix and not below.startswith(f"{self._prefix}/"):
            return Match.NONE, {}
        return Match.FULL, {
            "app_root_path": scope.get("app_root_path", root),
            "root_path": root + self._prefix,
            "endpoint": self._app,
        }

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the application answer."""
        await self._app(scope, receive, send)
