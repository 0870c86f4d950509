"""Feature codes that phones dial, to their effect: with engine and journal in memory."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cordboard.calls.events import EventKind
from cordboard.calls.ports import Incoming, Play, Prompt
from cordboard.directory.feature_codes import Feature, FeatureCode
from cordboard.directory.forwarding import Forwarding
from cordboard.engines.far_end import CallingEnd, FarState
from support.quick_house import QuickHouse
from support.tenants import DOMAIN, tenant
from support.waiting import eventually

pytestmark = pytest.mark.anyio

CODES = tuple(FeatureCode(f"*{place}", feature) for place, feature in enumerate(Feature, 10))
ALWAYS, BUSY, NO_ANSWER, OFF, QUIET, QUIET_OFF = (one.code for one in CODES[:6])
THOMAS = 1002


class House(QuickHouse):
    """A house whose thomas dials."""

    def __init__(self) -> None:
        super().__init__(where=replace(tenant(), feature_codes=CODES))
        self.engine.take_calls()
        self.dialled = 0

    async def dial(self, dialled: str) -> CallingEnd:
        self.dialled += 1
        channel = f"caller-{self.dialled}"
        caller = self.engine.call_in(Incoming(channel, f"thomas@{DOMAIN}", (), dialled, DOMAIN))
        await eventually(lambda: caller.state is not FarState.CALLED)
        return caller

    @property
    def terms(self) -> Forwarding | None:
        return self.journal.forwardings(DOMAIN).get(THOMAS)

    def prompts(self) -> list[str]:
        sounds = [one.sound for one in self.engine.commands if isinstance(one, Play)]
        return [one.path for one in sounds if isinstance(one, Prompt)]


async def test_a_user_forwards_his_calls_from_his_phone() -> None:
    house = House()
    caller = await house.dial(f"{ALWAYS}*1003#")
    assert caller.state is FarState.TALKING
    assert house.terms == Forwarding(always="1003")
    await eventually(lambda: bool(house.prompts()))
    assert house.prompts() == ["builtin:en/forward-on"]
    house.engine.advance(30.0)
    await eventually(lambda: house.exchange.live_calls() == 0)
    call = house.exchange.call_of(DOMAIN, "caller-1")
    assert call is not None
    accepted = (await house.events(call, EventKind.CALL_ACCEPTED))[0].event.data
    assert accepted["second"] == {"kind": "feature", "name": "forward_always", "number": "1003"}

    placed = await house.place()
    assert len(await house.events(placed, EventKind.CALL_FORWARDED)) == 1


async def test_each_code_changes_what_it_is_for() -> None:
    house = House()
    for code in (f"{ALWAYS}*1003", f"{BUSY}*2001", f"{NO_ANSWER}*0312341234", QUIET):
        await house.dial(code)
    assert house.terms == Forwarding("1003", "2001", "0312341234", do_not_disturb=True)
    await house.dial(ALWAYS)
    assert house.terms == Forwarding(None, "2001", "0312341234", do_not_disturb=True)
    await house.dial(OFF)
    assert house.terms == Forwarding(do_not_disturb=True)
    await house.dial(QUIET_OFF)
    assert house.terms == Forwarding()


@pytest.mark.parametrize(
    ("dialled", "status"),
    [
        (f"{ALWAYS}*1002", 404),  # himself
        (f"{ALWAYS}*110", 403),
        (f"{ALWAYS}*0990123456", 403),
        (f"{ALWAYS}*nobody", 404),
        ("*99", 404),
    ],
)
async def test_what_can_not_be_done_is_refused(dialled: str, status: int) -> None:
    house = House()
    caller = await house.dial(dialled)
    assert caller.refused == status
    assert house.terms is None


async def test_what_is_so_already_changes_nothing() -> None:
    house = House()
    await house.dial(QUIET_OFF)
    assert house.terms is None
    assert house.prompts() == ["builtin:en/undisturbed-off"]
