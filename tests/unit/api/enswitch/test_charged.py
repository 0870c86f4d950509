"""Tariffs, cards and credit over Enswitch's API, against a whole server."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest

from cordboard.calls.ports import Dial, TrunkEndpoint
from cordboard.directory.charging import Card, Charging, PrefixPrice, Tariff
from cordboard.directory.money import UNIT
from cordboard.directory.passwords import held_password
from cordboard.directory.persons import ALL_PRIVILEGES, Person
from cordboard.directory.snapshot import Directory
from cordboard.engines.far_end import ANSWERS
from support.asgi import ask
from support.tenants import tenant
from support.v1 import Served

pytestmark = pytest.mark.anyio

PERSONS = (
    Person("user", held_password("password"), ALL_PRIVILEGES),
    Person("cook", held_password("password"), frozenset()),
)
STANDARD = Tariff("standard", "", (PrefixPrice("03", 60 * UNIT, UNIT),), denied=("0390",))
BARRED = Tariff("barred", "", (PrefixPrice("03"),), requests=False)
CARDS = (
    Card("1000", "", opening_balance=100 * UNIT),
    Card("2000", ""),
    Card("3000", "", locked=True, opening_balance=UNIT),
    Card("4000", "", expires=999.0, opening_balance=UNIT),
)
CHARGING = Charging("standard", "JPY", 0, 2 * UNIT, (STANDARD, BARRED), CARDS)
LINE = {"stype": "phone", "snumber": "jessica-desk"}
TOKYO = "0312341234"


class Selling(Served):
    """Demo, whose customer is ``below`` with one card of its own."""

    def __init__(self, charging: Charging = CHARGING) -> None:
        house = replace(tenant(customer=1), persons=PERSONS, charging=charging)
        below = tenant(customer=7, parent="demo")
        cards = (Card("7000", "", opening_balance=2 * UNIT),)
        below = replace(
            below,
            policy=replace(below.policy, domain="below", sip_realm="below"),
            charging=Charging("standard", tariffs=(STANDARD,), cards=cards),
        )
        super().__init__(house, below)
        self.started = False
        self.engine.register("jessica-desk@below")
        self.engine.when_dialled("jessica-desk@demo", ANSWERS)

    async def asked(self, function: str, **given: str) -> Any:
        """The answer as JSON."""
        if not self.started:
            self.started = True
            await self.exchange.recover()
        named = {"auth_username": "user", "auth_password": "password", **given}
        query = ";".join(f"{name}={quote(value, safe='')}" for name, value in named.items())
        reply = await ask(self.app, "GET", f"/api/json/{function}/?{query}", authorization=None)
        assert reply.status == 200
        return reply.json

    async def made(self, **given: str) -> tuple[str, str]:
        """Code and key of what comes of calls/make."""
        answer = await self.asked("calls/make", **{**LINE, **given})
        (response,) = answer["responses"]
        return response["code"], response["key"]

    def outside(self) -> int:
        """How many numbers outside were dialled."""
        dials = [one for one in self.engine.commands if isinstance(one, Dial)]
        return sum(isinstance(one.endpoint, TrunkEndpoint) for one in dials)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"cnumber": "0390123456"}, ("403", "cnumber")),
        ({"cnumber": "0612341234"}, ("403", "cnumber")),
        ({"stype": "", "snumber": "0390123456", "cnumber": "thomas"}, ("403", "snumber")),
        ({"stype": "", "snumber": "0612341234", "cnumber": "thomas"}, ("403", "snumber")),
        ({"cnumber": TOKYO, "card": "2000"}, ("403", "card")),
        ({"cnumber": TOKYO, "card": "3000"}, ("403", "card")),
        ({"cnumber": TOKYO, "card": "4000"}, ("403", "card")),
        ({"stype": "", "snumber": TOKYO, "cnumber": TOKYO}, ("403", "")),
        ({"cnumber": TOKYO, "card": "7000"}, ("400", "card")),
        ({"cnumber": TOKYO, "card": "1"}, ("400", "card")),
        ({"cnumber": TOKYO, "card": "1000"}, ("204", "")),
        ({"cnumber": TOKYO}, ("204", "")),
        ({"cnumber": TOKYO, "customer": "7", "card": "7000"}, ("204", "")),
        ({"cnumber": TOKYO, "customer": "7", "card": "1000"}, ("400", "card")),
        ({"cnumber": TOKYO, "customer": "7"}, ("204", "")),
        ({"cnumber": "thomas", "card": "2000"}, ("204", "")),
    ],
)
async def test_what_tariff_card_and_credit_allow(
    given: dict[str, str], wanted: tuple[str, str]
) -> None:
    served = Selling()
    assert await served.made(**given) == wanted
    assert served.exchange.live_calls() == (wanted[0] == "204")
    if wanted[0] != "204":
        assert served.engine.commands == []


async def test_the_order_of_what_is_looked_for() -> None:
    """Authentication, role, the tariff's right to call at all, validation, prefix and credit."""
    served = Selling(replace(CHARGING, tariff="barred"))
    wrong = {"cnumber": "0390123456", "card": "2000", "answer1": "perhaps"}
    assert await served.made(**wrong, auth_password="guessed") == ("401", "")
    assert await served.made(**wrong, auth_username="cook") == ("402", "")
    assert await served.made(**wrong) == ("403", "")
    served.directory = Directory(
        (replace(served.directory.tenants[0], charging=CHARGING), *served.directory.tenants[1:])
    )
    assert await served.made(**wrong) == ("400", "answer1")
    assert await served.made(**(wrong | {"answer1": "1"})) == ("403", "cnumber")
    assert await served.made(**(wrong | {"answer1": "1", "cnumber": TOKYO})) == ("403", "card")


async def test_a_card_pays_for_as_many_calls_as_there_is_money_for() -> None:
    served = Selling()
    codes = [await served.made(cnumber=TOKYO, card="1000") for _ in range(4)]
    assert codes == [("204", "")] * 2 + [("403", "card")] * 2, "60 seconds, then 38"


async def test_a_call_that_is_sent_where_nobody_can_pay_stays_where_it_is() -> None:
    served = Selling()
    served.engine.when_dialled("thomas@demo", ANSWERS)
    answer = await served.asked("calls/make", **LINE, cnumber="thomas", card="2000", wait="5")
    served.engine.advance(1.0)
    served.engine.advance(1.0)
    await served.journal.flush()
    moved = await served.asked("calls/redirect", uniqueid=answer["data"]["callid"], cnumber=TOKYO)
    assert [(one["code"], one["key"]) for one in moved["responses"]] == [("403", "card")]
    assert served.outside() == 0


async def test_a_cdr_says_what_it_cost_and_who_paid() -> None:
    at_the_answer = Tariff("standard", "", (PrefixPrice("", UNIT, UNIT, free_seconds=3600),))
    served = Selling(replace(CHARGING, tariffs=(at_the_answer,)))
    for card in ("1000", ""):
        await served.made(cnumber=TOKYO, card=card)
        served.engine.advance(1.0)
        served.engine.advance(1.0)
        dialled = [one for one in served.engine.commands if isinstance(one, Dial)][-1]
        assert isinstance(dialled.endpoint, TrunkEndpoint)
        served.engine.far(dialled.channel).answer()
        served.engine.far(dialled.channel).hang_up()
        served.engine.advance(10.0)
        await served.journal.flush()
    await served.made(cnumber="thomas")
    legs = (await served.asked("cdrs/list", sort="start"))["data"]
    assert {one["cost"] for one in legs if one["dtype"] != "external"} == {"0.00"}
    rows = [one for one in legs if one["dtype"] == "external"]
    assert sorted((one["bill_type"], one["bill_ref"]) for one in rows) == [
        ("card", "1000"),
        ("customer", "1"),
    ]
    assert [one["cost"] for one in rows] == ["1.00", "1.00"], "for that they were answered"
    assert {one["currency"] for one in rows} == {"JPY"}
