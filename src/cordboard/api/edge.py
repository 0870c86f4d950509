"""The edge of HTTP: every request gets an id, is counted, and leaves one line in the log.

What is asked at a fixed path is answered here, by whoever stands there; the rest goes on to the
routes.

The line has no path, no query string, no header and nothing of the body: whatever a client may have
put there by mistake.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Final

import structlog
from starlette.types import Message, Receive, Scope, Send

from cordboard import randomness
from cordboard.api.answer import Answer
from cordboard.api.at_once import Fields, at_once
from cordboard.api.body import ClientGone
from cordboard.api.cors import Cors
from cordboard.api.endpoints import Endpoint
from cordboard.api.requests import ASKED, UNKNOWN, Asked, RequestMetrics, result_of

REQUEST_ID: Final = b"x-request-id"

CAME: Final = "cordboard.came"
"""Where a request's ASGI scope has when it came, if it had to wait, by ``time.perf_counter``."""

_SANE: Final = re.compile(rb"[A-Za-z0-9._:/+=@-]{1,128}")
"""What is taken over of a client's id: that is what ids are made of elsewhere, and no line of a log
is broken or forged by it."""

_log = structlog.get_logger("cordboard.http")


class Edge:
    """Stands before the whole application: ``endpoints`` by their paths, and ``routes`` for all
    else."""

    def __init__(
        self,
        endpoints: Mapping[str, Endpoint],
        routes: Cors,
        metrics: RequestMetrics,
        *,
        access_log: bool = True,
    ) -> None:
        self._endpoints = endpoints
        self._routes = routes
        self._metrics = metrics
        self._access_log = access_log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or let it through."""
        endpoint = self._endpoints.get(scope["path"])
        if endpoint is not None and endpoint.answers(scope):
            await self._answer(endpoint, scope, receive, send)
        else:
            await self._route(scope, receive, send)

    async def _answer(self, endpoint: Endpoint, scope: Scope, receive: Receive, send: Send) -> None:
        began: float = scope.get(CAME) or time.perf_counter()
        asked = scope[ASKED] = Asked(request_id(scope), endpoint.dialect, endpoint.method)
        status, seconds = 0, 0.0
        try:
            try:
                answer = self._routes.preflight(scope) or await endpoint.answer(scope, receive)
            except ClientGone:
                return
            except Exception:
                _log.exception(f"{endpoint.dialect}.broke", request=asked.id)
                answer = endpoint.broken
            asked.result = answer.result
            more = (*self._routes.fields(scope), (REQUEST_ID, asked.id.encode()))
            status, seconds = answer.status, time.perf_counter() - began
            await _send(answer, more, scope, send)
        finally:
            self._note(scope, asked, status, seconds, began)

    async def _route(self, scope: Scope, receive: Receive, send: Send) -> None:
        began: float = scope.get(CAME) or time.perf_counter()
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
            await self._routes(scope, receive, noting)
        finally:
            _complete(asked, scope)
            self._note(scope, asked, status, seconds, began)

    def _note(self, scope: Scope, asked: Asked, status: int, seconds: float, began: float) -> None:
        """Count a request that is over, and write its line."""
        self._metrics.answered(asked, status, seconds)
        if not self._access_log:
            return
        _log.info(
            "request",
            http=scope.get("method", "WEBSOCKET"),
            dialect=asked.dialect,
            method=asked.method,
            result=result_of(asked, status),
            status=status,
            ms=round((time.perf_counter() - began) * 1000, 2),
            request=asked.id,
            **({} if asked.call is None else {"call": asked.call}),
        )


async def _send(answer: Answer, more: Fields, scope: Scope, send: Send) -> None:
    """Send an answer with some fields more in its header, at once where that can be."""
    fields = [*answer.fields(), *more]
    way = at_once(scope)
    if way is None or not way.answer(answer.status, fields, answer.body):
        await answer.send(scope, send, fields)


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
