"""Callbacks: whoever asked for a call is told, however long his server was away.

What is owed stands in the journal's outbox, committed with the event that it tells of. A new one is
tried at once; what can't be delivered is left there, and looked for again when its time has come.
So nothing is lost with this process, and a receiver that is away costs no memory.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Final

import structlog

from cordboard.calls.owing import Owed
from cordboard.feeds.delivery import Courier, Terms
from cordboard.feeds.outbound import UnusableUrl, usable_url
from cordboard.feeds.slots import NoRoom
from cordboard.journal.outbox import Attempt, Fate, Posted
from cordboard.journal.port import Journal, JournalUnavailable
from cordboard.tasks import cancelled

DRAIN_SECONDS: Final = 3.0
"""How long a stopping server waits for callbacks under way; the others stay in the outbox."""

LOOK_SECONDS: Final = 1.0
"""Between two looks for callbacks that are due again: the shortest pause between attempts."""

SETTLE_SECONDS: Final = 60.0
"""How long an attempt is remembered here: until then the outbox tells of it."""

MAX_UNDER_WAY: Final = 2_000
"""Callbacks that are being delivered, or wait for a slot of their host; the rest waits where it is
kept."""

COUNT_SECONDS: Final = 60.0
"""Between two counts of the outbox, each of which looks at every callback that is owed."""

NO_ROOM_SECONDS: Final = 60.0
"""For how long those are put off for which there is no room, as too many wait for their host: as
long as they wait they are no more than rows."""

_log = structlog.get_logger(__name__)

Renderer = Callable[[Owed], bytes]
"""Makes a dialect's JSON body of the event that is told."""

Deliver = Callable[[Owed, int], Awaitable[Attempt]]
"""Tries to deliver something in its own way, which was tried so many times. An attempt that took a
negative time is the last: nothing could even be tried. Raises :class:`NoRoom`."""

TermsOf = Callable[[str, str], Terms]
"""How callbacks of a tenant's account are delivered."""

_renderers: dict[str, Renderer] = {}


_Thread = tuple[str, str, str]


def _thread(one: Owed) -> _Thread:
    """What is told of one call to one receiver is told one after the other."""
    return one.call, one.dialect, one.account


def register_renderer(dialect: str, renderer: Renderer) -> None:
    """Say how a dialect tells of an event."""
    _renderers[dialect] = renderer


class Callbacks:
    """Keeps the outbox of a journal empty. ``others`` deliver what is owed in their dialects."""

    def __init__(
        self,
        journal: Journal,
        courier: Courier,
        wall: Callable[[], float],
        terms: TermsOf = lambda _tenant, _account: Terms(),
        *,
        others: Mapping[str, Deliver] | None = None,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        self._journal = journal
        self._courier = courier
        self._wall = wall
        self._terms = terms
        self._others = others or {}
        self._last: dict[_Thread, asyncio.Task[None]] = {}
        self._look_seconds = look_seconds
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._made: dict[str, tuple[int, float]] = {}
        self._no_room: list[str] = []
        self._looking: asyncio.Task[None] | None = None
        self.pending = 0
        """How many are owed: as counted in the outbox now and then, with what came and went."""
        self._counted_at = -COUNT_SECONDS

    def start(self) -> None:
        """Deliver what is owed from now on, and what was left."""
        self._journal.on_owed(self._owed)
        self._looking = asyncio.get_running_loop().create_task(self._look())

    async def stop(self, within: float = DRAIN_SECONDS) -> None:
        """Deliver what is under way, at most for some seconds, then end."""
        with suppress(JournalUnavailable):  # it has said so in the log
            await self._journal.flush()
        await cancelled(self._looking)
        tasks = tuple(self._under_way.values())
        if tasks:
            await asyncio.wait(tasks, timeout=within)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def deliver(self, one: Owed, attempts: int = 0) -> None:
        """Try to deliver a callback now, unless that is under way."""
        if one.id not in self._under_way and len(self._under_way) < MAX_UNDER_WAY:
            before = self._last.get(_thread(one)) if one.seq is not None else None
            task = asyncio.get_running_loop().create_task(self._deliver(one, attempts, before))
            self._under_way[one.id] = task
            if one.seq is not None:
                self._last[_thread(one)] = task
            task.add_done_callback(lambda done: self._over(one, done))

    def _owed(self, one: Owed) -> None:
        """A callback is owed from now on. A look into the outbox may have seen it committed before
        the journal could say so, and then it is tried already."""
        self.pending += 1
        if one.id not in self._made:
            self.deliver(one)

    async def _look(self) -> None:
        """Take up what is due, again and again."""
        while True:
            room = MAX_UNDER_WAY - len(self._under_way)
            if room > 0:
                try:
                    await self._count()
                    await self._put_off()
                    due = await self._journal.due(self._wall(), room)
                except JournalUnavailable:
                    due = ()  # it says so in the log
                except Exception:
                    _log.exception("the outbox can't be read")
                    due = ()
                for posted in due:
                    if not self._is_stale(posted):
                        self.deliver(posted.owed, posted.attempts)
                self._forget_old_attempts()
            await asyncio.sleep(self._look_seconds)

    async def _count(self) -> None:
        now = self._wall()
        if abs(now - self._counted_at) >= COUNT_SECONDS:
            self._counted_at = now
            self.pending = (await self._journal.backlog()).pending

    async def _put_off(self) -> None:
        """Leave those for later for which there is no room: others are due behind them."""
        ids, self._no_room = self._no_room, []
        if ids:
            await self._journal.put_off(ids, self._wall() + NO_ROOM_SECONDS)

    def _is_stale(self, posted: Posted) -> bool:
        """Whether a look into the outbox does not show yet what was tried since."""
        made, _ = self._made.get(posted.owed.id, (0, 0.0))
        return posted.attempts < made

    def _forget_old_attempts(self) -> None:
        now = self._wall()
        while self._made:
            oldest = next(iter(self._made))
            if self._made[oldest][1] > now - SETTLE_SECONDS:
                return
            del self._made[oldest]

    async def _deliver(self, one: Owed, attempts: int, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            await asyncio.wait((before,))
        try:
            attempt = await self._attempt(one, attempts)
        except NoRoom:
            self._no_room.append(one.id)
            return
        if attempt.status is None and attempt.error is not None and attempt.seconds < 0:
            fate, next_at = Fate.GIVEN_UP, None  # it could not even be tried
        else:
            fate, next_at = self._courier.fate_after(attempt, attempts + 1)
        self._made.pop(one.id, None)  # the latest stand last
        self._made[one.id] = (attempts + 1, self._wall())
        self._journal.attempted(one.id, attempt, fate, next_at)
        if fate is not Fate.PENDING:
            self.pending -= 1
        if fate in (Fate.GONE, Fate.GIVEN_UP):
            _log.warning("a callback is not delivered", id=one.id, call=one.call, fate=fate.value)

    async def _attempt(self, one: Owed, attempts: int) -> Attempt:
        deliver = self._others.get(one.dialect)
        if deliver is not None:
            return await deliver(one, attempts)
        renderer = _renderers.get(one.dialect)
        if renderer is None:
            return Attempt(self._wall(), None, f"nothing speaks {one.dialect} here", -1.0)
        try:
            url = usable_url(one.url)
        except UnusableUrl as error:
            return Attempt(self._wall(), None, f"the URL {error}", -1.0)
        terms = self._terms(one.tenant, one.account)
        return await self._courier.attempt(one.id, url, renderer(one), terms)

    def _over(self, one: Owed, task: asyncio.Task[None]) -> None:
        self._under_way.pop(one.id, None)
        if one.seq is not None and self._last.get(_thread(one)) is task:
            del self._last[_thread(one)]
        if not task.cancelled() and task.exception() is not None:
            _log.error("delivery.broke", id=one.id, call=one.call, exc_info=task.exception())
