"""What every journal promises of money: entries that events make, each once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from cordboard.calls.charged import charged_event, credit_event, reserved_event
from cordboard.calls.credit import Charge, Payer, Settlement, Slice
from cordboard.calls.events import CallEvent
from cordboard.calls.request import Leg
from cordboard.directory.charging import PrefixPrice
from cordboard.journal.ledger import LedgerEntry, WantedEntries, place_of
from cordboard.journal.port import CallRecord, Journal
from support.journals import JOURNALS, KINDS

pytestmark = pytest.mark.anyio

CARD = Payer("demo", "1234")
OWN = Payer("demo")


@pytest.fixture(params=KINDS)
async def journal(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Journal]:
    async with JOURNALS[request.param](tmp_path) as opened:
        yield opened


def paid_in(payer: Payer, charge: str, amount: int) -> CallEvent:
    return credit_event(payer, charge, amount, "payment", "main")


def charged(payer: Payer, charge: str, amount: int, call: str = "a") -> CallEvent:
    cost = Settlement(Charge(payer, PrefixPrice("")), amount, 10)
    return charged_event(call, Leg.SECOND, "c1", charge, cost)


async def entries(journal: Journal, limit: int = 100, tenant: str = "demo") -> list[LedgerEntry]:
    return list(await journal.ledger_entries(tenant, WantedEntries(limit)))


async def test_nobody_has_anything_at_first(journal: Journal) -> None:
    assert await journal.balances() == {}
    assert await entries(journal) == []
    assert await journal.ledger_entry("demo", "x") is None


async def test_a_balance_is_the_sum_of_its_entries(journal: Journal) -> None:
    await journal.commit("demo", [paid_in(CARD, "p1", 5_000_000), paid_in(OWN, "p2", -7)])
    await journal.commit("demo", [charged(CARD, "a/1", 1_250_000), charged(OWN, "a/2", 3)])
    await journal.commit("demo", [paid_in(CARD, "p3", 2**40)])
    assert await journal.balances() == {CARD: 3_750_000 + 2**40, OWN: -10}


async def test_an_entry_says_whose_it_is_and_why(journal: Journal) -> None:
    await journal.commit("demo", [paid_in(CARD, "p1", 5), charged(OWN, "a/2", 3)])
    payment = await journal.ledger_entry("demo", "p1")
    charge = await journal.ledger_entry("demo", "a/2")
    assert payment is not None
    assert charge is not None
    assert payment == LedgerEntry(CARD, "p1", "payment", 5, payment.at, None, "main")
    assert charge == LedgerEntry(OWN, "a/2", "charge", -3, payment.at, "a", None)
    assert payment.at > 1_000_000_000


async def test_what_is_told_twice_counts_once(journal: Journal) -> None:
    await journal.commit("demo", [charged(CARD, "a/1", 10), charged(CARD, "a/1", 20)])
    await journal.commit("demo", [charged(CARD, "a/1", 30), charged(OWN, "a/1", 40)])
    await journal.commit("other", [charged(CARD, "a/1", 50)])
    assert await journal.balances() == {CARD: -10}
    (only,) = await entries(journal)
    assert only.amount == -10


async def test_charges_of_two_tenants_may_have_one_name(journal: Journal) -> None:
    other = Payer("other", "1234")
    await journal.commit("demo", [charged(CARD, "a/1", 10)])
    await journal.commit("other", [charged(other, "a/1", 20)])
    assert await journal.balances() == {CARD: -10, other: -20}


async def test_a_card_pays_for_the_call_of_another_tenant(journal: Journal) -> None:
    await journal.commit("other", [charged(CARD, "a/1", 10)])
    assert await journal.balances() == {CARD: -10}
    assert [one.charge for one in await entries(journal)] == ["a/1"]
    assert await entries(journal, tenant="other") == []


async def test_what_is_reserved_or_costs_nothing_makes_no_entry(journal: Journal) -> None:
    held = reserved_event("a", Leg.SECOND, "a/1", CARD, Slice(60, 60, last=False))
    await journal.commit("demo", [held, charged(CARD, "a/1", 0)])
    assert await entries(journal) == []
    assert await journal.balances() == {}


async def test_events_of_a_call_that_is_accepted_count_as_well(journal: Journal) -> None:
    record = CallRecord("a", "demo", "main", "v1", "calls", 1.0, ())
    await journal.accept(record, [charged(CARD, "a/1", 10)])
    journal.append("demo", [charged(CARD, "a/2", 5)])
    await journal.flush()
    assert await journal.balances() == {CARD: -15}


async def test_lists_have_the_newest_first_and_go_on_behind_an_entry(journal: Journal) -> None:
    random = Random(3)
    for number in range(6):
        names = [f"{number}-{name}" for name in random.sample("abcdef", 3)]
        await journal.commit("demo", [charged(CARD, name, 1) for name in names])
        await asyncio.sleep(0)
    whole = await entries(journal)
    assert len(whole) == 18
    assert whole == sorted(whole, key=place_of, reverse=True)
    paged: list[LedgerEntry] = []
    while len(paged) < len(whole):
        after = place_of(paged[-1]) if paged else None
        page = await journal.ledger_entries("demo", WantedEntries(5, after=after))
        assert 0 < len(page) <= 5
        paged += page
    assert paged == whole


async def test_lists_are_of_a_card_a_call_and_a_time(journal: Journal) -> None:
    await journal.commit("demo", [charged(CARD, "1", 1, "a"), charged(OWN, "2", 1, "b")])
    await journal.commit("demo", [charged(CARD, "3", 1, "b"), paid_in(CARD, "4", 1)])

    async def names(**wanted: Any) -> set[str]:
        found = await journal.ledger_entries("demo", WantedEntries(100, **wanted))
        return {one.charge for one in found}

    assert await names(card="1234") == {"1", "3", "4"}
    assert await names(call="b") == {"2", "3"}
    newest = (await entries(journal))[0].at
    assert await names(since=newest + 1) == set()
    assert await names(until=newest + 1) == {"1", "2", "3", "4"}
    assert await names(since=newest, card="1234", call="b") <= {"3"}


async def test_names_may_be_any_text(journal: Journal) -> None:
    strange = Payer("demo", "o'card; --")
    await journal.commit("demo", [charged(strange, "x'/1", 10)])
    assert await journal.balances() == {strange: -10}
