"""Callers wait for a group: with an exchange, an engine in memory and a journal."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cordboard.calls.events import EventKind
from cordboard.calls.people.agents import AgentAct
from cordboard.calls.request import RingUser, UserKeys
from cordboard.directory.model import Group
from cordboard.directory.queue_rules import QueueRules
from cordboard.engines.far_end import RINGS
from cordboard.exchange.agents import Agents
from cordboard.feeds.cdr import cdr_of
from cordboard.feeds.live_call import live_call
from cordboard.journal.port import Journal
from support.quick_house import AT_ONCE, QuickHouse
from support.tenants import DOMAIN, tenant
from support.waiting import eventually

pytestmark = pytest.mark.anyio

SUPPORT = 2002


def support(**more: Any) -> Group:
    """Jessica, for whom callers wait."""
    return replace(tenant().groups[1], queue=QueueRules(), **more)


class QueueHouse(QuickHouse):
    """Thomas and helen answer at once, and call support; of jessica's phones one is there, which
    rings."""

    def __init__(self, journal: Journal | None = None, **more: Any) -> None:
        self.group = support(**more)
        super().__init__(journal, where=replace(tenant(), groups=(tenant().groups[0], self.group)))
        self.when("helen", AT_ONCE)
        self.when("jessica-desk", RINGS)
        self.away("jessica-soft")
        self.agents = Agents(self.journal, self.exchange.queues.somebody_may_be_free)

    def away(self, phone: str) -> None:
        """A phone is registered no longer."""
        for contact in self.engine.contacts(f"{phone}@{DOMAIN}"):
            self.engine.unregister(contact)

    async def call(self, who: str) -> str:
        """Somebody calls support; the call."""
        return await self.place(first=RingUser(UserKeys(name=who)), to="support")

    async def act(self, act: AgentAct) -> None:
        """Jessica does something as an agent."""
        jessica = self.directory.tenants[0].users[0]
        await self.agents.act(DOMAIN, self.group, jessica, act, "main")

    def agents_now(self) -> list[str]:
        """What keeps those of support from being rung."""
        found = self.exchange.queues.agents(self.directory.tenants[0], self.group)
        return ["free" if one.obstacle is None else one.obstacle.value for one in found]

    def waiting(self) -> list[tuple[str, bool]]:
        """Who waits, and whether she is rung for him."""
        return [(one.call, one.served) for one in self.exchange.queues.of(DOMAIN, SUPPORT)]

    async def rung(self, call: str) -> str:
        """Her channel that a call rings on."""
        dialled = await self.events(call, EventKind.CHANNEL_DIALLED)
        return str(dialled[-1].event.channel)


@pytest.mark.parametrize(
    ("away", "back"), [(AgentAct.LOGOUT, AgentAct.LOGIN), (AgentAct.PAUSE, AgentAct.UNPAUSE)]
)
async def test_who_comes_back_gets_who_came_first_at_once(away: AgentAct, back: AgentAct) -> None:
    house = QueueHouse()
    await house.act(away)
    first, second = await house.call("thomas"), await house.call("helen")
    assert house.waiting() == [(first, False), (second, False)]
    await house.act(back)
    assert house.waiting() == [(first, True), (second, False)]
    house.engine.far(await house.rung(first)).answer()
    assert house.waiting() == [(second, False)]
    await house.hang_up_second(first)
    assert house.waiting() == [(second, True)]


async def test_a_phone_that_registers_is_noticed() -> None:
    house = QueueHouse()
    house.away("jessica-desk")
    call = await house.call("thomas")
    assert house.waiting() == [(call, False)]
    house.engine.register(f"jessica-desk@{DOMAIN}")
    await eventually(lambda: house.waiting() == [(call, True)], 5.0)


async def test_wrapping_up_is_noticed_to_end() -> None:
    house = QueueHouse(wrap_up=0.3)
    first = await house.call("thomas")
    house.engine.far(await house.rung(first)).answer()
    second = await house.call("helen")
    await house.hang_up_second(first)
    assert house.waiting() == [(second, False)]
    await eventually(lambda: house.waiting() == [(second, True)], 5.0)


async def test_he_ends_it_early() -> None:
    house = QueueHouse(wrap_up=60.0)
    first = await house.call("thomas")
    house.engine.far(await house.rung(first)).answer()
    second = await house.call("helen")
    await house.hang_up_second(first)
    where, wrap_ups = house.directory.tenants[0], house.exchange.wrap_ups
    jessica, thomas = where.users[:2]
    assert not await wrap_ups.end(where, thomas, "main"), "who does not"
    assert await wrap_ups.end(where, jessica, "main")
    house.exchange.queues.somebody_may_be_free(DOMAIN)
    assert house.waiting() == [(second, True)]
    assert not await wrap_ups.end(where, jessica, "main"), "once is enough"
    assert house.journal.wrap_ups(DOMAIN) == {}


async def test_it_goes_on_after_a_restart() -> None:
    house = QueueHouse(wrap_up=60.0)
    first = await house.call("thomas")
    house.engine.far(await house.rung(first)).answer()
    await house.hang_up_second(first)
    await house.journal.flush()
    after = QueueHouse(journal=house.journal, wrap_up=60.0)
    assert after.agents_now() == ["free"]
    await after.exchange.recover()
    assert after.agents_now() == ["wrapping up"]
    where = after.directory.tenants[0]
    assert await after.exchange.wrap_ups.end(where, where.users[0], "main")
    assert after.agents_now() == ["free"]


async def test_what_is_told_of_it() -> None:
    house = QueueHouse()
    await house.act(AgentAct.PAUSE)
    call = await house.call("thomas")
    (waiting,) = house.exchange.queues.of(DOMAIN, SUPPORT)
    assert waiting.place == 1
    assert isinstance(waiting.party, dict)
    assert waiting.party["name"] == "thomas"
    (joined,) = await house.events(call, EventKind.QUEUE_JOINED)
    assert waiting.channel == joined.event.channel is not None
    shown: Any = live_call(await house.record(call), await house.events(call))
    assert shown["second"]["state"] == "queued"
    (line,) = house.exchange.queues.each()
    assert (line.tenant, line.group, line.callers) == (DOMAIN, SUPPORT, 1)
    assert house.exchange.hang_up(DOMAIN, call)
    assert not [*house.exchange.queues.each()]
    row = cdr_of(await house.record(call), await house.events(call))
    assert row.waiting_seconds is not None
    (left,) = await house.events(call, EventKind.QUEUE_LEFT)
    assert row.waiting_seconds == left.event.data["waited_seconds"]
    assert left.event.data["reason"] == "cancelled"


async def test_who_waited_when_the_server_died_waits_no_longer() -> None:
    house = QueueHouse()
    await house.act(AgentAct.PAUSE)
    call = await house.call("thomas")
    await house.journal.flush()
    after = QuickHouse(journal=house.journal)
    await after.exchange.recover()
    (left,) = await after.events(call, EventKind.QUEUE_LEFT)
    assert left.event.data["reason"] == "interrupted"
    assert left.event.data["group"] == {"id": SUPPORT, "name": "support"}
    assert (await after.record(call)).result is not None
    assert (await after.events(call))[-1].event.kind is EventKind.CALL_ENDED


async def test_who_has_left_before_is_not_told_twice() -> None:
    house = QueueHouse()
    call = await house.call("thomas")
    house.engine.far(await house.rung(call)).answer()
    await house.journal.flush()
    after = QuickHouse(journal=house.journal)
    await after.exchange.recover()
    (left,) = await after.events(call, EventKind.QUEUE_LEFT)
    assert left.event.data["reason"] == "answered"
