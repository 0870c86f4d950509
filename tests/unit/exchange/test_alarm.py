"""The calls' one timer wakes whom it should, and holds nothing of calls that are over."""

from __future__ import annotations

import asyncio

import pytest

from cordboard.exchange.alarm import MIN_SWEEP, Alarm
from support.waiting import BOUND

pytestmark = pytest.mark.anyio

HOURS = 6 * 3600.0


async def test_calls_that_are_over_leave_nothing_behind() -> None:
    alarm = Alarm(lambda _: None)
    now = asyncio.get_running_loop().time()
    for number in range(50 * MIN_SWEEP):
        alarm.set(f"call-{number}", now + 60.0)
        alarm.set(f"call-{number}", now + HOURS)
        alarm.set(f"call-{number}", None)
    assert len(alarm._heap) <= MIN_SWEEP
    alarm.close()


async def test_live_calls_are_woken_in_order_after_a_sweep() -> None:
    woken: list[str] = []
    done = asyncio.Event()

    def due(name: str) -> None:
        woken.append(name)
        if name == "last":
            done.set()

    alarm = Alarm(due)
    now = asyncio.get_running_loop().time()
    alarm.set("last", now + 0.02)
    alarm.set("first", now + 0.01)
    for number in range(3 * MIN_SWEEP):
        alarm.set(str(number), now + HOURS)
        alarm.set(str(number), None)
    async with asyncio.timeout(BOUND):
        await done.wait()
    assert woken == ["first", "last"]
    alarm.close()
