"""What v1 does with calls: look, follow, explain, hang up."""

from __future__ import annotations

from starlette.responses import StreamingResponse
from starlette.types import ASGIApp, Receive, Scope

from cordboard.api.answer import Answer, compact
from cordboard.api.auth import Principal
from cordboard.api.basix.methods import METHODS, Origin
from cordboard.api.body import read_object
from cordboard.api.services import Services
from cordboard.api.v1.ladder import draw
from cordboard.api.v1.problems import problem
from cordboard.api.v1.view import call_view
from cordboard.calls.events import Json
from cordboard.calls.explain import explain_refusal
from cordboard.calls.refusals import Refused
from cordboard.feeds.stream import call_stream

TEXT = b"text/plain; charset=utf-8"


class CallsApi:
    """What v1 does with calls. A tenant never sees another's: they are not found."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def show(self, principal: Principal, scope: Scope, _receive: Receive) -> ASGIApp:
        """``GET /v1/calls/{id}``."""
        tenant, call = self._named(principal, scope)
        record = await self._services.journal.call(tenant, call)
        if record is None:
            return _not_found()
        events = await self._services.journal.events_of(tenant, call)
        return Answer(body=compact(call_view(record, events)))

    async def hang_up(self, principal: Principal, scope: Scope, _receive: Receive) -> ASGIApp:
        """``DELETE /v1/calls/{id}``: end the call, whatever its state."""
        tenant, call = self._named(principal, scope)
        if self._services.exchange.hang_up(tenant, call):
            return Answer(204)
        if await self._services.journal.call(tenant, call) is None:
            return _not_found()
        return problem("call_over", "there is nothing left to hang up")

    async def ladder(self, principal: Principal, scope: Scope, _receive: Receive) -> ASGIApp:
        """``GET /v1/calls/{id}/ladder``: JSON, or the drawing for ``Accept: text/plain``."""
        tenant, call = self._named(principal, scope)
        ladder = self._services.exchange.ladder(tenant, call)
        if ladder is None:
            return _not_found()
        if _header(scope, b"accept").startswith(b"text/plain"):
            return Answer(body=draw(ladder).encode() + b"\n", content_type=TEXT)
        return Answer(body=compact(ladder))

    async def events(self, principal: Principal, scope: Scope, _receive: Receive) -> ASGIApp:
        """``GET /v1/calls/{id}/events``: server-sent events until the call has ended."""
        tenant, call = self._named(principal, scope)
        if await self._services.journal.call(tenant, call) is None:
            return _not_found()
        after = _header(scope, b"last-event-id").decode("latin-1") or None
        stream = call_stream(self._services.journal, tenant, call, after)
        headers = {"cache-control": "no-store"}
        return StreamingResponse(stream, media_type="text/event-stream", headers=headers)

    async def explain(self, principal: Principal, scope: Scope, receive: Receive) -> ASGIApp:
        """``POST /v1/calls/explain``: what a vendor's request would do, without doing it."""
        body = await read_object(scope, receive)
        translate = METHODS.get(str(body.get("method")))
        parameters = body.get("parameters")
        if body.get("dialect", "basix") != "basix" or translate is None:
            known = ", ".join(METHODS)
            return problem("invalid_parameter", f"dialect is basix, method is one of {known}")
        if not isinstance(parameters, dict):
            return problem("invalid_parameter", "parameters is the method's own JSON object")
        exchange = self._services.exchange
        origin = Origin(exchange.new_call_id(), principal.tenant.domain, principal.account.name)
        explained: dict[str, Json]
        try:
            explained = exchange.explain(translate(parameters, origin))
        except Refused as refusal:
            explained = explain_refusal(refusal)
        return Answer(body=compact(explained))

    def _named(self, principal: Principal, scope: Scope) -> tuple[str, str]:
        """The tenant, and the call that the path names by its id or a channel's UUID."""
        tenant, name = principal.tenant.domain, str(scope["path_params"]["call"])
        return tenant, self._services.exchange.call_of(tenant, name) or name


def _not_found() -> Answer:
    return problem("call_not_found", "no call of yours has this id, or it is no longer kept")


def _header(scope: Scope, name: bytes) -> bytes:
    return next((value for header, value in scope["headers"] if header == name), b"")
