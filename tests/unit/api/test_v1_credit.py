"""Balances, cards, the ledger and payments over v1."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from cordboard.directory.charging import Card, Charging, PrefixPrice, Tariff
from cordboard.directory.scopes import ApiScope
from support.tenants import tenant
from support.v1 import Served

pytestmark = pytest.mark.anyio

STANDARD = Tariff("standard", "Standard", (PrefixPrice("", per_minute=60),))
CARDS = (
    Card("2000", "Second", locked=True, expires=5.0),
    Card("1000", "First", opening_balance=100),
)
CHARGING = Charging("standard", "JPY", 50, -20, (STANDARD,), CARDS)
CALL = {"first": {"terminal": "jessica-desk"}, "second": {"number": "0312341234"}}


async def shop(*scopes: ApiScope) -> Served:
    """A server whose one account may do what is usual, or what it names."""
    house = replace(tenant(), charging=CHARGING)
    if scopes:
        account = replace(house.accounts[0], scopes=frozenset(scopes))
        house = replace(house, accounts=(account,))
    served = Served(house)
    await served.exchange.recover()
    return served


CASHIER = (ApiScope.CREDIT_READ, ApiScope.CREDIT_WRITE, ApiScope.CALLS_WRITE)


async def test_what_the_tenant_has() -> None:
    served = await shop()
    assert (await served.get("/credit")).json == {
        "currency": "JPY",
        "tariff": "standard",
        "credit_limit": 50,
        "balance": -20,
        "reserved": 0,
        "available": 30,
    }
    assert (await served.post("/calls", CALL)).status == 201
    after = (await served.get("/credit")).json
    assert (after["balance"], after["reserved"], after["available"]) == (-20, 30, 0)
    refused = await served.post("/calls", CALL)
    assert (refused.status, refused.json["id"]) == (402, "no_credit")


async def test_cards_come_in_pages_by_their_numbers() -> None:
    served = await shop()
    first = (await served.get("/cards?limit=1")).json
    (card,) = first["cards"]
    assert (card["card"], card["balance"], card["available"]) == ("1000", 100, 100)
    second = (await served.get(f"/cards?limit=1&cursor={first['next']}")).json
    (other,) = second["cards"]
    assert (other["card"], other["locked"], other["expires"]) == ("2000", True, 5.0)
    assert (other["balance"], other["tariff"], second["next"]) == (0, "standard", None)


async def test_a_call_is_paid_from_its_card() -> None:
    served = await shop()
    assert (await served.post("/calls", {**CALL, "card": "1000"})).status == 201
    cards = {one["card"]: one for one in (await served.get("/cards")).json["cards"]}
    assert (cards["1000"]["reserved"], cards["1000"]["available"]) == (60, 40)
    for card, status, name in (("2000", 402, "no_credit"), ("3000", 422, "invalid_parameter")):
        refused = await served.post("/calls", {**CALL, "card": card})
        assert (refused.status, refused.json["id"]) == (status, name)
        assert refused.json["parameter"] == "card"


async def test_explain_says_who_pays() -> None:
    served = await shop()
    told = (await served.post("/calls/explain", {**CALL, "card": "1000"})).json
    assert told["second"]["paid_by"] == {"tenant": "demo", "card": "1000"}
    assert told["second"]["price"]["per_minute"] == "0.00006"


PAID = {"amount": 500, "reference": "invoice-7", "card": "1000"}


async def test_a_payment_is_booked_once_by_its_reference() -> None:
    served = await shop(*CASHIER)
    first = await served.post("/payments", PAID)
    again = await served.post("/payments", {**PAID, "kind": None})
    assert (first.status, again.status) == (201, 200)
    assert first.json == again.json
    assert (first.json["charge"], first.json["account"]) == ("payment:invoice-7", "main")
    (card, _) = (await served.get("/cards")).json["cards"]
    assert card["balance"] == 600
    for other in ({"amount": 501}, {"card": None}, {"kind": "correction"}):
        refused = await served.post("/payments", PAID | other)
        assert (refused.status, refused.json["id"]) == (409, "idempotency_conflict")
    assert (await served.get("/credit")).json["balance"] == -20


async def test_of_many_at_a_time_one_is_booked() -> None:
    served = await shop(*CASHIER)
    answers = await asyncio.gather(*(served.post("/payments", PAID) for _ in range(5)))
    assert sorted(one.status for one in answers) == [200, 200, 200, 200, 201]
    assert (await served.get("/cards")).json["cards"][0]["balance"] == 600


async def test_an_amount_can_be_taken_away() -> None:
    served = await shop(*CASHIER)
    taken = {"amount": -30, "reference": "r", "kind": "correction"}
    assert (await served.post("/payments", taken)).json["kind"] == "correction"
    standing = (await served.get("/credit")).json
    assert (standing["balance"], standing["available"]) == (-50, 0)
    assert (await served.post("/calls", CALL)).status == 402


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        ({"reference": "r"}, "amount"),
        ({"amount": 0, "reference": "r"}, "amount"),
        ({"amount": 1.5, "reference": "r"}, "amount"),
        ({"amount": 10**18, "reference": "r"}, "amount"),
        ({"amount": 1}, "reference"),
        ({"amount": 1, "reference": ""}, "reference"),
        ({"amount": 1, "reference": "r", "kind": "gift"}, "kind"),
        ({"amount": 1, "reference": "r", "for": "me"}, "for"),
    ],
)
async def test_what_is_wrong_with_a_payment_is_named(asked: dict[str, Any], path: str) -> None:
    served = await shop(*CASHIER)
    refused = await served.post("/payments", asked)
    assert refused.status == 422
    assert [one["path"] for one in refused.json["errors"]] == [path]


async def test_nobody_pays_to_a_card_that_there_is_not() -> None:
    served = await shop(*CASHIER)
    refused = await served.post("/payments", {**PAID, "card": "3000"})
    assert (refused.status, refused.json["parameter"]) == (422, "card")


async def test_an_account_that_names_no_scopes_books_nothing() -> None:
    served = await shop()
    refused = await served.post("/payments", PAID)
    assert (refused.status, refused.json["parameter"]) == (403, "credit:write")
    other = await shop(ApiScope.CALLS_READ)
    for path in ("/credit", "/cards", "/ledger"):
        assert (await other.get(path)).json["parameter"] == "credit:read"


async def test_the_ledger_tells_every_change_in_pages() -> None:
    served = await shop(*CASHIER)
    for number in range(3):
        await served.post("/payments", {**PAID, "reference": str(number)})
    kinds, path = [], "/ledger?limit=2"
    while path:
        page = (await served.get(path)).json
        kinds += [(one["kind"], one["card"], one["amount"]) for one in page["entries"]]
        path = f"/ledger?limit=2&cursor={page['next']}" if page["next"] else ""
    assert kinds[:3] == [("payment", "1000", 500)] * 3
    assert sorted(kinds[3:], key=str) == [("opening", "1000", 100), ("opening", None, -20)]
    assert len((await served.get("/ledger?card=1000")).json["entries"]) == 4
    assert (await served.get("/ledger?cursor=never")).status == 422
