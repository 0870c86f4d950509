"""Agents dial what they do, to its effect: with engine and journal in memory."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cordboard.calls.events import EventKind
from cordboard.calls.ports import Incoming, Play, Prompt
from cordboard.calls.request import RingUser, UserKeys
from cordboard.directory.feature_codes import Feature, FeatureCode
from cordboard.directory.model import GroupKind, Member
from cordboard.directory.queue_rules import QueueRules
from cordboard.engines.far_end import RINGS, CallingEnd, FarState
from support.quick_house import AT_ONCE, QuickHouse
from support.tenants import DOMAIN, tenant
from support.waiting import eventually

pytestmark = pytest.mark.anyio

CODES = (
    FeatureCode("*50", Feature.AGENT_LOGIN),
    FeatureCode("*51", Feature.AGENT_LOGOUT),
    FeatureCode("*52", Feature.AGENT_PAUSE),
    FeatureCode("*53", Feature.AGENT_UNPAUSE),
    FeatureCode("*54", Feature.AGENT_WRAPPED_UP),
)
SUPPORT, THOMAS = 2002, 1002


class House(QuickHouse):
    """Thomas is support, for whom jessica and helen wait; he dials codes, and then hangs up."""

    def __init__(self) -> None:
        where = tenant()
        support = replace(
            where.groups[1],
            kind=GroupKind.CALL_CENTER,
            members=(Member(THOMAS),),
            queue=QueueRules(),
            wrap_up=600.0,
        )
        where = replace(
            where,
            groups=(where.groups[0], support),
            feature_codes=CODES,
            pause_reasons=("lunch",),
        )
        super().__init__(where=where)
        self.engine.take_calls()
        self.when("thomas", RINGS)
        self.when("helen", AT_ONCE)
        self._dialled = 0

    async def dial(self, dialled: str) -> CallingEnd:
        """Thomas dials, and hangs up once he is answered."""
        self._dialled += 1
        channel = f"caller-{self._dialled}"
        caller = self.engine.call_in(Incoming(channel, f"thomas@{DOMAIN}", (), dialled, DOMAIN))
        await eventually(lambda: caller.state is not FarState.CALLED)
        if caller.state is FarState.TALKING:
            caller.hang_up()
            await eventually(lambda: self.exchange.call_of(DOMAIN, channel) is not None)
        return caller

    def stands(self) -> list[tuple[int, str, str | None]]:
        """How he stands in his groups."""
        agents = self.journal.agents(DOMAIN).items()
        return [(group, one.word, one.reason) for (group, _), one in sorted(agents)]

    def said(self) -> list[str]:
        """What he heard last."""
        sounds = [one.sound for one in self.engine.commands if isinstance(one, Play)]
        return [one.path.rpartition("/")[2] for one in sounds if isinstance(one, Prompt)][-1:]

    async def wait_for_support(self, who: str = "jessica") -> str:
        """Somebody calls him, and waits; the call."""
        return await self.place(first=RingUser(UserKeys(name=who)), to="support")

    def served(self) -> list[bool]:
        """Whether he is rung for those who wait."""
        return [one.served for one in self.exchange.queues.of(DOMAIN, SUPPORT)]


async def test_he_logs_out_and_in() -> None:
    house = House()
    await house.dial("*51")
    assert house.stands() == [(2001, "logged_out", None), (SUPPORT, "logged_out", None)]
    assert house.said() == ["agent-logout"]
    await house.wait_for_support()
    assert house.served() == [False]
    await house.dial("*50*2002")
    assert house.stands() == [(2001, "logged_out", None), (SUPPORT, "ready", None)]
    await eventually(lambda: house.served() == [True])


async def test_he_pauses_for_a_reason_and_goes_on() -> None:
    house = House()
    await house.dial("*52*1*2002")
    assert house.stands() == [(SUPPORT, "paused", "lunch")]
    assert house.said() == ["agent-pause"]
    await house.wait_for_support()
    await house.dial("*53#")
    assert house.stands() == [(SUPPORT, "ready", None)]
    await eventually(lambda: house.served() == [True])


async def test_who_is_not_logged_in_is_told_so() -> None:
    house = House()
    await house.dial("*51")
    await house.dial("*52*1")
    assert house.said() == ["agent-logout"]
    assert house.stands() == [(2001, "logged_out", None), (SUPPORT, "logged_out", None)]


async def test_he_ends_his_wrap_up() -> None:
    house = House()
    first = await house.wait_for_support()
    dialled = await house.events(first, EventKind.CHANNEL_DIALLED)
    house.engine.far(str(dialled[-1].event.channel)).answer()
    await house.hang_up_second(first)
    await house.wait_for_support("helen")
    assert house.served() == [False]
    await house.dial("*54")
    assert house.said() == ["agent-wrapped-up"]
    assert house.journal.wrap_ups(DOMAIN) == {}
    await eventually(lambda: house.served() == [True])


async def test_a_group_that_is_not_his_is_refused() -> None:
    house = House()
    caller = await house.dial("*51*2999")
    assert caller.state is FarState.OVER
    assert caller.refused == 404
    assert house.stands() == []
