"""Where v1 is found."""

from __future__ import annotations

from starlette.routing import Route

from cordboard.api.services import Services
from cordboard.api.v1.callbacks import CallbacksApi
from cordboard.api.v1.calls import CallsApi
from cordboard.api.v1.endpoint import Endpoint
from cordboard.api.v1.trunks import TrunksApi


def routes(services: Services) -> list[Route]:
    """The routes of v1 over a server's services."""
    calls, trunks = CallsApi(services), TrunksApi(services)
    callbacks = CallbacksApi(services)
    one, told = "/v1/calls/{call}", "/v1/callbacks/{callback}"
    return [
        Route("/v1/calls/explain", Endpoint(services, POST=calls.explain)),
        Route(one, Endpoint(services, GET=calls.show, DELETE=calls.hang_up)),
        Route(f"{one}/ladder", Endpoint(services, GET=calls.ladder)),
        Route(f"{one}/events", Endpoint(services, GET=calls.events)),
        Route("/v1/callbacks", Endpoint(services, GET=callbacks.list)),
        Route(told, Endpoint(services, GET=callbacks.show)),
        Route(f"{told}/redeliver", Endpoint(services, POST=callbacks.redeliver)),
        Route("/v1/trunks", Endpoint(services, GET=trunks.list)),
        Route("/v1/trunks/{trunk}", Endpoint(services, GET=trunks.show)),
    ]
