"""The calls for later: each is woken when it is due, by the time of day.

The time of day may be set while they wait, so that no wait is longer than a minute.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from cordboard.calls.events import Recorded
from cordboard.calls.running.progress import group_of, progress_of
from cordboard.calls.running.scheduled import ScheduledCall
from cordboard.calls.stages import Stage
from cordboard.exchange.alarm import Alarm
from cordboard.journal.port import CallRecord
from cordboard.journal.request_form import read

MAX_SCHEDULED: Final = 20_000
"""Calls that may wait at once; each takes some 3 KB."""

LONGEST_WAIT: Final = 60.0
"""Seconds after which the time of day is looked at again."""

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Waiting:
    scheduled: ScheduledCall
    beginning: asyncio.Task[None] | None = None
    unwanted: bool = False


def waiting_call(record: CallRecord, events: Sequence[Recorded]) -> ScheduledCall | None:
    """The call of a record, where it has not begun and waits for its time."""
    if record.request is None or progress_of(events).stage is not Stage.SCHEDULED:
        return None
    try:
        request = read(record.request)
    except ValueError:
        _log.error("schedule.unreadable", call=record.id)  # by a version that wrote it otherwise
        return None
    due_at = request.due_at(record.accepted_at)
    return None if due_at is None else ScheduledCall(request, due_at, group_of(events[0].event))


class Schedule:
    """Hands each call to ``begin`` when it is due; ``wall`` is seconds since 1970."""

    def __init__(
        self, wall: Callable[[], float], begin: Callable[[ScheduledCall], Awaitable[None]]
    ) -> None:
        self._wall = wall
        self._begin = begin
        self._waiting: dict[str, _Waiting] = {}
        self._alarm = Alarm(self._due)

    def __len__(self) -> int:
        return len(self._waiting)

    def waiting(self, tenant: str, method: str) -> int:
        """How many calls of a tenant wait that were asked for by a method."""
        asked = (waiting.scheduled.request for waiting in self._waiting.values())
        return sum(one.method == method and one.tenant == tenant for one in asked)

    def add(self, scheduled: ScheduledCall) -> None:
        """Let a call wait for its time."""
        self._waiting[scheduled.id] = _Waiting(scheduled)
        self._set(scheduled.id, scheduled.due_at)

    def again(self, scheduled: ScheduledCall, seconds: float) -> None:
        """Wake a call once more that could not begin."""
        waiting = self._waiting[scheduled.id]
        waiting.beginning = None
        self._set(scheduled.id, self._wall() + seconds)

    def of(self, tenant: str, call: str) -> ScheduledCall | None:
        """A call of a tenant that waits, or is just beginning."""
        waiting = self._waiting.get(call)
        if waiting is None or waiting.scheduled.request.tenant != tenant:
            return None
        return waiting.scheduled

    def cancel(self, scheduled: ScheduledCall) -> bool:
        """Let a call wait no longer. False where it is just beginning: it will be told then."""
        waiting = self._waiting[scheduled.id]
        if waiting.beginning is not None:
            waiting.unwanted = True
            return False
        self.done(scheduled)
        return True

    def done(self, scheduled: ScheduledCall) -> bool:
        """A call waits no more; whether it is wanted still."""
        self._alarm.set(scheduled.id, None)
        return not self._waiting.pop(scheduled.id).unwanted

    async def stop(self) -> None:
        """Wake nobody any more, and wait for those that are beginning."""
        self._alarm.close()
        beginning = [one.beginning for one in self._waiting.values() if one.beginning is not None]
        await asyncio.gather(*beginning)

    def _set(self, call: str, wall: float) -> None:
        wait = min(max(0.0, wall - self._wall()), LONGEST_WAIT)
        self._alarm.set(call, asyncio.get_running_loop().time() + wait)

    def _due(self, call: str) -> None:
        waiting = self._waiting[call]
        if waiting.scheduled.due_at > self._wall():
            self._set(call, waiting.scheduled.due_at)
            return
        beginning = self._begin_one(waiting.scheduled)
        waiting.beginning = asyncio.get_running_loop().create_task(beginning)

    async def _begin_one(self, scheduled: ScheduledCall) -> None:
        try:
            await self._begin(scheduled)
        except Exception:
            _log.exception("schedule.broke", call=scheduled.id)
            self.again(scheduled, LONGEST_WAIT)  # until it is too late, which is a result too
