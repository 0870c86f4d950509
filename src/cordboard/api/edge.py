"""The edge of HTTP: every request gets an id, is counted, and leaves one line in the log.

The line has no path, no query string, no header and nothing of the body: whatever a client may have
put there by mistake.
"""

from __future__ import annotations

import re
import time
from typing import Final

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cordboard import randomness
from cordboard.api.requests import ASKED, UNKNOWN, Asked, RequestMetrics, result_of

REQUEST_ID: Final = b"x-request-id"

_SANE: Final = re.compile(rb"[A-Za-z0-9._:/+=@-]{1,128}")
"""What is taken over of a client's id: that is what ids are made of elsewhere, and no line of a log
is broken or forged by it."""

_log = structlog.get_logger("cordboard.http")


class Edge:
    """Stands before the whole application."""

    def __init__(self, app: ASGIApp, metrics: RequestMetrics, *, access_log: bool = True) -> None:
        self._app = app
        self._metrics = metrics
        self._access_log = access_log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through."""
        began = time.perf_counter()
        asked = scope[ASKED] = Asked(request_id(scope))
        status, seconds = 0, 0.0

        async def noting(message: Message) -> None:
            nonlocal status, seconds
            kind = message["type"]
            if kind in _STARTS and not status:
                status = 101 if kind == "websocket.accept" else message["status"]
                seconds = time.perf_counter() - began
                headers = [*message.get("headers", ()), (REQUEST_ID, asked.id.encode())]
                message = {**message, "headers": headers}
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            _complete(asked, scope)
            self._metrics.answered(asked, status, seconds)
            if self._access_log:
                self._tell(scope, asked, status, time.perf_counter() - began)

    def _tell(self, scope: Scope, asked: Asked, status: int, seconds: float) -> None:
        _log.info(
            "request",
            http=scope.get("method", "WEBSOCKET"),
            dialect=asked.dialect,
            method=asked.method,
            result=result_of(asked, status),
            status=status,
            ms=round(seconds * 1000, 2),
            request=asked.id,
            **({} if asked.call is None else {"call": asked.call}),
        )


def _complete(asked: Asked, scope: Scope) -> None:
    """What v1 does not note itself: the operation, by the function that is it."""
    if asked.dialect == UNKNOWN and scope["path"].startswith("/v1/"):
        asked.dialect = "v1"
    if asked.dialect == "v1" and asked.method == UNKNOWN:
        asked.method = getattr(scope.get("endpoint"), "__name__", UNKNOWN)


_STARTS: Final = frozenset(
    {"http.response.start", "websocket.accept", "websocket.http.response.start"}
)


def request_id(scope: Scope) -> str:
    """The client's own id of a request where it is sane, else a new one."""
    for name, value in scope["headers"]:
        if name == REQUEST_ID:
            return value.decode() if _SANE.fullmatch(value) else randomness.token(16)
    return randomness.token(16)
