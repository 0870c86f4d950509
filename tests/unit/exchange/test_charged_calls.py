"""Calls that cost something, in an exchange: what is durable when, and what is given back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from unittest.mock import AsyncMock

import pytest

from cordboard.calls.credit import Payer
from cordboard.calls.events import EventKind
from cordboard.calls.ports import Dial, TrunkEndpoint
from cordboard.calls.refusals import RefusalId, Refused
from cordboard.calls.request import Address, Leg, RingNumber
from cordboard.calls.running.wishes import Wishes
from cordboard.directory.charging import Card, Charging, PrefixPrice, Tariff
from cordboard.exchange.offers import status_of
from cordboard.journal.ledger import WantedEntries
from cordboard.journal.memory import MemoryJournal
from cordboard.journal.port import JournalUnavailable
from support.quick_house import QuickHouse
from support.tenants import DOMAIN, tenant
from support.waiting import eventually

pytestmark = pytest.mark.anyio

OUTSIDE = Address("0312341234")
CARD = Payer(DOMAIN, "1234")
CHARGING = Charging(
    "standard",
    credit_limit=0,
    tariffs=(Tariff("standard", "", (PrefixPrice("", per_minute=60, set_up=7),)),),
    cards=(Card("1234", "", opening_balance=1_000),),
)


class Shop(QuickHouse):
    """A house whose calls cost something."""

    def __init__(self, journal: MemoryJournal | None = None, **policy: Any) -> None:
        super().__init__(journal, replace(tenant(**policy), charging=CHARGING))
        self.credit = self.exchange.balances.credit

    async def open(self) -> Shop:
        await self.exchange.recover()
        return self

    def outside(self) -> list[str]:
        """The channels of numbers outside, in the order they were dialled."""
        dials = [one for one in self.engine.commands if isinstance(one, Dial)]
        return [one.channel for one in dials if isinstance(one.endpoint, TrunkEndpoint)]

    def left(self) -> tuple[int, int]:
        return self.credit.balance(CARD), self.credit.reserved(CARD)


async def test_what_is_reserved_is_told_in_the_commit_of_the_acceptance() -> None:
    shop = await Shop().open()
    call = await shop.place(first=RingNumber(OUTSIDE), second=OUTSIDE, card="1234")
    told = await shop.events(call)
    assert [one.event.kind.value for one in told[:3]] == [
        "call.accepted",
        "leg.credit_reserved",
        "leg.credit_reserved",
    ]
    assert [one.event.leg for one in told[1:3]] == [Leg.FIRST, Leg.SECOND]
    assert shop.left() == (1_000, 134)
    assert len(await shop.events(call, EventKind.LEG_CREDIT_RESERVED)) == 2, "each is told once"


async def test_a_call_that_the_journal_does_not_take_holds_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop = await Shop().open()
    full = AsyncMock(side_effect=JournalUnavailable("the disk is full"))
    monkeypatch.setattr(shop.journal, "accept", full)
    with pytest.raises(Refused):
        await shop.place(second=OUTSIDE, card="1234")
    assert shop.left() == (1_000, 0)


async def test_a_call_over_a_limit_holds_nothing() -> None:
    shop = await Shop(channel_limit=1).open()
    with pytest.raises(Refused) as caught:
        await shop.place(second=OUTSIDE, card="1234")
    assert caught.value.id is RefusalId.CHANNEL_LIMIT_REACHED
    assert shop.left() == (1_000, 0)


async def test_a_phone_that_can_not_pay_is_refused_with_402() -> None:
    assert status_of(Refused(RefusalId.NO_CREDIT, "")) == (402, "Payment Required")


async def test_a_call_for_later_reserves_when_it_is_due() -> None:
    shop = await Shop().open()
    call = await shop.place(second=OUTSIDE, card="1234", at=0.4)
    assert shop.left() == (1_000, 0)
    await eventually(shop.exchange.live_calls)
    assert shop.left() == (1_000, 67)
    kinds = [one.event.kind.value for one in await shop.events(call)]
    assert kinds.index("leg.credit_reserved") == kinds.index("call.started") + 1


async def test_a_call_for_later_that_nobody_can_pay_then_is_refused_with_that() -> None:
    shop = await Shop().open()
    call = await shop.place(second=OUTSIDE, at=0.4)
    await eventually(lambda: not shop.exchange.scheduled_calls())
    (ended,) = await shop.events(call, EventKind.CALL_ENDED)
    assert (ended.event.data["outcome"], ended.event.data["cause"]) == ("refused", "no_credit")


async def test_a_party_that_goes_to_another_call_is_charged_there_and_once() -> None:
    shop = await Shop().open()
    consulted = await shop.place(second=OUTSIDE, card="1234")
    (channel,) = shop.outside()
    shop.engine.far(channel).answer()
    await shop.events(consulted)
    call = await shop.place(second=Address("thomas"))

    def join(wishes: Wishes, now: float) -> None:
        wishes.join(Leg.FIRST, consulted, Leg.SECOND, now)

    assert shop.exchange.wish(DOMAIN, call, join)
    assert await shop.events(consulted, EventKind.CALL_ENDED)
    assert await shop.events(consulted, EventKind.LEG_CHARGED) == []
    (held,) = await shop.events(call, EventKind.LEG_CREDIT_RESERVED)
    assert held.event.data["answered"] is True
    shop.engine.far(channel).hang_up()
    (charged,) = await shop.events(call, EventKind.LEG_CHARGED)
    assert charged.event.channel == channel
    spent = 1_000 - shop.left()[0]
    assert charged.event.data["amount"] == spent >= 7
    assert shop.left()[1] == 0
    entries = await shop.journal.ledger_entries(DOMAIN, WantedEntries(9, call=call))
    assert [one.amount for one in entries] == [-spent]


async def test_a_server_that_was_killed_settles_what_its_calls_had_reserved() -> None:
    journal = MemoryJournal()
    killed = await Shop(journal).open()
    talks = await killed.place(second=OUTSIDE, card="1234")
    killed.engine.far(killed.outside()[0]).answer()
    rings = await killed.place(second=OUTSIDE, card="1234")
    await journal.flush()
    after = await Shop(journal).open()
    charged = {
        call: [one.event.data["amount"] for one in await after.events(call, EventKind.LEG_CHARGED)]
        for call in (talks, rings)
    }
    assert charged == {talks: [67], rings: [0]}
    assert after.left() == (933, 0)
    again = await Shop(journal).open()
    assert again.left() == (933, 0)
