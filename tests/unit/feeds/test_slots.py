"""How many requests may be under way to a host, and how many may wait for that."""

from __future__ import annotations

import asyncio

import pytest

from cordboard.feeds.slots import (
    AILING_SLOTS,
    AILING_WAITING,
    HEALTHY_SLOTS,
    HEALTHY_WAITING,
    HostSlots,
    NoRoom,
)

pytestmark = pytest.mark.anyio

HOST = "receiver.test:443"


class Requests:
    """Requests to a host, each of which lasts until :attr:`over`."""

    def __init__(self) -> None:
        self.slots = HostSlots()
        self.over = asyncio.Event()
        self.under_way = self.made = self.turned_away = 0
        self._tasks: list[asyncio.Task[None]] = []

    async def begin(self, number: int) -> None:
        """Begin so many more."""
        self._tasks += [asyncio.create_task(self._one()) for _ in range(number)]
        await asyncio.sleep(0)

    async def end(self) -> None:
        """Let all end."""
        self.over.set()
        await asyncio.gather(*self._tasks)

    async def _one(self) -> None:
        try:
            async with self.slots.slot(HOST):
                self.under_way += 1
                await self.over.wait()
                self.under_way -= 1
                self.made += 1
        except NoRoom:
            self.turned_away += 1


async def test_so_many_wait_for_a_host_and_no_more() -> None:
    requests = Requests()
    await requests.begin(HEALTHY_SLOTS + HEALTHY_WAITING + 7)
    assert (requests.under_way, requests.turned_away) == (HEALTHY_SLOTS, 7)
    assert requests.slots.waiting(HOST) == HEALTHY_WAITING
    await requests.end()
    assert requests.made == HEALTHY_SLOTS + HEALTHY_WAITING


async def test_who_waits_for_a_host_that_falls_silent_is_sent_away() -> None:
    requests = Requests()
    await requests.begin(HEALTHY_SLOTS + 100)
    requests.slots.silent(HOST)
    await requests.begin(1)
    assert requests.slots.waiting(HOST) == AILING_WAITING
    assert requests.turned_away == 100 - AILING_WAITING + 1
    await requests.end()
    requests.slots.answered(HOST)
    requests.over.clear()
    await requests.begin(AILING_SLOTS + AILING_WAITING + 1)
    assert requests.under_way == AILING_SLOTS + AILING_WAITING + 1
    await requests.end()


async def test_a_host_is_forgotten_for_another_only_when_nothing_is_under_way_to_it() -> None:
    slots = HostSlots(remembered=2)
    async with slots.slot("busy"), slots.slot("idle"):
        slots.silent("busy")
        slots.silent("idle")
    held = slots.slot("busy")
    async with held:
        async with slots.slot("new"):
            assert slots.slot("busy") is held
        again = slots.slot("idle")
        async with again, again, again:
            pass  # it may be well again, for all that is known


async def test_an_ailing_host_is_known_again_when_nothing_is_under_way_to_it() -> None:
    requests = Requests()
    await requests.begin(1)
    requests.slots.silent(HOST)
    await requests.end()
    requests.over.clear()
    await requests.begin(HEALTHY_SLOTS)
    assert requests.under_way == AILING_SLOTS
    await requests.end()
