"""The calls that phones and trunks make: each is planned as if a client had asked for it, made
durable, and begun; or its caller is refused with why not.

Between the offer and its begin the journal writes. A caller who gives up meanwhile has called all
the same: his call begins, and ends with that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from cordboard.calls.planning.offered_request import request_of
from cordboard.calls.ports import EngineCommand, EngineEvent, Incoming, Reject
from cordboard.calls.refusals import RefusalId, Refused
from cordboard.calls.request import CallRequest
from cordboard.directory.snapshot import Directory

STATUSES: Final[dict[RefusalId, tuple[int, str]]] = {
    RefusalId.USER_NOT_FOUND: (404, "Not Found"),
    RefusalId.GROUP_NOT_FOUND: (404, "Not Found"),
    RefusalId.INVALID_DESTINATION: (404, "Not Found"),
    RefusalId.USER_NOT_REGISTERED: (480, "Temporarily Unavailable"),
    RefusalId.NO_MEMBER_AVAILABLE: (480, "Temporarily Unavailable"),
    RefusalId.CHANNEL_LIMIT_REACHED: (503, "All Lines Busy"),
    RefusalId.TRUNK_DOWN: (503, "Trunk Down"),
    RefusalId.OVERLOADED: (503, "Service Unavailable"),
    RefusalId.NO_CREDIT: (402, "Payment Required"),
}
"""How callers are refused; whatever is missing they may not do (403)."""

FORBIDDEN: Final = (403, "Forbidden")
BUSY: Final = (486, "Busy Here")
MERGED: Final = (482, "Loop Detected")

_log = structlog.get_logger(__name__)

Accept = Callable[[CallRequest], Awaitable[object]]


class Offers:
    """Those that have not begun. ``accept`` places a request, ``execute`` commands the engine,
    ``tell`` hands an event to the call that a channel is of by then."""

    def __init__(
        self,
        directory: Callable[[], Directory],
        new_id: Callable[[], str],
        accept: Accept,
        execute: Callable[[EngineCommand], None],
        tell: Callable[[EngineEvent], None],
    ) -> None:
        self._directory = directory
        self._new_id = new_id
        self._accept = accept
        self._execute = execute
        self._tell = tell
        self._waiting: dict[str, list[EngineEvent]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._waiting)

    def take(self, incoming: Incoming, *, known: bool) -> None:
        """A call is offered; ``known``: its channel is one of a call that is alive."""
        if known or incoming.channel in self._waiting:
            self._execute(Reject(incoming.channel, *MERGED))
            return
        self._waiting[incoming.channel] = []
        task = asyncio.get_running_loop().create_task(self._begin(incoming))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def note(self, event: EngineEvent) -> None:
        """Something has happened on a channel that is of no call yet, or of none any more."""
        events = self._waiting.get(event.channel)
        if events is not None:
            events.append(event)

    async def settled(self) -> None:
        """Wait until each of them has begun or is refused."""
        while self._tasks:
            await asyncio.gather(*self._tasks)

    async def _begin(self, incoming: Incoming) -> None:
        channel = incoming.channel
        try:
            request = request_of(incoming, self._directory(), self._new_id())
            await self._accept(request)
        except Refused as refusal:
            self._refuse(incoming, refusal)
        except Exception:
            _log.exception("offer.broke", channel=channel)
            self._execute(Reject(channel, 500, "Server Internal Error"))
        finally:
            events = self._waiting.pop(channel, [])
        for event in events:
            self._tell(event)

    def _refuse(self, incoming: Incoming, refusal: Refused) -> None:
        status, phrase = status_of(refusal)
        if refusal.retry_after is None:  # else there may be hundreds of them a second
            _log.info(
                "offer.refused",
                channel=incoming.channel,
                caller=incoming.terminal or ", ".join(incoming.trunks),
                dialled=incoming.dialled,
                status=status,
                reason=refusal.message,
            )
        self._execute(Reject(incoming.channel, status, phrase, refusal.retry_after))


def status_of(refusal: Refused) -> tuple[int, str]:
    """How a caller is refused. Who has all his lines in use is busy; where others share them, there
    is none left."""
    limit = refusal.parameter or ""
    if refusal.id is RefusalId.CHANNEL_LIMIT_REACHED and limit.startswith("user:"):
        return BUSY
    return STATUSES.get(refusal.id, FORBIDDEN)
