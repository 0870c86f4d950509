"""A call's events as server-sent events (WHATWG HTML 9.2): those that are there, then live.

The stream ends with the call. It can be continued from any event's id (``epoch:seq``); when the id
is of another epoch, a ``resync`` event says that what follows begins anew.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress

from cordboard.calls.events import EventKind, Recorded
from cordboard.journal.port import Journal, Reader, ResyncNeeded

HEARTBEAT_SECONDS = 15.0
"""A comment keeps proxies from closing a silent stream; WHATWG HTML 9.2.7 advises 15 s."""

HEARTBEAT = b":\n\n"
RESYNC = b"event: resync\ndata: {}\n\n"


def render(recorded: Recorded) -> bytes:
    """One event as it stands in the stream."""
    data = json.dumps(recorded.as_dict(), separators=(",", ":"))
    kind = recorded.event.kind.value
    return f"id: {recorded.cursor}\nevent: {kind}\ndata: {data}\n\n".encode()


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
        yield RESYNC
        seen = 0
    while True:
        reader = journal.read(tenant)  # before the look back, so that nothing falls between
        try:
            for recorded in await journal.events_of(tenant, call):
                if recorded.seq > seen:
                    seen = recorded.seq
                    yield render(recorded)
                if recorded.event.kind is EventKind.CALL_ENDED:
                    return
            async for live in _followed(reader, call, heartbeat):
                if live is None:
                    yield HEARTBEAT
                elif live.seq > seen:
                    seen = live.seq
                    yield render(live)
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
    epoch, _, number = after.rpartition(":")
    if epoch != journal.epoch or not (number.isascii() and number.isdigit()) or len(number) > 19:
        return None
    return int(number)


async def _followed(reader: Reader, call: str, every: float) -> AsyncIterator[Recorded | None]:
    """The reader's events of a call, and None whenever none came for ``every`` seconds."""
    upcoming: asyncio.Future[Recorded] | None = None
    try:
        while True:
            upcoming = upcoming or asyncio.ensure_future(_next_of(reader, call))
            done, _ = await asyncio.wait((upcoming,), timeout=every)
            if not done:
                yield None
                continue
            recorded, upcoming = upcoming.result(), None
            yield recorded
    finally:
        if upcoming is not None:
            upcoming.cancel()
            with suppress(asyncio.CancelledError, ResyncNeeded):
                await upcoming


async def _next_of(reader: Reader, call: str) -> Recorded:
    while True:
        recorded = await anext(reader)
        if recorded.event.call == call:
            return recorded
