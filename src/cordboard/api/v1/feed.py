"""``GET /v1/events``: what happens in all calls of a tenant, as server-sent events."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Annotated, Final

from fastapi import Header, Query, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from cordboard.api.auth import Principal
from cordboard.api.services import Services
from cordboard.api.v1.access import Here, needs
from cordboard.api.v1.problems import Problem, described
from cordboard.api.v1.routing import v1_router
from cordboard.calls.events import EventKind
from cordboard.directory.scopes import ApiScope
from cordboard.feeds.following import Feed, Follower, TooManyFollowers, Wish
from cordboard.feeds.messages import MalformedCursor, Reason

router = v1_router("events")

EVENT_STREAM: Final = "text/event-stream"

LONGEST_KINDS: Final = 1_000
"""Characters of ``kinds``: all of them, some twice."""

_Watcher = Annotated[Principal, needs("events:read")]

_FEED: Final = {
    "description": "server-sent events: a snapshot of the live calls, then what happens in them",
    "content": {
        EVENT_STREAM: {
            "example": (
                "id: 9d1cafe00001:41\nevent: snapshot\n"
                'data: {"type":"snapshot","cursor":"9d1cafe00001:41","calls":[],"agents":[],'
                '"more":false}\n\n'
                "id: 9d1cafe00001:42\nevent: call.accepted\n"
                'data: {"type":"event","cursor":"9d1cafe00001:42","seq":42}\n\n'
            ),
        }
    },
}


class EventStream(Response):
    """A follower's messages, until his last word or until the client has gone. One who does not
    read waits in ``send``, which holds 64 KB for him and no more."""

    media_type = EVENT_STREAM

    def __init__(self, feed: Feed, follower: Follower) -> None:
        super().__init__(
            headers={"cache-control": "no-store", "x-accel-buffering": "no"},
        )
        del self.headers["content-length"]
        self._feed = feed
        self._follower = follower

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - as ASGI has it
        """Stream."""
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        watching = asyncio.create_task(self._until_gone(receive))
        try:
            await send(start)
            async with aclosing(self._follower.messages()) as batches:
                async for batch in batches:
                    body = b"".join(message.as_sse() for message in batch)
                    await send({"type": "http.response.body", "body": body, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            watching.cancel()
            self._feed.leave(self._follower)

    async def _until_gone(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._follower.end(Reason.LEFT)


@router.get(
    "/events",
    status_code=200,
    response_class=EventStream,
    responses={200: _FEED, **described("invalid_parameter", "too_many_readers")},
)
async def follow_events(
    request: Request,
    principal: _Watcher,
    here: Here,
    call: Annotated[str | None, Query(description="only of this call")] = None,
    kinds: Annotated[
        str | None,
        Query(
            max_length=LONGEST_KINDS,
            description="only of these kinds, separated by commas",
            examples=["call.accepted,call.ended"],
        ),
    ] = None,
    after: Annotated[
        str | None, Query(description="go on behind this cursor, without a snapshot")
    ] = None,
    last_event_id: Annotated[
        str | None, Header(description="as `after`, over which it counts: browsers send it")
    ] = None,
) -> Response:
    """The live calls as they are, then every event once and in order; also as WebSocket."""
    wish = wish_of(here, principal, call, kinds, last_event_id or after)
    return EventStream(here.feed, follower_for(here, request.scope, principal, wish))


def wish_of(
    here: Services, principal: Principal, call: str | None, kinds: str | None, after: str | None
) -> Wish:
    """What is asked for; raises :class:`Problem` (invalid_parameter)."""
    if call:
        call = here.exchange.call_of(principal.tenant.domain, call) or call
    return Wish(call or None, None if not kinds else _kinds(kinds), after or None)


def follower_for(here: Services, scope: Scope, principal: Principal, wish: Wish) -> Follower:
    """Let an authenticated client follow as long as it may.

    Raises :class:`Problem` (invalid_parameter, too_many_readers).
    """

    def allowed() -> bool:
        known = here.gate.known(scope)
        return known is not None and known.may(ApiScope.EVENTS_READ)

    try:
        return here.feed.follow(principal.tenant.domain, wish, allowed)
    except MalformedCursor:
        detail = "a cursor is what events have as their id: epoch:seq"
        raise Problem("invalid_parameter", detail, parameter="after") from None
    except TooManyFollowers:
        raise Problem("too_many_readers", "others follow already: as many as may") from None


def _kinds(text: str) -> frozenset[EventKind]:
    try:
        return frozenset(EventKind(name.strip()) for name in text.split(","))
    except ValueError:
        detail = "kinds are those of the events, separated by commas: call.accepted,call.ended"
        raise Problem("invalid_parameter", detail, parameter="kinds") from None
