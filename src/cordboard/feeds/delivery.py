"""Deliveries: bodies on their way to receivers, tried again until they arrive or it is too late.

Kept in memory: what has not arrived when the process ends is lost. Everything is bounded (how many
wait, how many of them for one host, how many are in flight, how often and how long each is tried),
and a receiver that does not answer holds up only what is meant for itself.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

import structlog
from yarl import URL

from cordboard.feeds.outbound import Outbound, OutboundFailed
from cordboard.feeds.slots import HostSlots

BACK_OFF = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
"""Seconds between the attempts: seven of them within about a minute, then a receiver's news is
old."""

MAX_IN_FLIGHT = 512
"""Requests under way in all; eight times what one host may have."""

MAX_WAITING = 20_000
"""Deliveries that are under way or wait for their next attempt, at about 3 KB each."""

MAX_WAITING_PER_HOST = 10_000
"""One dead receiver must leave room for the others: 16 s of 600 calls a second to it alone."""

GONE = 410
"""The status by which a receiver says that it wants no more (RFC 9110 15.5.11)."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A body for a receiver; ``id`` stays the same over all attempts, so repetitions are known."""

    id: str
    url: URL = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def host(self) -> str:
        """Who receives it, for slots and logs: the URL itself may hold secrets."""
        return f"{self.url.host}:{self.url.port}"


class Fate(Enum):
    """How a delivery ended."""

    DELIVERED = "delivered"
    GONE = "gone"
    GIVEN_UP = "given_up"
    DROPPED = "dropped"


class Deliveries:
    """Everything that is on its way. ``fates`` counts how deliveries ended."""

    def __init__(self, outbound: Outbound, back_off: Sequence[float] = BACK_OFF) -> None:
        self._outbound = outbound
        self._back_off = back_off
        self._slots = HostSlots()
        self._in_flight = asyncio.Semaphore(MAX_IN_FLIGHT)
        self._tasks: set[asyncio.Task[None]] = set()
        self._per_host: Counter[str] = Counter()
        self.fates: Counter[Fate] = Counter()

    def add(self, delivery: Delivery) -> bool:
        """Begin to deliver; False (and a line in the log) where too many wait already."""
        host = delivery.host
        if len(self._tasks) >= MAX_WAITING or self._per_host[host] >= MAX_WAITING_PER_HOST:
            self._ended(delivery, Fate.DROPPED)
            return False
        self._per_host[host] += 1
        task = asyncio.get_running_loop().create_task(self._deliver(delivery))
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._forget(done, host))
        return True

    def __len__(self) -> int:
        return len(self._tasks)

    async def idle(self) -> None:
        """Wait until nothing is on its way."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def stop(self) -> None:
        """Give up what is on its way."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _deliver(self, delivery: Delivery) -> None:
        for pause in (*self._back_off, None):
            status = await self._attempt(delivery)
            if status is not None and 200 <= status < 300:
                return self._ended(delivery, Fate.DELIVERED)
            if status == GONE:
                return self._ended(delivery, Fate.GONE)
            if pause is not None:
                await asyncio.sleep(pause)
        return self._ended(delivery, Fate.GIVEN_UP)

    async def _attempt(self, delivery: Delivery) -> int | None:
        """Try once; the answer's status, or None where there was none."""
        host = delivery.host
        headers = {"Content-Type": "application/json", "webhook-id": delivery.id}
        async with self._slots.slot(host), self._in_flight:
            try:
                status = await self._outbound.post(delivery.url, delivery.body, headers)
            except OutboundFailed as failure:
                self._slots.silent(host)
                _log.info("delivery.no_answer", id=delivery.id, host=host, why=str(failure))
                return None
        self._slots.answered(host)
        return status

    def _ended(self, delivery: Delivery, fate: Fate) -> None:
        self.fates[fate] += 1
        if fate is not Fate.DELIVERED:
            _log.warning("delivery.ended", id=delivery.id, host=delivery.host, fate=fate.value)

    def _forget(self, task: asyncio.Task[None], host: str) -> None:
        self._tasks.discard(task)
        self._per_host[host] -= 1
        if not self._per_host[host]:
            del self._per_host[host]
        if not task.cancelled() and task.exception() is not None:
            _log.error("delivery.broke", host=host, error=repr(task.exception()))
