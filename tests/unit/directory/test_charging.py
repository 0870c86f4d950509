"""What the file says about money, and which price a number has."""

from __future__ import annotations

import pytest

from cordboard.directory.charging import (
    NOT_CHARGED,
    Card,
    Charging,
    NoPrice,
    NotAllowed,
    PrefixPrice,
    Tariff,
)
from cordboard.directory.toml import load_directory

# Lines 1 to 4.
BASE = """\
[tenant.demo]
country = "jp"
[tenant.demo.account.a]
token = "a-token-to-use"
"""

WHOLE = """\
[tenant.demo.charging]
tariff = "standard"
currency = "JPY"
credit_limit = "100"
opening_balance = "-0.5"
[tenant.demo.tariff.standard]
label = "Standard"
denied = ["0990", "+979"]
[[tenant.demo.tariff.standard.prices]]
prefix = ""
per_minute = "20"
[[tenant.demo.tariff.standard.prices]]
prefix = "03"
per_minute = "3.000001"
set_up = "1.5"
first_increment = 60
increment = 6
free_seconds = 5
[tenant.demo.tariff.cards]
[[tenant.demo.tariff.cards.prices]]
prefix = "+81"
per_minute = "9"
[tenant.demo.card.1234]
label = "Of the lobby"
tariff = "cards"
opening_balance = "500"
expires = "2030-12-31"
locked = true
[tenant.demo.card.plain]
"""

TOKYO = PrefixPrice("03", 3_000_001, 1_500_000, 60, 6, 5)
ANY = PrefixPrice("", 20_000_000)


def load(text: str) -> tuple[Charging, list[str]]:
    directory, problems = load_directory(BASE + text, "f.toml")
    found = [str(problem).removeprefix("f.toml:") for problem in problems.in_order()]
    return directory.tenants[0].charging, found


def standard() -> Tariff:
    charging, problems = load(WHOLE)
    assert problems == []
    found = charging.tariff_named("standard")
    assert found is not None
    return found


def test_a_tenant_without_money_is_not_charged() -> None:
    charging, problems = load("")
    assert (charging, problems) == (NOT_CHARGED, [])
    assert charging.tariff_of(None) is None


def test_everything_can_be_said() -> None:
    charging, problems = load(WHOLE)
    assert problems == []
    assert charging == Charging(
        "standard",
        "JPY",
        100_000_000,
        -500_000,
        (
            Tariff("standard", "Standard", (ANY, TOKYO), ("0990", "+979")),
            Tariff("cards", "cards", (PrefixPrice("+81", 9_000_000),)),
        ),
        (
            Card("1234", "Of the lobby", "cards", 500_000_000, 1_924_992_000.0, True),
            Card("plain", "plain"),
        ),
    )


def test_a_card_is_charged_by_its_own_tariff_or_the_tenants() -> None:
    charging, _ = load(WHOLE)
    for card, tariff in (("1234", "cards"), ("plain", "standard")):
        found = charging.tariff_of(charging.card_named(card))
        assert found is not None
        assert found.name == tariff
    assert charging.card_named("4321") is None


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("1970-01-01", 86_400.0),
        ("1970-01-01T00:00:10", 10.0),
        ("1970-01-01T09:00:10+09:00", 10.0),
        ("1970-01-01T00:00:10Z", 10.0),
    ],
)
def test_a_day_lasts_until_its_end_in_utc(written: str, moment: float) -> None:
    charging, _ = load(WHOLE.replace("2030-12-31", written))
    assert charging.cards[0].expires == moment


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            '[tenant.demo.charging]\ntariff = "x"\n',
            '6: tenant.demo.charging.tariff: there is no tariff "x"',
        ),
        (
            '[tenant.demo.card.c]\ntariff = "x"\n',
            '6: tenant.demo.card.c.tariff: there is no tariff "x"',
        ),
        (
            "[tenant.demo.card.c]\nopening_balance = 0.1\n",
            "6: tenant.demo.card.c.opening_balance: expected a price in quotes",
        ),
        (
            '[tenant.demo.card.c]\nopening_balance = "-1"\n',
            "6: tenant.demo.card.c.opening_balance: expected a price in quotes",
        ),
        (
            '[tenant.demo.card.c]\nexpires = "soon"\n',
            "6: tenant.demo.card.c.expires: expected a day or a time in quotes",
        ),
        (
            '[tenant.demo.charging]\ncurrency = "yen"\n',
            "6: tenant.demo.charging.currency: expected an ISO 4217 currency code",
        ),
        (
            '[[tenant.demo.tariff.t.prices]]\nprefix = "03"\n',
            '5: tenant.demo.tariff.t.prices[0]: "per_minute" is missing',
        ),
        (
            '[[tenant.demo.tariff.t.prices]]\nprefix = "03"\nper_minute = "0.0000001"\n',
            "7: tenant.demo.tariff.t.prices[0].per_minute: expected a price in quotes",
        ),
        (
            '[[tenant.demo.tariff.t.prices]]\nprefix = "03"\nper_minute = "1"\nincrement = 0\n',
            "8: tenant.demo.tariff.t.prices[0].increment: expected a whole number from 1 to 3600",
        ),
    ],
)
def test_faults_name_their_line_and_key(text: str, problem: str) -> None:
    _, problems = load(text)
    assert any(found.startswith(problem) for found in problems), problems


def test_what_can_not_be_meant_is_warned_of() -> None:
    _, problems = load(
        '[tenant.demo.tariff.t]\ndenied = ["+81990"]\n'
        '[[tenant.demo.tariff.t.prices]]\nprefix = "0990"\nper_minute = "1"\n'
        '[[tenant.demo.tariff.t.prices]]\nprefix = "03"\nper_minute = "1"\n'
        '[[tenant.demo.tariff.t.prices]]\nprefix = "+813"\nper_minute = "2"\n'
        "[tenant.demo.tariff.empty]\n[tenant.demo.card.c]\n"
    )
    base = "warning: tenant.demo"
    assert problems == [
        f'7: {base}.tariff.t.prices[0]: calls to "0990" are denied by "+81990"',
        f'13: {base}.tariff.t.prices[2]: "03" has a price already; the first one counts',
        f"16: {base}.tariff.empty: the tariff has no prices, so no number can be called by it",
        f"17: {base}.card.c: neither the card nor the tenant has a tariff, so it pays nothing",
    ]


@pytest.mark.parametrize(
    ("number", "price"),
    [
        ("0312345678", TOKYO),
        ("+81312345678", TOKYO),
        ("010 81 3 1234 5678", TOKYO),
        ("184 03-1234-5678", TOKYO),
        ("0612345678", ANY),
        ("+442071234567", ANY),
        ("1234", ANY),
    ],
)
def test_a_number_has_one_price_however_it_is_dialled(number: str, price: PrefixPrice) -> None:
    assert standard().price_for(number, "jp") == price


@pytest.mark.parametrize(
    "number",
    [
        "0990123456",
        "+81990123456",
        "01081990123456",
        "1840990123456",
        "1861840990123456",
        "+979123",
    ],
)
def test_a_denied_prefix_can_not_be_evaded(number: str) -> None:
    found = standard().price_for(number, "jp")
    assert isinstance(found, NotAllowed)
    assert found.reason is NoPrice.DENIED
    assert "standard" in found.message


def test_the_longest_prefix_decides_and_of_equal_ones_the_denial() -> None:
    near, far = PrefixPrice("033", 1), PrefixPrice("+8133", 2)
    tariff = Tariff("t", "t", (PrefixPrice("03", 3), near, far), ("0333",))
    assert tariff.price_for("0334", "jp") == near
    assert tariff.price_for("+81312345678", "jp") == PrefixPrice("03", 3)
    assert isinstance(tariff.price_for("0333123456", "jp"), NotAllowed)
    denies = Tariff("t", "t", (near,), ("+8133",))
    assert isinstance(denies.price_for("0331234567", "jp"), NotAllowed)
    lifted = Tariff("t", "t", (PrefixPrice("09901", 4),), ("0990",))
    assert lifted.price_for("0990123456", "jp") == PrefixPrice("09901", 4)


@pytest.mark.parametrize(
    ("number", "reason"),
    [("+442071234567", NoPrice.NOT_COVERED), ("jessica", NoPrice.NOT_A_NUMBER)],
)
def test_what_a_tariff_does_not_cover_is_not_allowed(number: str, reason: NoPrice) -> None:
    found = Tariff("t", "t", (PrefixPrice("+81", 1),)).price_for(number, "jp")
    assert isinstance(found, NotAllowed)
    assert found.reason is reason
