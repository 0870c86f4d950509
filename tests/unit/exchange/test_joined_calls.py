"""Two calls become one: who is in both transfers the one party to the other."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cordboard.calls.causes import Cause
from cordboard.calls.events import EventKind
from cordboard.calls.ports import Dial, Incoming, Prompt, RedirectTarget
from cordboard.calls.refusals import Refused
from cordboard.calls.request import Leg, RingUser, UserKeys
from cordboard.calls.running.wishes import Wishes, WrongState
from cordboard.directory.snapshot import Directory
from cordboard.engines.far_end import RINGS, CallingEnd, FarEnd, FarState
from cordboard.engines.memory import MemoryEngine
from cordboard.exchange.exchange import Exchange
from cordboard.feeds.live_call import live_call
from cordboard.journal.memory import MemoryJournal
from cordboard.journal.recovery import MemoryRecovery
from support.programs import steps_of
from support.tenants import request, tenant
from support.waiting import eventually

pytestmark = pytest.mark.anyio

AT_ONCE = ((0.0, FarEnd.ring), (0.0, FarEnd.answer))
HELEN = RedirectTarget("helen", "demo")


class House:
    """Phones that answer at once, but for jessica's soft phone, and for helen's if she is slow."""

    def __init__(self, *, helen_rings: bool = False, steps: str = "") -> None:
        self.engine = MemoryEngine()
        self.journal = MemoryJournal()
        here = tenant()
        if steps:
            menu = replace(here.contexts[0], steps=steps_of(f"steps = [{steps}]"))
            here = replace(here, contexts=(menu,))
        elsewhere = replace(here, policy=replace(here.policy, domain="other", sip_realm="other"))
        directory = Directory((here, elsewhere))
        self.exchange = Exchange(lambda: directory, self.engine, self.journal, lambda: 1.0)
        for domain in ("demo", "other"):
            for phone in ("jessica-desk", "thomas", "helen"):
                self.engine.register(f"{phone}@{domain}")
                self.engine.when_dialled(f"{phone}@{domain}", AT_ONCE)
        if helen_rings:
            self.engine.when_dialled("helen@demo", RINGS)

    async def place(
        self, number: int, who: str = "jessica", to: str = "thomas", **more: Any
    ) -> tuple[FarEnd, FarEnd]:
        """Both ends of a call."""
        first = RingUser(UserKeys(name=who))
        asked = replace(request(first, to, **more), id=f"call-{number}")
        accepted = await self.exchange.place(asked)
        ends = [end for end in self.engine._far.values() if isinstance(end, FarEnd)]
        assert ends[-2].channel == accepted.channels[0]
        return ends[-2], ends[-1]

    async def events(self, call: int, kind: EventKind, domain: str = "demo") -> list[Any]:
        await self.journal.flush()
        told = await self.journal.events_of(domain, f"call-{call}")
        return [dict(one.event.data) for one in told if one.event.kind is kind]

    async def result(self, call: int) -> tuple[str, str, str, str | None]:
        """The one result of a call: outcome, cause, stage, leg."""
        (ended,) = await self.events(call, EventKind.CALL_ENDED)
        return ended["outcome"], ended["cause"], ended["stage"], ended["leg"]

    def join(self, kept: Leg, call: int, other: Leg | None = None) -> tuple[str, ...]:
        joined: tuple[str, ...] = ()

        def wish(wishes: Wishes, now: float) -> None:
            nonlocal joined
            joined = wishes.join(kept, f"call-{call}", other, now)

        assert self.exchange.wish("demo", "call-1", wish)
        return joined


def hear_each_other(a: FarEnd, b: FarEnd) -> bool:
    return (a.hears, b.hears) == (b.channel, a.channel)


@pytest.mark.parametrize("consulted_first", [False, True])
@pytest.mark.parametrize("kept_first", [False, True])
async def test_who_is_in_both_calls_leaves_both(kept_first: bool, consulted_first: bool) -> None:
    house = House()
    pair = await (house.place(1, "thomas", "jessica") if kept_first else house.place(1))
    thomas, jessica = pair if kept_first else pair[::-1]
    pair = await (
        house.place(2, "helen", "jessica") if consulted_first else house.place(2, to="helen")
    )
    helen, again = pair if consulted_first else pair[::-1]
    thomas.hold(False)
    jessica.hold(True)
    told = jessica.refer(HELEN, replaces=again.channel)
    assert told == [202, 200]
    assert hear_each_other(thomas, helen)
    assert not any(end.on_hold for end in (thomas, helen))
    assert jessica.hung_up_for is again.hung_up_for is Cause.TRANSFERRED
    assert house.exchange.live_calls() == 1
    consulter = "second" if consulted_first else "first"
    assert await house.result(2) == ("completed", "transferred", "bridged", consulter)
    (merged,) = await house.events(2, EventKind.CALL_MERGED)
    assert merged == {"into": "call-1", "channels": [helen.channel]}
    (transferring,) = await house.events(1, EventKind.CALL_TRANSFERRING)
    assert (transferring["from_call"], transferring["by"]) == ("call-2", "phone")
    assert transferring["channels"] == [helen.channel]
    assert house.exchange.call_of("demo", helen.channel) == "call-1"
    helen.hang_up()
    leg = "second" if kept_first else "first"
    assert await house.result(1) == ("completed", "normal", "bridged", leg)
    assert thomas.hung_up_for is Cause.NORMAL
    assert house.exchange.live_calls() == 0
    assert not house.exchange.usage()


async def test_while_the_other_rings_it_rings_on() -> None:
    house = House(helen_rings=True)
    jessica, thomas = await house.place(1)
    again, helen = await house.place(2, to="helen")
    told = jessica.refer(HELEN, replaces=again.channel)
    assert told == [202, 100]
    assert (again.hung_up_for, jessica.hung_up_for) == (Cause.TRANSFERRED, None)
    assert await house.result(2) == ("completed", "transferred", "ringing_second", "first")
    helen.answer()
    assert told == [202, 100, 200]
    assert hear_each_other(thomas, helen)
    assert jessica.hung_up_for is Cause.TRANSFERRED
    thomas.hang_up()
    assert house.exchange.live_calls() == 0
    assert not house.exchange.usage()


async def test_where_the_other_declines_he_has_his_party_back() -> None:
    house = House(helen_rings=True)
    jessica, thomas = await house.place(1)
    again, helen = await house.place(2, to="helen")
    told = jessica.refer(HELEN, replaces=again.channel)
    helen.reject(486)
    assert told == [202, 100, 486]
    assert hear_each_other(jessica, thomas)
    jessica.hang_up()
    assert await house.result(1) == ("completed", "normal", "bridged", "first")
    assert house.exchange.live_calls() == 0
    assert not house.exchange.usage()


async def test_of_recordings_each_call_has_its_own() -> None:
    house = House()
    jessica, thomas = await house.place(1, record=True)
    helen, again = await house.place(2, "helen", "jessica", record=True)
    jessica.refer(HELEN, replaces=again.channel)
    thomas.hang_up()
    for call, files in ((1, 2), (2, 1)):
        stopped = await house.events(call, EventKind.RECORDING_STOPPED)
        assert len(stopped) == files
        assert all(one["error"] is None for one in stopped), "each was told its end"
    assert helen.hung_up_for is Cause.NORMAL
    assert house.exchange.live_calls() == 0


async def test_only_his_own_calls_can_be_named() -> None:
    house = House()
    jessica, thomas = await house.place(1)
    helen, other = await house.place(2, "helen", "thomas")
    for channel in (helen.channel, other.channel, thomas.channel, jessica.channel, "nobody's"):
        assert jessica.refer(HELEN, replaces=channel) == [202, 100, 404]
    assert hear_each_other(jessica, thomas)
    assert hear_each_other(helen, other)
    refused = await house.events(1, EventKind.CALL_TRANSFER_REFUSED)
    assert len(refused) == 5
    usage = house.exchange.usage()
    assert sum(usage.values()) == 8, "a tenant's and a user's each"


async def test_a_call_of_another_tenant_is_no_call() -> None:
    house = House()
    jessica, _ = await house.place(1)
    asked = replace(request(RingUser(UserKeys(name="jessica"))), id="call-2", tenant="other")
    accepted = await house.exchange.place(asked)
    namesake = house.engine.far(accepted.channels[0])
    assert jessica.refer(HELEN, replaces=namesake.channel) == [202, 100, 404]
    with pytest.raises(Refused):
        house.join(Leg.SECOND, 2)
    assert house.exchange.live_calls() == 2


async def test_two_at_once_and_those_that_come_too_late() -> None:
    house = House()
    jessica, thomas = await house.place(1)
    again, helen = await house.place(2, to="helen")
    assert jessica.refer(HELEN, replaces=again.channel) == [202, 200]
    assert again.refer(HELEN, replaces=jessica.channel) == []
    assert helen.refer(RedirectTarget("1111", "demo"), replaces=again.channel) == [202, 100, 404]
    assert hear_each_other(thomas, helen)


async def test_one_that_is_gone_meanwhile() -> None:
    house = House()
    jessica, thomas = await house.place(1)
    again, helen = await house.place(2, to="helen")
    helen.hang_up()
    assert jessica.refer(HELEN, replaces=again.channel) == [202, 100, 404]
    assert hear_each_other(jessica, thomas)


async def test_it_can_be_done_once_more() -> None:
    house = House()
    jessica, thomas = await house.place(1)
    again, helen = await house.place(2, to="helen")
    jessica.refer(HELEN, replaces=again.channel)
    busy, third = await house.place(3, "helen", "jessica")
    assert helen.refer(HELEN, replaces=busy.channel) == [202, 200]
    assert hear_each_other(thomas, third)
    third.hang_up()
    assert house.exchange.live_calls() == 0
    assert not house.exchange.usage()


@pytest.mark.parametrize("other", [None, Leg.SECOND])
async def test_a_client_joins_them(other: Leg | None) -> None:
    house = House()
    jessica, thomas = await house.place(1)
    again, helen = await house.place(2, to="helen")
    assert house.join(Leg.SECOND, 2, other) == (helen.channel,)
    assert hear_each_other(thomas, helen)
    assert jessica.hung_up_for is Cause.NORMAL
    assert again.hung_up_for is Cause.TRANSFERRED
    (transferring,) = await house.events(1, EventKind.CALL_TRANSFERRING)
    assert (transferring["from_call"], transferring["by"]) == ("call-2", "client")
    thomas.hang_up()
    assert house.exchange.live_calls() == 0
    assert not house.exchange.usage()


async def test_a_client_may_join_whom_he_likes() -> None:
    house = House()
    jessica, thomas = await house.place(1)
    helen, other = await house.place(2, "helen", "jessica")
    assert house.join(Leg.FIRST, 2, Leg.FIRST) == (helen.channel,)
    assert hear_each_other(jessica, helen)
    assert thomas.hung_up_for is Cause.NORMAL
    assert other.hung_up_for is Cause.TRANSFERRED
    helen.hang_up()
    with pytest.raises(AssertionError):
        house.join(Leg.FIRST, 2)
    assert not house.exchange.usage()


async def in_the_menu(house: House, number: int, who: str) -> FarEnd:
    """Who is in a program that waits for a key."""
    asked = replace(request(RingUser(UserKeys(name=who)), "1111"), id=f"call-{number}")
    accepted = await house.exchange.place(asked)
    return house.engine.far(accepted.channels[0])


async def test_a_phone_that_consults_a_context_sends_its_party_there() -> None:
    house = House(steps='{play = "menu.wav"}, {gather = "KEY", timeout = 60}')
    jessica, thomas = await house.place(1)
    again = await in_the_menu(house, 2, "jessica")
    assert jessica.refer(RedirectTarget("cordboard", "demo"), replaces=again.channel) == [202, 200]
    assert {jessica.state, again.state} == {FarState.OVER}
    assert thomas.hears == Prompt("menu.wav")
    (transferring,) = await house.events(1, EventKind.CALL_TRANSFERRING)
    assert (transferring["from_call"], transferring["channels"]) == ("call-2", [])
    (merged,) = await house.events(2, EventKind.CALL_MERGED)
    assert merged == {"into": "call-1", "channels": []}
    assert await house.result(2) == ("completed", "transferred", "program", "first")
    thomas.hang_up()
    assert await house.result(1) == ("completed", "normal", "program", "second")
    assert house.exchange.usage() == {}


@pytest.mark.parametrize("named", [None, Leg.FIRST])
async def test_a_client_takes_somebody_out_of_a_program(named: Leg | None) -> None:
    house = House(steps='{play = "menu.wav"}, {gather = "KEY", timeout = 60}')
    jessica, thomas = await house.place(1)
    helen = await in_the_menu(house, 2, "helen")
    assert house.join(Leg.FIRST, 2, named) == (helen.channel,)
    assert thomas.state is FarState.OVER
    assert hear_each_other(jessica, helen)
    assert await house.result(2) == ("completed", "transferred", "program", "second")
    helen.press("5")
    helen.hang_up()
    assert await house.result(1) == ("completed", "normal", "bridged", "second")
    assert house.exchange.usage() == {}


async def test_a_client_may_have_the_program_instead_of_who_is_in_it() -> None:
    house = House(steps='{play = "menu.wav"}, {gather = "KEY", timeout = 60}')
    jessica, thomas = await house.place(1)
    helen = await in_the_menu(house, 2, "helen")
    assert house.join(Leg.FIRST, 2, Leg.SECOND) == ()
    assert (thomas.state, helen.state) == (FarState.OVER, FarState.OVER)
    assert jessica.hears == Prompt("menu.wav")


async def test_a_client_that_joins_what_can_t_be_joined() -> None:
    house = House()
    await house.place(1)
    with pytest.raises(Refused):
        house.join(Leg.FIRST, 1)
    house.engine.when_dialled("jessica-desk@demo", RINGS)
    ringing, _ = [*house.engine._far.values()][:2]
    asked = replace(request(), id="call-3")
    await house.exchange.place(asked)
    with pytest.raises(Refused):
        house.join(Leg.FIRST, 3)
    house.exchange.hang_up("demo", "call-1")
    assert ringing.hung_up_for is Cause.CANCELLED


async def test_the_server_stops_in_the_midst() -> None:
    house = House(helen_rings=True)
    jessica, _ = await house.place(1)
    again, helen = await house.place(2, to="helen")
    told = jessica.refer(HELEN, replaces=again.channel)
    await house.exchange.stop()
    assert told == [202, 100, 487]
    assert helen.hung_up_for is Cause.INTERRUPTED
    assert (await house.result(1))[0] == "interrupted"
    assert (await house.result(2))[1] == "transferred"


async def test_what_waits_can_not_be_joined() -> None:
    house = House(helen_rings=True)
    await house.place(1, to="helen")
    await house.place(2)
    with pytest.raises(WrongState):
        house.join(Leg.FIRST, 2)


class DiallingHouse(House):
    """A house whose phones dial."""

    def __init__(self) -> None:
        super().__init__(helen_rings=True)
        self.engine.take_calls()

    async def dial(self, channel: str, to: str) -> tuple[CallingEnd, FarEnd]:
        """Let jessica's desk phone dial somebody; both ends."""
        caller = self.engine.call_in(Incoming(channel, "jessica-desk@demo", (), to, "demo"))
        account = f"{to}@demo"

        def dialled() -> list[str]:
            dials = [one for one in self.engine.commands if isinstance(one, Dial)]
            return [one.channel for one in dials if account in str(one.endpoint)]

        await eventually(dialled)
        return caller, self.engine.far(dialled()[-1])


@pytest.mark.parametrize("answers", [True, False])
async def test_a_phone_that_dialled_both_need_not_wait(answers: bool) -> None:
    """The consultation is an early dialog of the phone's own."""
    house = DiallingHouse()
    jessica, thomas = await house.dial("one", "thomas")
    asking, helen = await house.dial("two", "helen")
    assert (jessica.state, asking.state) == (FarState.TALKING, FarState.CALLED)
    told = jessica.refer(HELEN, replaces="two")
    assert told == [202, 100]
    assert asking.refused == 480
    if answers:
        helen.answer()
        assert hear_each_other(thomas, helen)
        assert jessica.hung_up_for is Cause.TRANSFERRED
    else:
        helen.reject(486)
        assert told[-1] == 486
        assert (jessica.hears, thomas.hears) == (thomas.channel, "one")
    thomas.hang_up()
    await eventually(lambda: house.exchange.live_calls() == 0)
    assert not house.exchange.usage()


@pytest.mark.parametrize("helen_rings", [True, False])
async def test_killed_in_the_midst_each_call_has_one_result(helen_rings: bool) -> None:
    house = House(helen_rings=helen_rings)
    records = MemoryRecovery()
    house.engine.keep_records(records)
    jessica, thomas = await house.place(1)
    again, helen = await house.place(2, to="helen")
    jessica.refer(HELEN, replaces=again.channel)
    await house.journal.flush()
    left = [thomas, helen, jessica] if helen_rings else [thomas, helen]
    assert set(records.records) == {one.channel for one in left}, "on whichever call's account"
    engine = house.engine.killed()
    following = Exchange(lambda: Directory((tenant(),)), engine, house.journal, lambda: 2.0)
    await following.recover()
    engine.end_left_over(dict(records.records))
    assert all(one.state is FarState.OVER for one in left)
    assert (await house.result(1))[:2] == ("interrupted", "interrupted")
    assert (await house.result(2))[:2] == ("completed", "transferred")


async def test_who_follows_sees_where_the_channels_are() -> None:
    house = House()
    jessica, thomas = await house.place(1)
    again, helen = await house.place(2, to="helen")
    jessica.refer(HELEN, replaces=again.channel)
    await house.journal.flush()
    for call, there in ((1, {thomas.channel, helen.channel}), (2, set())):
        record = await house.journal.call("demo", f"call-{call}")
        assert record is not None
        events = await house.journal.events_of("demo", f"call-{call}")
        seen = live_call(record, events)["channels"]
        assert isinstance(seen, list)
        found = {(one["id"], one["state"]) for one in seen if isinstance(one, dict)}
        assert found == {(channel, "answered") for channel in there}


async def test_an_agent_who_was_rung_first_sends_his_customer_to_a_context() -> None:
    house = House()
    jessica, thomas = await house.place(1)
    assert jessica.refer(RedirectTarget("1111", "demo")) == [202, 200]
    assert jessica.hung_up_for is Cause.TRANSFERRED
    assert house.exchange.live_calls() == 1
    await house.journal.flush()
    told = await house.journal.events_of("demo", "call-1")
    (begun,) = [one.event for one in told if one.event.kind is EventKind.CALL_PROGRAM]
    assert (begun.leg, begun.channel) == (Leg.SECOND, thomas.channel)
    record = await house.journal.call("demo", "call-1")
    assert record is not None
    shown: dict[str, Any] = live_call(record, told)
    first = shown["first"]
    assert (shown["state"], first["state"], first["party"]["kind"]) == (
        "program",
        "waiting",
        "context",
    )
    thomas.hang_up()
    assert await house.result(1) == ("completed", "normal", "program", "second")
    assert not house.exchange.usage()
