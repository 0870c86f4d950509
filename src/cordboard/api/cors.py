"""Which web pages may use the API (Fetch, 3.2): those whose origin an account names.

A preflight carries no credentials, so an origin that any account names passes it. The answer itself
may be read only by pages of origins that the account names which the request was made with; an
answer to a request that nobody was let in with can't be read by any page.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cordboard.api.answer import Answer
from cordboard.api.auth import PRINCIPAL, Principal
from cordboard.directory.snapshot import Directory

PATHS: Final = ("/v1/", "/basix/")

EXPOSED: Final = b", ".join(
    (b"Idempotency-Replayed", b"Cordboard-Call", b"Location", b"Retry-After", b"X-Request-Id")
)
"""What a page may read of an answer beside what any page may."""

_METHODS: Final = b"GET, HEAD, POST, PUT, PATCH, DELETE"
_HEADERS: Final = b"Authorization, Content-Type, Idempotency-Key, Last-Event-ID, X-Request-Id"
_PREFLIGHT_SECONDS: Final = b"600"
"""How long a browser may remember the answer: Chromium takes two hours at most, others less."""

_VARY: Final = (b"vary", b"Origin")


def origin_of(scope: Scope) -> str | None:
    """The origin that a browser says a request comes from, in lower case."""
    for name, value in scope["headers"]:
        if name == b"origin":
            return str(value.decode("latin-1").lower())
    return None


class Cors:
    """Stands before ``app``. Costs nothing where no account names an origin."""

    def __init__(self, app: ASGIApp, directory: Callable[[], Directory]) -> None:
        self._app = app
        self._directory = directory

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not self._concerns(scope):
            await self._app(scope, receive, send)
            return
        preflight = self.preflight(scope)
        if preflight is not None:
            await preflight(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *self.fields(scope)]}
            await send(message)

        await self._app(scope, receive, with_headers)

    def preflight(self, scope: Scope) -> Answer | None:
        """The answer to a preflight, None to any other request."""
        if scope["method"] != "OPTIONS" or not self._concerns(scope):
            return None
        origin = origin_of(scope)
        if origin is None or not _asks_for_a_method(scope):
            return None
        return _preflight(origin, self._directory().origins)

    def fields(self, scope: Scope) -> tuple[tuple[bytes, bytes], ...]:
        """What the header of any other answer says beside what it says anyway."""
        return _allowed(scope, origin_of(scope)) if self._concerns(scope) else ()

    def _concerns(self, scope: Scope) -> bool:
        return bool(self._directory().origins) and scope["path"].startswith(PATHS)


def _asks_for_a_method(scope: Scope) -> bool:
    return any(name == b"access-control-request-method" for name, _ in scope["headers"])


def _preflight(origin: str, known: frozenset[str]) -> Answer:
    if origin not in known:
        return Answer(204, headers=(_VARY,))
    return Answer(
        204,
        headers=(
            (b"access-control-allow-origin", origin.encode("latin-1")),
            (b"access-control-allow-methods", _METHODS),
            (b"access-control-allow-headers", _HEADERS),
            (b"access-control-max-age", _PREFLIGHT_SECONDS),
            _VARY,
        ),
    )


def _allowed(scope: Scope, origin: str | None) -> tuple[tuple[bytes, bytes], ...]:
    principal: Principal | None = scope.get(PRINCIPAL)
    if origin is None or principal is None or origin not in principal.account.origins:
        return (_VARY,)
    return (
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"access-control-expose-headers", EXPOSED),
        _VARY,
    )
