"""The keys about money in the configuration file: tariffs, cards, and who pays for what."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from cordboard.directory.charging import Card, Charging, PrefixPrice, Tariff
from cordboard.directory.kinds import NAME, PREFIX, matching
from cordboard.directory.locate import Path
from cordboard.directory.money import millionths
from cordboard.directory.numbers import identity
from cordboard.directory.problems import Problems
from cordboard.directory.references import unknown_name
from cordboard.directory.rows import Row, fit, rows_of
from cordboard.directory.shape import (
    Field,
    Shape,
    integer,
    list_of,
    table,
    text,
    text_where,
    truth,
)

LONGEST_INCREMENT: Final = 3600
"""Seconds that are charged at once at most."""

LONGEST_FREE: Final = 86_400
"""Seconds of a call that cost nothing at most: no call is longer."""

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SECONDS_OF_A_DAY: Final = 86_400
_CURRENCY: Final = re.compile(r"[A-Z]{3}")


def _price(value: str) -> int:
    amount = millionths(value)
    if amount < 0:
        raise ValueError("a price is not below 0")
    return amount


def _moment(value: str) -> float:
    """A day lasts until it ends in UTC, where also a time is meant that names no zone."""
    try:
        if _DAY.fullmatch(value):
            return datetime.fromisoformat(value).replace(tzinfo=UTC).timestamp() + _SECONDS_OF_A_DAY
        at = datetime.fromisoformat(value)
        return at.replace(tzinfo=at.tzinfo or UTC).timestamp()
    except (ValueError, OverflowError):
        raise ValueError from None


AMOUNT: Final = text_where('an amount of money in quotes, "12.50"', millionths)
PRICE: Final = text_where('a price in quotes, "0.025"', _price)
CURRENCY: Final = matching(_CURRENCY, 'an ISO 4217 currency code such as "EUR"')
_TARIFF_NAME: Final = text("a tariff's name")
_SECONDS: Final = integer(1, LONGEST_INCREMENT, "seconds")

TARIFF_PRICE: Final = Shape(
    "price",
    {
        "prefix": Field(PREFIX, required=True),
        "per_minute": Field(PRICE, required=True),
        "set_up": Field(PRICE),
        "first_increment": Field(_SECONDS, 1),
        "increment": Field(_SECONDS, 1),
        "free_seconds": Field(integer(0, LONGEST_FREE, "seconds"), 0),
    },
)

TARIFF: Final = Shape(
    "tariff",
    {
        "label": Field(text()),
        "requests": Field(truth(), True),
        "denied": Field(list_of(PREFIX, 'a list of prefixes, ["+979"]'), ()),
        "prices": Field(
            list_of(
                table("a table [[tenant.DOMAIN.tariff.NAME.prices]]", TARIFF_PRICE),
                "tables [[...prices]]",
            ),
            (),
        ),
    },
)

CARD: Final = Shape(
    "card",
    {
        "label": Field(text()),
        "tariff": Field(_TARIFF_NAME),
        "opening_balance": Field(PRICE),
        "expires": Field(text_where('a day or a time in quotes, "2030-12-31"', _moment)),
        "locked": Field(truth(), False),
    },
)

CHARGING: Final = Shape(
    "charging",
    {
        "tariff": Field(_TARIFF_NAME),
        "currency": Field(CURRENCY),
        "credit_limit": Field(PRICE),
        "opening_balance": Field(AMOUNT),
    },
)


def charging_of(
    given: dict[str, Any], charging: Mapping[str, Any] | None, base: Path, problems: Problems
) -> Charging:
    """What a tenant's table says about money; ``charging`` are the values of its key."""
    tariffs = rows_of("tariff", given, base, NAME, TARIFF, problems)
    cards = rows_of("card", given, base, NAME, CARD, problems)
    return Charging(
        **_said(charging or {}),
        tariffs=tuple(map(_tariff, tariffs)),
        cards=tuple(Card(row.name, **_said(row.values) | {"label": _label(row)}) for row in cards),
    )


def _said(values: Mapping[str, Any]) -> dict[str, Any]:
    """What is not left out, for which the values have their own defaults."""
    return {key: value for key, value in values.items() if value is not None}


def check_charging(charging: Charging, country: str, base: Path, problems: Problems) -> None:
    """Reports tariffs that are named and not there, and what of a tariff can never be meant."""
    known = [tariff.name for tariff in charging.tariffs]
    for path, name in _named(charging, base):
        if name not in known:
            problems.error(path, unknown_name("tariff", name, known))
    for tariff in charging.tariffs:
        where: Path = (*base, "tariff", tariff.name)
        if not tariff.prices:
            problems.warning(where, "the tariff has no prices, so no number can be called by it")
        _check_prefixes(tariff, country, where, problems)
    for card in charging.cards:
        if card.tariff is None and charging.tariff is None:
            message = "neither the card nor the tenant has a tariff, so it pays nothing"
            problems.warning((*base, "card", card.name), message)


def _named(charging: Charging, base: Path) -> Iterator[tuple[Path, str]]:
    if charging.tariff is not None:
        yield (*base, "charging", "tariff"), charging.tariff
    for card in charging.cards:
        if card.tariff is not None:
            yield (*base, "card", card.name, "tariff"), card.tariff


def _check_prefixes(tariff: Tariff, country: str, where: Path, problems: Problems) -> None:
    denied = {_meant(prefix, country): prefix for prefix in tariff.denied}
    priced: dict[str, str] = {}
    for position, price in enumerate(tariff.prices):
        path: Path = (*where, "prices", position)
        meant = _meant(price.prefix, country)
        if meant in denied:
            problems.warning(path, f'calls to "{price.prefix}" are denied by "{denied[meant]}"')
        elif meant in priced:
            message = f'"{priced[meant]}" has a price already; the first one counts'
            problems.warning(path, message)
        priced.setdefault(meant, price.prefix)


def _meant(prefix: str, country: str) -> str:
    return identity(prefix, country) if prefix else ""


def _label(row: Row) -> str:
    return row.values["label"] or row.name


def _tariff(row: Row) -> Tariff:
    prices = [entry for entry in fit(row.values["prices"]) if _is_whole(entry)]
    return Tariff(
        row.name,
        _label(row),
        tuple(PrefixPrice(**_said(entry)) for entry in prices),
        fit(row.values["denied"]),
        row.values["requests"],
    )


def _is_whole(entry: dict[str, Any]) -> bool:
    """Whether nothing is missing that has to be there."""
    return "prefix" in entry and "per_minute" in entry
