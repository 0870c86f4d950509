"""``/api/originate-call``: read, authenticate, translate, place, translate the answer back.

Whatever comes of a request is said in the vendor's one shape, ``{"has_error", "messages",
"results"}``. A client reads that, so that a call that can't be placed has HTTP status 200; wrong
credentials have 401, other methods 405, guessers 429, faults here 500.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import structlog
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from cordboard.api.answer import Answer, compact
from cordboard.api.auth import CHALLENGE, GuessedTooOften, Principal, Unauthenticated
from cordboard.api.body import ClientGone, UnreadableBody
from cordboard.api.placing import Origin, headers_of, key_of, refusal_headers
from cordboard.api.requests import note, request_of
from cordboard.api.services import Services
from cordboard.api.while1.credentials import admit
from cordboard.api.while1.faults import Faulty, not_reached, refusal
from cordboard.api.while1.originate import DIALECT, METHOD, Originate, originate
from cordboard.api.while1.parameters import read_parameters
from cordboard.api.while1.php_values import PhpArray, UnreadableParameters
from cordboard.calls.events import EventKind
from cordboard.calls.refusals import Refused
from cordboard.directory.scopes import ApiScope
from cordboard.exchange.repetition import Accepted
from cordboard.feeds.first_party import end_of_first_hunt

_ALLOW = ((b"allow", b"GET, POST, OPTIONS"),)

_log = structlog.get_logger(__name__)


class OriginateCall:
    """The ASGI application behind ``/api/originate-call``."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, always, unless the client has gone."""
        note(scope, dialect=DIALECT, method=METHOD)
        try:
            answer = await self._answer(scope, receive)
        except ClientGone:
            return
        except Exception:
            _log.exception("while1.broke", request=request_of(scope))
            answer = _errors(["The request failed because of a fault here"], "internal_error", 500)
        await answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        if scope["method"] == "OPTIONS":
            return Answer(204, headers=_ALLOW)
        if scope["method"] not in ("GET", "POST"):
            return _errors(["Use GET or POST"], "method_not_allowed", 405, _ALLOW)
        try:
            parameters = await read_parameters(scope, receive)
            principal = admit(self._services.gate, scope, parameters)
            if not principal.may(ApiScope.CALLS_WRITE):
                return _errors(["The account may not place calls"], "scope_missing", 403)
            return await self._place(parameters, principal, scope)
        except (UnreadableParameters, UnreadableBody) as fault:
            return _errors([f"Invalid parameters: {fault}"], "unreadable")
        except Unauthenticated:
            message = "Invalid credentials. Check api_username and api_password, or the api_token"
            return _errors([message], "authentication_required", 401, (CHALLENGE,))
        except GuessedTooOften as guessed:
            wait = (b"retry-after", b"%d" % guessed.seconds)
            return _errors([str(guessed).capitalize()], "too_many_requests", 429, (wait,))
        except Faulty as faulty:
            return _errors(faulty.messages, "invalid_parameter")

    async def _place(self, parameters: PhpArray, principal: Principal, scope: Scope) -> Answer:
        exchange, tenant = self._services.exchange, principal.tenant
        origin = Origin(exchange.new_call_id(), tenant.domain, principal.account.name)
        wanted = originate(parameters, origin, tenant)
        try:
            key = key_of(scope) or _own_key(wanted, principal)
            accepted = await exchange.place(wanted.request, key)
        except Refused as refused:
            message = refusal(refused, wanted.destination)
            return _errors([message], refused.id.value, headers=refusal_headers(refused))
        note(scope, call=accepted.call)
        if wanted.waits:
            return await self._first_answer(wanted, accepted)
        return _originated(wanted, accepted)

    async def _first_answer(self, wanted: Originate, accepted: Accepted) -> Answer:
        """The reply once the first party has answered, or has not."""
        tenant = wanted.request.tenant
        end = await end_of_first_hunt(self._services.journal, tenant, accepted.call)
        if end.event.kind is EventKind.LEG_ANSWERED:
            return _originated(wanted, accepted)
        message = not_reached(end.event.data.get("cause"), wanted.kind, wanted.destination)
        return _errors([message], "not_answered", headers=headers_of(accepted))


def _own_key(wanted: Originate, principal: Principal) -> str | None:
    """The key by which a request with the same external_id is the same request."""
    if not principal.account.idempotent_external_id:
        return None
    return f"external_id {sha256(wanted.external_id.encode()).hexdigest()}"


def _originated(wanted: Originate, accepted: Accepted) -> Answer:
    result = f"Call successfully originated for {wanted.kind}: {wanted.destination}"
    body = compact({"has_error": False, "messages": [], "results": [result]})
    return Answer(body=body, headers=headers_of(accepted))


def _errors(
    messages: Sequence[str],
    result: str,
    status: int = 200,
    headers: tuple[tuple[bytes, bytes], ...] = (),
) -> Answer:
    body = compact({"has_error": True, "messages": list(messages), "results": []})
    return Answer(status, body, headers=headers, result=result)


def routes(services: Services) -> list[Route]:
    """Where it is found, with and without a slash at the end."""
    application = OriginateCall(services)
    return [Route("/api/originate-call", application), Route("/api/originate-call/", application)]
