"""The events of one call, as they happen."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Header
from starlette.responses import Response, StreamingResponse

from cordboard.api.v1.access import Here, Reader
from cordboard.api.v1.named import CallName, call_named, no_such_call
from cordboard.api.v1.problems import described
from cordboard.api.v1.routing import v1_router
from cordboard.feeds.stream import call_stream

router = v1_router("calls")

EVENT_STREAM: Final = "text/event-stream"

_EVENTS: Final = {
    "description": "server-sent events until the call has ended",
    "content": {
        EVENT_STREAM: {
            "example": 'id: 9d1c:7\nevent: leg.answered\ndata: {"seq":7}\n\n',
        }
    },
}


class _Events(StreamingResponse):
    media_type = EVENT_STREAM


@router.get(
    "/calls/{call}/events",
    response_class=_Events,
    responses={200: _EVENTS, **described("call_not_found")},
)
async def follow_call(
    principal: Reader,
    here: Here,
    call: CallName,
    last_event_id: Annotated[str | None, Header(description="go on behind this event")] = None,
) -> Response:
    """The events of a call: those so far, then live, until it has ended."""
    tenant, call = call_named(here, principal, call)
    if await here.journal.call(tenant, call) is None:
        raise no_such_call()
    stream = call_stream(here.journal, tenant, call, last_event_id or None)
    return _Events(stream, headers={"cache-control": "no-store"})
