"""A phone takes the place of another one in a call (INVITE with Replaces)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cordboard.calls.causes import Cause
from cordboard.calls.events import EventKind
from cordboard.calls.ports import Dial, Hold, Incoming
from cordboard.calls.request import Leg
from cordboard.directory.snapshot import TenantDirectory
from cordboard.engines.far_end import RINGS, CallingEnd, FarEnd, FarState
from support.quick_house import AT_ONCE, QuickHouse
from support.tenants import DOMAIN, tenant, user
from support.waiting import eventually

pytestmark = pytest.mark.anyio


class House(QuickHouse):
    """A house whose phones may come into calls; thomas's rings."""

    def __init__(self, where: TenantDirectory | None = None) -> None:
        super().__init__(where=where)
        self.engine.take_calls()
        self.when("thomas", RINGS)

    def ends(self) -> list[FarEnd]:
        """Those that were dialled, in order."""
        dials = [one.channel for one in self.engine.commands if isinstance(one, Dial)]
        return [self.engine.far(channel) for channel in dials]

    def pick_up(self, replaced: str, phone: str = "helen", domain: str = DOMAIN) -> CallingEnd:
        """Let a phone call in place of a channel."""
        incoming = Incoming(
            "theirs", f"{phone}@{domain}", (), "whoever", domain, phone, replaces=replaced
        )
        return self.engine.call_in(incoming)


async def test_what_rings_is_answered_elsewhere() -> None:
    house = House()
    call = await house.place()
    jessica, _, thomas = house.ends()
    helen = house.pick_up(thomas.channel)
    assert helen.state is FarState.TALKING
    assert (helen.hears, jessica.hears) == (jessica.channel, helen.channel)
    assert thomas.hung_up_for is Cause.ANSWERED_ELSEWHERE
    (offered,) = await house.events(call, EventKind.CHANNEL_OFFERED)
    assert "'helen'" in str(offered.event.data["party"])
    helen.hang_up()
    (ended,) = await house.events(call, EventKind.CALL_ENDED)
    assert (ended.event.data["outcome"], ended.event.data["leg"]) == ("completed", "second")
    assert house.exchange.live_calls() == 0
    assert not house.exchange.usage()


async def test_a_first_leg_that_rings_is_answered_too() -> None:
    house = House()
    house.when("jessica-desk", RINGS)
    house.when("thomas", AT_ONCE)
    await house.place()
    helen = house.pick_up(house.ends()[0].channel)
    thomas = house.ends()[-1]
    assert (helen.hears, thomas.hears) == (thomas.channel, helen.channel)
    assert house.ends()[0].hung_up_for is Cause.ANSWERED_ELSEWHERE


async def test_who_talks_is_relieved() -> None:
    house = House()
    house.when("thomas", AT_ONCE)
    call = await house.place()
    jessica, _, thomas = house.ends()
    helen = house.pick_up(jessica.channel)
    assert (helen.hears, thomas.hears) == (thomas.channel, helen.channel)
    assert jessica.hung_up_for is Cause.NORMAL
    kinds = [one.event.kind for one in await house.events(call)]
    assert kinds.count(EventKind.CALL_BRIDGED) == 2
    thomas.hang_up()
    assert helen.state is FarState.OVER
    assert house.exchange.live_calls() == 0
    assert not house.exchange.usage()


@pytest.mark.parametrize("domain", [DOMAIN, "other"])
async def test_there_is_nothing_to_take(domain: str) -> None:
    house = House()
    await house.place()
    jessica, soft, thomas = house.ends()
    thomas.answer()
    name = "gone" if domain == DOMAIN else jessica.channel
    assert house.pick_up(name, domain=domain).refused == 481
    assert house.pick_up(soft.channel).refused == 481, "it was not the one that answered"
    assert jessica.hears == thomas.channel


async def test_a_trunk_takes_nobody_s_place() -> None:
    house = House()
    await house.place()
    thomas = house.ends()[-1]
    incoming = Incoming(
        "theirs", None, (f"first@{DOMAIN}",), "x", DOMAIN, "x", replaces=thomas.channel
    )
    assert house.engine.call_in(incoming).refused == 403
    assert thomas.hung_up_for is None


async def test_limits_hold_for_it() -> None:
    here = tenant()
    limited = user(3, "helen", ("helen",), channel_limit=0)
    house = House(replace(here, users=(*here.users[:2], limited)))
    await house.place()
    before = house.exchange.usage()
    assert house.pick_up(house.ends()[-1].channel).refused == 486
    assert house.exchange.usage() == before


def dial(house: House, channel: str, phone: str = "helen", domain: str = DOMAIN) -> CallingEnd:
    """Let a phone dial to be connected with who is on a channel."""
    wanted = f"pickup_uuid.{channel}"
    return house.engine.call_in(Incoming("theirs", f"{phone}@{domain}", (), wanted, domain, phone))


async def test_who_waits_for_somebody_else_is_dialled() -> None:
    house = House()
    call = await house.place()
    jessica, _, thomas = house.ends()
    helen = dial(house, jessica.channel)
    assert (helen.hears, jessica.hears) == (jessica.channel, helen.channel)
    assert thomas.hung_up_for is Cause.ANSWERED_ELSEWHERE
    (offered,) = await house.events(call, EventKind.CHANNEL_OFFERED)
    assert (offered.event.leg, offered.event.data["dialled"]) == (Leg.SECOND, None)
    helen.hang_up()
    assert house.exchange.live_calls() == 0
    assert not house.exchange.usage()


async def test_who_is_on_hold_is_dialled_and_is_so_no_longer() -> None:
    house = House()
    house.when("thomas", AT_ONCE)
    call = await house.place()
    jessica, _, thomas = house.ends()
    house.exchange.wish(DOMAIN, call, lambda wishes, _: wishes.hold(Leg.SECOND, True))
    assert thomas.hears != jessica.channel
    helen = dial(house, thomas.channel)
    assert (helen.hears, thomas.hears) == (thomas.channel, helen.channel)
    assert jessica.hung_up_for is Cause.NORMAL
    resumed = await house.events(call, EventKind.CHANNEL_RESUMED)
    holds = [one for one in house.engine.commands if isinstance(one, Hold)]
    assert [one.on for one in holds if one.channel == thomas.channel] == [True, False], resumed


@pytest.mark.parametrize(
    ("channel", "domain"), [("gone", DOMAIN), ("", DOMAIN), ("thomas", "other")]
)
async def test_nobody_is_dialled_there(channel: str, domain: str) -> None:
    house = House()
    house.when("thomas", AT_ONCE)
    await house.place()
    jessica, soft, thomas = house.ends()
    named = thomas.channel if channel == "thomas" else channel
    assert dial(house, named, domain=domain).refused == 404
    assert dial(house, soft.channel).refused == 404, "it did not answer"
    assert (jessica.hears, thomas.hears) == (thomas.channel, jessica.channel)


async def test_a_trunk_dials_no_channel() -> None:
    house = House()
    await house.place()
    jessica = house.ends()[0]
    wanted = f"pickup_uuid.{jessica.channel}"
    incoming = Incoming("theirs", None, (f"first@{DOMAIN}",), wanted, DOMAIN, "x")
    far = house.engine.call_in(incoming)
    await eventually(lambda: far.refused == 404)
