"""The HTTP application: every dialect's routes under one roof."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from cordboard.api.answer import Answer, compact
from cordboard.api.basix import callback as basix_callback
from cordboard.api.basix import endpoint as basix
from cordboard.api.cors import Cors
from cordboard.api.services import Services
from cordboard.api.v1 import callback as v1_callback
from cordboard.api.v1.app import PREFIX, create_v1


def create_app(services: Services) -> ASGIApp:
    """The application over an exchange, a journal and the directory of the moment."""
    basix_callback.register()
    v1_callback.register()
    health = Route("/healthz", _healthy, methods=["GET"])
    v1 = Mount(PREFIX, create_v1(services))
    app = Starlette(routes=[*basix.routes(services), v1, health])
    return Cors(app, services.directory)


class _Healthy:
    """``GET /healthz``: the process serves."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await Answer(body=compact({"status": "ok"}))(scope, receive, send)


_healthy = _Healthy()
