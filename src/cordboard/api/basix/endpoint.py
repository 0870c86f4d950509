"""``POST /basix/api/METHOD``: authenticate, translate, place, translate the answer back.

A vendor's client reads errors from the body of a 2xx answer only, so a refusal has HTTP status 200;
the exceptions are what such a client never meets: bad credentials (401, with the same body), other
HTTP methods, unknown paths, accounts that may not place calls (403) and guessers (429).
"""

from __future__ import annotations

from typing import Final

from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from cordboard.api.answer import Answer, compact
from cordboard.api.auth import CHALLENGE, GuessedTooOften, Principal, Unauthenticated
from cordboard.api.basix.methods import METHODS, Translate
from cordboard.api.basix.names import basix_name
from cordboard.api.body import UnreadableBody, read_object
from cordboard.api.endpoints import Endpoint
from cordboard.api.placing import Origin, Placing, headers_of, key_of, refusal_headers
from cordboard.api.requests import note
from cordboard.api.services import Services
from cordboard.calls.refusals import RefusalId, Refused
from cordboard.directory.scopes import ApiScope

DIALECT: Final = "basix"
BASE: Final = "/basix/api"
ERROR = 500
"""The one ``result_code`` of all errors."""

_ALLOW = ((b"allow", b"POST, OPTIONS"),)


class BasixApi:
    """One method."""

    def __init__(self, services: Services, translate: Translate) -> None:
        self._services = services
        self._translate = translate

    async def answer(self, scope: Scope, receive: Receive) -> Answer:
        """Answer one request; raises :class:`~cordboard.api.body.ClientGone`."""
        if scope["method"] == "OPTIONS":
            return Answer(204, headers=_ALLOW)
        if scope["method"] != "POST":
            return _error("method_not_allowed", "use POST", status=405, headers=_ALLOW)
        try:
            principal = self._services.gate.admit(scope)
            if not principal.may(ApiScope.CALLS_WRITE):
                message = "the account lacks the scope calls:write"
                return _error("scope_missing", message, status=403)
            return await self._place(principal, scope, receive)
        except Unauthenticated:
            return _error(
                RefusalId.AUTHENTICATION_REQUIRED.value,
                "user and password must be a domain and its API token",
                status=401,
                headers=(CHALLENGE,),
            )
        except GuessedTooOften as guessed:
            wait = (b"retry-after", b"%d" % guessed.seconds)
            return _error("too_many_requests", str(guessed), status=429, headers=(wait,))
        except UnreadableBody as fault:
            return _error(RefusalId.INVALID_JSON.value, str(fault))
        except Refused as refusal:
            return _refused(refusal)

    async def _place(self, principal: Principal, scope: Scope, receive: Receive) -> Answer:
        exchange = self._services.exchange
        parameters = await read_object(scope, receive)
        origin = Origin(exchange.new_call_id(), principal.tenant.domain, principal.account.name)
        request, key = self._translate(parameters, origin), key_of(scope)
        try:
            accepted = await exchange.place(request, key)
        except Refused as refusal:
            refusal.parameter = basix_name(refusal.parameter, request.method, parameters)
            raise
        note(scope, call=accepted.call)
        body = compact({"result_code": 0, "uuids": accepted.channels})
        return Answer(body=body, headers=headers_of(accepted))


def _refused(refusal: Refused) -> Answer:
    headers = refusal_headers(refusal)
    return _error(refusal.id.value, refusal.message, refusal.parameter, headers=headers)


def _error(
    id: str,  # noqa: A002 - the vendor's word
    message: str,
    parameter: str | None = None,
    *,
    status: int = 200,
    headers: tuple[tuple[bytes, bytes], ...] = (),
) -> Answer:
    error = {"id": id, "message": message}
    if parameter is not None:
        error["parameter"] = parameter
    body = compact({"result_code": ERROR, "error": error})
    return Answer(status, body, headers=headers, result=id)


def endpoints(services: Services) -> dict[str, Endpoint]:
    """Where the methods are found, with and without a slash at the end."""
    broken = _error("internal_error", "the request failed because of a fault here")
    return {
        f"{BASE}/{method}{slash}": Endpoint(
            DIALECT, method, BasixApi(services, translate).answer, broken
        )
        for method, translate in METHODS.items()
        for slash in ("", "/")
    }


def routes() -> list[Route]:
    """Where there is no such method."""
    return [Route(f"{BASE}/{{method}}{slash}", _NoMethod()) for slash in ("", "/")]


class _NoMethod:
    """What answers there."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        note(scope, dialect=DIALECT)
        answer = _error("method_not_found", "there is no such method", status=404)
        await answer(scope, receive, send)


def places() -> dict[str, Placing]:
    """The requests that begin calls, by their paths."""
    return {
        f"{BASE}/{method}{slash}": Placing(DIALECT, method, frozenset({"POST"}), _refused)
        for method in METHODS
        for slash in ("", "/")
    }
