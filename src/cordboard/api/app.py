"""The HTTP application: every dialect's routes under one roof."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.types import ASGIApp

from cordboard.api import watching
from cordboard.api.basix import callback as basix_callback
from cordboard.api.basix import endpoint as basix
from cordboard.api.basix.cti import socket as cti
from cordboard.api.below import Below
from cordboard.api.cors import Cors
from cordboard.api.edge import Edge
from cordboard.api.enswitch import endpoint as enswitch
from cordboard.api.services import Services
from cordboard.api.v1 import callback as v1_callback
from cordboard.api.v1 import placing
from cordboard.api.v1.app import PREFIX, create_v1
from cordboard.api.watching import Watch
from cordboard.api.while1 import endpoint as while1


def create_app(services: Services, watch: Watch | None = None) -> ASGIApp:
    """The application over an exchange, a journal and the directory of the moment; ``watch`` is
    what operators see of it."""
    watch = watch or Watch()
    basix_callback.register()
    v1_callback.register()
    endpoints = {
        **basix.endpoints(services),
        **while1.endpoints(services),
        **enswitch.endpoints(services),
        **placing.endpoints(services),
    }
    v1 = Below(PREFIX, create_v1(services))
    routes = [*cti.routes(services), *basix.routes(), v1, *watching.routes(watch)]
    cors = Cors(Starlette(routes=routes), services.directory)
    return Edge(endpoints, cors, watch.requests, access_log=watch.access_log)
