"""The v1 API as an application of its own: its routers, and what goes wrong before or in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import structlog
from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from cordboard import __version__
from cordboard.api.answer import Answer
from cordboard.api.body import ClientGone
from cordboard.api.requests import request_of
from cordboard.api.services import Services
from cordboard.api.v1 import (
    agents,
    callbacks,
    calls,
    cdrs,
    control,
    credit,
    directory,
    eavesdrop,
    events,
    feed,
    forwarding,
    ladders,
    lists,
    queues,
    record_groups,
    recordings,
    trunks,
)
from cordboard.api.v1.feed_socket import FeedSocket
from cordboard.api.v1.paths import Paths
from cordboard.api.v1.placing import BROKEN, SILENT
from cordboard.api.v1.problems import Problem, answer_of, faults_of, refused, wrong
from cordboard.api.v1.schema import document
from cordboard.calls.refusals import Refused
from cordboard.journal.port import JournalUnavailable

PREFIX: Final = "/v1"
ROUTERS: Final[tuple[APIRouter, ...]] = (
    calls.router,
    lists.router,
    control.router,
    eavesdrop.router,
    ladders.router,
    events.router,
    feed.router,
    callbacks.router,
    cdrs.router,
    credit.router,
    recordings.router,
    record_groups.router,
    trunks.router,
    directory.router,
    agents.router,
    queues.router,
    forwarding.router,
)
"""What v1 consists of; a module's router is added here."""

_log = structlog.get_logger(__name__)


def create_v1(services: Services) -> ASGIApp:
    """What answers below :data:`PREFIX`."""
    return _V1(application(services), {"/events": FeedSocket(services)})


def application(services: Services) -> FastAPI:
    """The routers of v1 over a server's services."""
    app = _Described(
        title="Cordboard",
        version=__version__,
        description="Rings a phone and connects whoever answers.",
        servers=[{"url": PREFIX}],
        root_path_in_servers=False,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        exception_handlers={
            Problem: _on_problem,
            Refused: _on_refusal,
            RequestValidationError: _on_faults,
            JournalUnavailable: _on_silence,
            Exception: _on_break,
        },
    )
    app.state.services = services
    for router in ROUTERS:
        app.router.routes.extend(router.routes)  # flat: included ones are found more slowly
    return app


class _Described(FastAPI):
    """Tells our own document of itself."""

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document."""
        return document(self)


class _V1:
    """The application, and what it can't say itself: paths and methods that it does not have."""

    def __init__(self, app: FastAPI, sockets: Mapping[str, ASGIApp]) -> None:
        self._app = app
        self._sockets = sockets
        declared = (
            (context.path or "", context.methods or ())
            for context in iter_route_contexts(app.routes)
        )
        self._paths = Paths(declared)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._socket(scope)(scope, receive, send)
            return
        if scope["type"] == "http":
            answer = self._without_route(scope)
            if answer is not None:
                await answer(scope, receive, send)
                return
        try:
            await self._app(scope, receive, send)
        except ClientGone:
            return
        except Exception:
            _log.exception("v1.broke", request=request_of(scope))

    def _socket(self, scope: Scope) -> ASGIApp:
        nothing = answer_of(Problem("not_found", "v1 has no WebSocket at this path"))
        return self._sockets.get(_path(scope), nothing)

    def _without_route(self, scope: Scope) -> ASGIApp | None:
        path = _path(scope)
        methods = self._paths.methods(path)
        if methods is None:
            return answer_of(Problem("not_found", "v1 has nothing at this path"))
        allow = ((b"allow", ", ".join(methods).encode()),)
        if scope["method"] == "OPTIONS":
            return Answer(204, headers=allow)
        if scope["method"] not in methods:
            detail = "this path does not have the method"
            return answer_of(Problem("method_not_allowed", detail, headers=allow))
        return None


def _path(scope: Scope) -> str:
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))


async def _on_problem(_request: Request, problem: Exception) -> Response:
    assert isinstance(problem, Problem)
    return answer_of(problem)


async def _on_refusal(_request: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, Refused)
    return answer_of(refused(refusal))


async def _on_faults(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return answer_of(wrong(faults_of(error.errors())))


async def _on_silence(_request: Request, _error: Exception) -> Response:
    return answer_of(SILENT)


async def _on_break(_request: Request, _error: Exception) -> Response:
    return answer_of(BROKEN)
