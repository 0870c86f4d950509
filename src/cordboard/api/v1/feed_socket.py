"""``/v1/events`` as WebSocket (RFC 6455): the same messages, each a text.

Who asks is found out before anything is accepted. A web page can set no header, so that its token
may come as a subprotocol beside ours: ``new WebSocket(url, ["cordboard.v1", "bearer." + token])``
with the token in base64url without padding. It must be a page of an origin that the account names.
"""

from __future__ import annotations

import asyncio
import binascii
from base64 import urlsafe_b64decode
from contextlib import aclosing
from typing import Final
from urllib.parse import parse_qs

from starlette.types import ASGIApp, Receive, Scope, Send

from cordboard.api.cors import origin_of
from cordboard.api.requests import note
from cordboard.api.services import Services
from cordboard.api.v1.access import admitted
from cordboard.api.v1.feed import LONGEST_KINDS, follower_for, wish_of
from cordboard.api.v1.problems import Problem, answer_of
from cordboard.directory.scopes import ApiScope
from cordboard.feeds.following import Follower
from cordboard.feeds.messages import Message, Reason

SUBPROTOCOL: Final = "cordboard.v1"
_TOKEN: Final = "bearer."  # noqa: S105 - what stands before one

MAX_QUERY_FIELDS: Final = 10

GONE_SECONDS: Final = 1.0
"""Within which a server notices that a connection is gone which it can't write to."""

TEXTS_AT_ONCE: Final = 4
"""asyncio complains of whoever writes five times to a connection that is lost."""

_CLOSE_CODES: Final = {
    Reason.GOING_DOWN: 1012,
    Reason.TOO_SLOW: 1013,
    Reason.NOT_ALLOWED: 1008,
}
"""RFC 6455 7.4.1 and IANA's registry: service restart, try again later, policy violation."""


class FeedSocket:
    """The ASGI application behind it."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        note(scope, dialect="v1", method="follow_events")
        try:
            follower = self._follower(with_token(scope))
        except Problem as problem:
            await _refuse(problem, scope, receive, send)
            return
        try:
            await self._serve(follower, scope, receive, send)
        finally:
            self._services.feed.leave(follower)

    def _follower(self, scope: Scope) -> Follower:
        principal = admitted(self._services, scope, [ApiScope.EVENTS_READ.value])
        origin = origin_of(scope)
        if origin is not None and origin not in principal.account.origins:
            detail = "the account does not name the origin of this page"
            raise Problem("origin_not_allowed", detail, parameter="Origin")
        call, kinds, after = _asked(scope)
        wish = wish_of(self._services, principal, call, kinds, after)
        return follower_for(self._services, scope, principal, wish)

    async def _serve(self, follower: Follower, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        ours = SUBPROTOCOL if SUBPROTOCOL in scope.get("subprotocols", ()) else None
        await send({"type": "websocket.accept", "subprotocol": ours})
        watching = asyncio.create_task(_until_gone(follower, receive))
        try:
            async with aclosing(follower.messages()) as batches:
                async for batch in batches:
                    await _send(batch, follower, send)
            code = _CLOSE_CODES.get(follower.told or Reason.LEFT)
            if code is not None:
                await send({"type": "websocket.close", "code": code})
        except OSError:  # he has gone; uvicorn stumbles where we end before it has noticed
            await asyncio.wait((watching,), timeout=GONE_SECONDS)
        finally:
            watching.cancel()


async def _send(batch: list[Message], follower: Follower, send: Send) -> None:
    """Send texts, as long as somebody is there: whether he has gone, other tasks find out."""
    for number, message in enumerate(batch, 1):
        if follower.told is not Reason.LEFT:
            try:
                await send({"type": "websocket.send", "text": message.body.decode("ascii")})
            except RuntimeError as error:  # uvicorn's word for who left before the handshake's end
                raise ConnectionResetError("the client has gone") from error
        if number % TEXTS_AT_ONCE == 0:
            await asyncio.sleep(0)


async def _until_gone(follower: Follower, receive: Receive) -> None:
    """Whatever a client says means nothing, until it goes."""
    while (await receive())["type"] != "websocket.disconnect":
        pass
    follower.end(Reason.LEFT)


async def _refuse(problem: Problem, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer the handshake as any request, where the server can; else close it."""
    await receive()
    if "websocket.http.response" in scope.get("extensions", {}):
        answer: ASGIApp = answer_of(problem)
        await answer(scope, receive, send)
    else:
        await send({"type": "websocket.close", "code": 1008})


def with_token(scope: Scope) -> Scope:
    """The scope of a handshake, with the token of its subprotocols as a header if it has no other
    credentials."""
    headers = scope["headers"]
    if any(name == b"authorization" for name, _ in headers):
        return scope
    given = [one for one in scope.get("subprotocols", ()) if one.startswith(_TOKEN)]
    if len(given) != 1:
        return scope
    encoded = given[0].removeprefix(_TOKEN)
    try:
        token = urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
    except (binascii.Error, ValueError):
        return scope
    return {**scope, "headers": [*headers, (b"authorization", b"Bearer " + token)]}


def _asked(scope: Scope) -> tuple[str | None, str | None, str | None]:
    """The parameters call, kinds and after; raises :class:`Problem` (invalid_parameter)."""
    try:
        found = parse_qs(
            scope["query_string"].decode("ascii"), max_num_fields=MAX_QUERY_FIELDS, errors="strict"
        )
    except ValueError:
        raise Problem("invalid_parameter", "the query can't be read") from None
    call, kinds, after = (found.get(name, [None])[-1] for name in ("call", "kinds", "after"))
    if kinds is not None and len(kinds) > LONGEST_KINDS:
        detail = f"at most {LONGEST_KINDS} characters"
        raise Problem("invalid_parameter", detail, parameter="kinds")
    return call, kinds, after
