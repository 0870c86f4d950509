"""Forgetting: calls that ended long ago go, with their events and callbacks, a few at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import structlog
from sqlalchemy import Update, delete, func, select, tuple_, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from cordboard.calls.people.agents import NO_CALL
from cordboard.journal.sql import recordings
from cordboard.journal.sql.store import Store
from cordboard.journal.sql.tables import attempts, calls, events, outbox, tenants
from cordboard.tasks import cancelled

_log = structlog.get_logger(__name__)

CALLS_A_STEP: Final = 50
"""Some 600 events: a commit of few milliseconds, for which live calls don't wait noticeably."""

EVENTS_A_STEP: Final = 500
"""Of those that are of no call."""

PAUSE_SECONDS: Final = 0.2
"""Between two steps while there is more: 250 calls a second go, more than come."""

LOOK_SECONDS: Final = 60.0
"""Between two looks whether anything is old enough."""


_NEWEST = (
    select(func.max(events.c.seq)).where(events.c.tenant == tenants.c.tenant).scalar_subquery()
)


def _numbers_of(ids: list[str]) -> Update:
    """Keep where the logs of these calls' tenants stand: their numbers go on when all else has
    gone, or a reader's place would mean other events."""
    theirs = select(events.c.tenant).where(events.c.call.in_(ids))
    return update(tenants).where(tenants.c.tenant.in_(theirs)).values(last_seq=_NEWEST)


async def _forget_of_no_call(connection: AsyncConnection, before: float) -> None:
    """Some of the events that are of no call: what agents did. How they stand is kept."""
    old = (
        select(events.c.tenant, events.c.seq)
        .where(events.c.call == NO_CALL, events.c.at < before)
        .order_by(events.c.call, events.c.seq)
        .limit(EVENTS_A_STEP)
    )
    found = (await connection.execute(old)).all()
    if not found:
        return
    theirs = tenants.c.tenant.in_({tenant for tenant, _ in found})
    await connection.execute(update(tenants).where(theirs).values(last_seq=_NEWEST))
    place = tuple_(events.c.tenant, events.c.seq)
    await connection.execute(delete(events).where(place.in_([tuple(one) for one in found])))


async def _forget_told_of_no_call(connection: AsyncConnection, before: float) -> None:
    """Some of what was told of those."""
    old = (
        select(outbox.c.id)
        .where(outbox.c.call == NO_CALL, outbox.c.at < before)
        .order_by(outbox.c.at)
        .limit(EVENTS_A_STEP)
    )
    ids = list((await connection.execute(old)).scalars())
    if ids:
        await connection.execute(delete(attempts).where(attempts.c.callback.in_(ids)))
        await connection.execute(delete(outbox).where(outbox.c.id.in_(ids)))


class Retention:
    """Keeps a journal's calls for ``keep`` seconds after their end; ``wall`` tells the time."""

    def __init__(self, store: Store, keep: float, wall: Callable[[], float]) -> None:
        self._store = store
        self._keep = keep
        self._wall = wall
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to forget."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Forget no more."""
        await cancelled(self._task)

    async def step(self) -> int:
        """Forget some of what is old enough; how many calls that were."""
        old = (
            select(calls.c.id)
            .where(calls.c.ended_at < self._wall() - self._keep)
            .order_by(calls.c.ended_at)
            .limit(CALLS_A_STEP)
        )
        async with self._store.engine.begin() as connection:
            ids = list((await connection.execute(old)).scalars())
            if ids:
                callbacks = select(outbox.c.id).where(outbox.c.call.in_(ids))
                await connection.execute(delete(attempts).where(attempts.c.callback.in_(callbacks)))
                await connection.execute(delete(outbox).where(outbox.c.call.in_(ids)))
                await connection.execute(_numbers_of(ids))
                await connection.execute(delete(events).where(events.c.call.in_(ids)))
                await connection.execute(delete(calls).where(calls.c.id.in_(ids)))
            await _forget_of_no_call(connection, self._wall() - self._keep)
            await _forget_told_of_no_call(connection, self._wall() - self._keep)
            await recordings.forget(connection, self._wall() - self._keep)
        return len(ids)

    async def _run(self) -> None:
        while True:
            pause = LOOK_SECONDS
            try:
                if await self.step() == CALLS_A_STEP:
                    pause = PAUSE_SECONDS
            except (SQLAlchemyError, OSError) as error:
                _log.warning("old calls can't be forgotten", reason=type(error).__name__)
            await asyncio.sleep(pause)
