"""Balances as a server finds them, and as cards are opened."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from cordboard.calls.charged import charged_event, reserved_event
from cordboard.calls.credit import Charge, Credit, Payer
from cordboard.calls.events import CallEvent, EventKind
from cordboard.calls.request import Leg
from cordboard.calls.running.progress import last_events
from cordboard.directory.charging import Card, Charging, PrefixPrice
from cordboard.directory.snapshot import Directory
from cordboard.exchange.balances import Balances
from cordboard.journal.ledger import WantedEntries
from cordboard.journal.memory import MemoryJournal
from cordboard.journal.port import CallRecord
from support.tenants import DOMAIN, tenant
from support.waiting import eventually

pytestmark = pytest.mark.anyio

OWN, CARD = Payer(DOMAIN), Payer(DOMAIN, "1234")
ACCEPTED = CallRecord("a", DOMAIN, "main", "v1", "calls", 1.0, ())


class House:
    """A server that is started on a journal, with a directory that can change."""

    def __init__(self, journal: MemoryJournal, charging: Charging) -> None:
        self.journal = journal
        self.charging = charging
        self.credit = Credit()
        self.balances = Balances(self._directory, journal, self.credit)

    def _directory(self) -> Directory:
        return Directory((replace(tenant(), charging=self.charging),))

    def all(self) -> tuple[int, int]:
        return self.credit.balance(OWN), self.credit.balance(CARD)


CHARGING = Charging(opening_balance=-5, cards=(Card("1234", "", opening_balance=500),))


async def test_a_balance_is_opened_once_and_never_again() -> None:
    journal = MemoryJournal()
    first = House(journal, CHARGING)
    await first.balances.recover()
    assert first.all() == (-5, 500)
    await first.balances.open()
    assert first.all() == (-5, 500)
    after = House(journal, CHARGING)
    await after.balances.recover()
    assert after.all() == (-5, 500)
    assert len(await journal.ledger_entries(DOMAIN, WantedEntries(10))) == 2


async def test_what_the_file_says_later_changes_no_balance() -> None:
    journal = MemoryJournal()
    await House(journal, CHARGING).balances.recover()
    more = Charging(cards=(Card("1234", "", opening_balance=900),), opening_balance=7)
    after = House(journal, more)
    await after.balances.recover()
    assert after.all() == (-5, 500)


async def test_a_card_that_is_new_is_opened_when_the_directory_has_changed() -> None:
    house = House(MemoryJournal(), Charging())
    await house.balances.recover()
    assert house.all() == (0, 0)
    house.charging = CHARGING
    await house.balances.open()
    assert house.all() == (-5, 500)


async def test_a_payment_counts_once_by_its_name() -> None:
    house = House(MemoryJournal(), CHARGING)
    await house.balances.recover()
    assert await house.balances.change(CARD, "invoice-7", 100, "payment", "main")
    assert not await house.balances.change(CARD, "invoice-7", 100, "payment", "main")
    assert house.all() == (-5, 600)
    assert (await house.journal.balances())[CARD] == 600


async def test_a_killed_servers_call_is_settled_to_its_last_renewal() -> None:
    journal = MemoryJournal()
    killed = House(journal, CHARGING)
    await killed.balances.recover()
    charge = Charge(CARD, PrefixPrice("", per_minute=60))
    held = killed.credit.reserve("a/1", charge)
    await journal.accept(
        ACCEPTED,
        [
            CallEvent(EventKind.CALL_ACCEPTED, "a"),
            reserved_event("a", Leg.SECOND, "a/1", CARD, held),
            CallEvent(EventKind.LEG_ANSWERED, "a", Leg.SECOND, "channel"),
            reserved_event("a", Leg.SECOND, "a/1", CARD, killed.credit.renew("a/1")),
        ],
    )
    events = await journal.events_of(DOMAIN, "a")
    last = last_events("a", events, events[-1].at, {})
    assert [one.kind for one in last] == [EventKind.LEG_CHARGED, EventKind.CALL_ENDED]
    await journal.commit(DOMAIN, last)
    await journal.commit(DOMAIN, last[:1])  # it counts once, whoever tells it
    after = House(journal, CHARGING)
    await after.balances.recover()
    assert after.credit.balance(CARD) == 500 - 120


async def test_what_was_settled_before_the_kill_is_not_settled_again() -> None:
    journal = MemoryJournal()
    killed = House(journal, CHARGING)
    await killed.balances.recover()
    charge = Charge(CARD, PrefixPrice("", per_minute=60))
    held = killed.credit.reserve("a/1", charge)
    settled = killed.credit.settle("a/1", 7)
    assert settled is not None
    await journal.accept(
        ACCEPTED,
        [
            CallEvent(EventKind.CALL_ACCEPTED, "a"),
            reserved_event("a", Leg.SECOND, "a/1", CARD, held),
            CallEvent(EventKind.LEG_ANSWERED, "a", Leg.SECOND, "channel"),
            charged_event("a", Leg.SECOND, "c1", "a/1", settled),
        ],
    )
    events = await journal.events_of(DOMAIN, "a")
    last = last_events("a", events, events[-1].at, {})
    assert [one.kind for one in last] == [EventKind.CALL_ENDED]
    assert (await journal.balances())[CARD] == 500 - 7 == killed.credit.balance(CARD)


async def test_a_change_of_the_directory_is_followed_in_the_background() -> None:
    house = House(MemoryJournal(), Charging())
    await house.balances.recover()
    house.charging = CHARGING
    house.balances.follow()
    await eventually(lambda: house.all() == (-5, 500))
    house.charging = replace(CHARGING, cards=(*CHARGING.cards, Card("5", "", opening_balance=7)))
    house.balances.follow()
    await eventually(lambda: house.credit.balance(Payer(DOMAIN, "5")) == 7)
    await house.balances.close()
    await house.balances.close()


async def test_of_two_payments_under_one_name_at_a_time_one_counts() -> None:
    house = House(MemoryJournal(), CHARGING)
    await house.balances.recover()
    changes = [house.balances.change(CARD, "invoice-7", 100, "payment", "main") for _ in range(5)]
    assert sorted(await asyncio.gather(*changes)) == [False, False, False, False, True]
    assert house.all() == (-5, 600)
