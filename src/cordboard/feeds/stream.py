"""A call's events as server-sent events: those that are there, then live.

The stream ends with the call. It can be continued from any event's id (``epoch:seq``); when the id
is of another epoch, a ``resync`` event says that what follows begins anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from cordboard.calls.events import EventKind, Recorded
from cordboard.feeds.following import HEARTBEAT_SECONDS
from cordboard.feeds.messages import (
    MalformedCursor,
    Reason,
    event_message,
    number_in,
    resync_message,
)
from cordboard.journal.port import Journal, Reader, ResyncNeeded

HEARTBEAT = b":\n\n"


async def call_stream(
    journal: Journal,
    tenant: str,
    call: str,
    after: str | None = None,
    heartbeat: float = HEARTBEAT_SECONDS,
) -> AsyncIterator[bytes]:
    """The events of a call of a tenant behind a cursor, until its end."""
    seen = _sequence_number(journal, after)
    if seen is None:
        yield resync_message(Reason.OTHER_EPOCH).as_sse()
        seen = 0
    while True:
        reader = journal.read(tenant)  # before the look back, so that nothing falls between
        try:
            for recorded in await journal.events_of(tenant, call):
                if recorded.seq > seen:
                    seen = recorded.seq
                    yield event_message(recorded).as_sse()
                if recorded.event.kind is EventKind.CALL_ENDED:
                    return
            while True:
                live = await _next_of(reader, call, heartbeat)
                if live is None:
                    yield HEARTBEAT
                elif live.seq > seen:
                    seen = live.seq
                    yield event_message(live).as_sse()
                    if live.event.kind is EventKind.CALL_ENDED:
                        return
        except ResyncNeeded:
            continue  # too slow for the log; the call's own events are still there
        finally:
            await reader.aclose()


def _sequence_number(journal: Journal, after: str | None) -> int | None:
    """Where a cursor stands, 0 without one, None where it is of another epoch or none at all."""
    if not after:
        return 0
    try:
        epoch, number = number_in(after)
    except MalformedCursor:
        return None
    return number if epoch == journal.epoch else None


async def _next_of(reader: Reader, call: str, within: float) -> Recorded | None:
    """The next event of a call, None where there is none for so many seconds."""
    try:
        async with asyncio.timeout(within):
            while True:
                recorded = await anext(reader)
                if recorded.event.call == call:
                    return recorded
    except TimeoutError:
        return None
