"""At the door of the exchange: who is let in, who is told to come again, and what the log says."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest
from structlog.testing import capture_logs

from cordboard.calls.overload import LOOK_SECONDS, PLACES_A_TURN
from cordboard.calls.overload_limits import NO_LIMITS, OverloadLimits, Strain
from cordboard.calls.ports import Incoming
from cordboard.calls.refusals import RefusalId, Refused
from cordboard.exchange.admission import RETRY_SECONDS, TOLD_SECONDS, Admission
from support.quick_house import QuickHouse
from support.tenants import DOMAIN, request
from support.waiting import eventually

pytestmark = pytest.mark.anyio

TWO_LEGS = OverloadLimits(0.0, 0.0, 2, 0)
CHANNEL = "a/strange id@192.0.2.9"


class Door:
    """An admission whose clock and legs a test sets."""

    def __init__(self, limits: OverloadLimits) -> None:
        self.now = 100.0
        self.legs = 0
        self.admission = Admission(limits, lambda: self.legs, lambda: self.now)

    def is_empty(self) -> bool:
        """Whether nobody waits any more; a second passes by asking."""
        self.now += 1.0
        return self.admission.waiting == 0

    def look(self, lag: float, seconds: float) -> None:
        """Be so late for a while."""
        end = self.now + seconds
        while self.now < end:
            self.now += LOOK_SECONDS
            self.admission.look(lag, 0.0, 0)

    def refuse(self, times: int) -> None:
        """Let so many come that there is no room for."""
        for _ in range(times):
            while self.admission.busy() is None:
                pass


def test_whoever_is_refused_hears_why_and_when_to_come_again() -> None:
    door = Door(TWO_LEGS)
    door.admission.take()
    door.legs = 2
    with pytest.raises(Refused) as caught:
        door.admission.take()
    assert (caught.value.id, caught.value.parameter) == (
        RefusalId.OVERLOADED,
        "overload.live_legs",
    )
    assert caught.value.retry_after == RETRY_SECONDS
    assert door.admission.busy_seconds() == RETRY_SECONDS
    assert door.admission.refused[Strain.LIVE_LEGS] == 2
    with pytest.raises(Refused):
        door.admission.explained()
    assert door.admission.refused[Strain.LIVE_LEGS] == 2, "whoever only asks is not refused"
    door.legs = 0
    door.admission.explained()
    door.admission.take()
    assert door.admission.busy_seconds() is None


async def test_the_log_has_a_line_when_it_begins_one_now_and_then_and_one_at_the_end() -> None:
    door = Door(OverloadLimits(lag=0.01))
    with capture_logs() as logs:
        door.look(0.001, 1.0)
        door.look(0.1, 1.0)
        assert logs == [], "nobody was refused"
        for _ in range(300):
            door.refuse(7)
            door.look(0.1, 0.1)
        await eventually(door.is_empty)
        door.look(0.0, 3.0)
    assert logs[0]["event"] == "overload.began"
    assert logs[-1]["event"] == "overload.over"
    assert {line["event"] for line in logs[1:-1]} == {"overload.goes_on"}
    assert 2 <= len(logs[1:-1]) <= 30.0 / TOLD_SECONDS + 1
    assert sum(line["refused"] for line in logs) == 2100
    assert {line["log_level"] for line in logs} == {"warning"}


async def test_a_call_too_many_is_refused_and_the_next_one_begins_when_there_is_room() -> None:
    house = QuickHouse()
    house.exchange.admission.follow(TWO_LEGS)
    call = await house.place()
    with pytest.raises(Refused) as caught:
        await house.place()
    assert caught.value.id is RefusalId.OVERLOADED
    with pytest.raises(Refused):
        house.exchange.explain(request())
    await house.hang_up_second(call)
    assert house.exchange.admission.legs == 0
    await house.hang_up_second(await house.place())
    assert house.exchange.explain(request())["accepted"] is True


async def test_who_calls_us_is_refused_before_anything_is_kept_and_hears_when() -> None:
    house = QuickHouse()
    house.exchange.admission.follow(TWO_LEGS)
    house.engine.take_calls(house.exchange.admission.busy_seconds)
    await house.place()
    incoming = Incoming(CHANNEL, f"jessica-desk@{DOMAIN}", (), "1002", DOMAIN, "jessica-desk")
    caller = house.engine.call_in(incoming)
    assert (caller.refused, caller.retry_after) == (503, RETRY_SECONDS)
    assert house.exchange.call_of(DOMAIN, CHANNEL) is None


async def test_who_called_us_just_before_there_was_too_much_hears_when_too() -> None:
    house = QuickHouse()
    house.exchange.admission.follow(TWO_LEGS)
    house.engine.take_calls()
    await house.place()
    with capture_logs() as logs:
        caller = house.engine.call_in(
            Incoming(CHANNEL, f"jessica-desk@{DOMAIN}", (), "1002", DOMAIN, "jessica-desk")
        )
        await eventually(lambda: caller.refused is not None)
    assert (caller.refused, caller.retry_after) == (503, RETRY_SECONDS)
    assert [line for line in logs if line["event"] == "offer.refused"] == []


async def test_who_is_let_in_waits_for_his_turn_of_the_loop() -> None:
    door, begun = Door(OverloadLimits(lag=0.01)), list[int]()
    for number in range(50):
        assert door.admission.enter(partial(begun.append, number)) is None
    assert begun == list(range(PLACES_A_TURN))
    for turn in range(2, 6):
        await asyncio.sleep(0)
        assert begun == list(range(PLACES_A_TURN * turn))
    await eventually(lambda: len(begun) == 50)
    assert begun == list(range(50))
    await asyncio.sleep(0)
    assert door.admission.enter(partial(begun.append, 50)) is None
    assert begun[-1] == 50, "there is room again"


async def test_who_waits_behind_a_slow_journal_begins_by_and_by() -> None:
    door, begun = Door(OverloadLimits(commit=0.1)), list[int]()
    door.admission.look(0.0, 0.5, 0)
    for number in range(5):
        assert door.admission.enter(partial(begun.append, number)) is None
    assert begun == []
    await eventually(lambda: len(begun) == 2)  # as many as may at once at any rate
    door.now += 0.3
    refusal = door.admission.enter(partial(begun.append, 5))
    assert refusal is not None
    assert refusal.parameter == "overload.commit"
    await eventually(lambda: len(begun) == 4)
    door.admission.look(0.0, 0.0, 0)
    await eventually(lambda: len(begun) == 5)


def test_other_limits_may_be_set_while_it_runs() -> None:
    door = Door(TWO_LEGS)
    door.legs = 100
    assert door.admission.busy() is not None
    door.admission.follow(NO_LIMITS)
    assert door.admission.busy() is None
    assert not door.admission.strained
