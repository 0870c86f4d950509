"""What calls to outside numbers cost a tenant, and who pays: tariffs, prepaid cards, its credit.

Money is whole millionths (:mod:`cordboard.directory.money`), durations are whole seconds. Balances
are no part of the directory: they are what the ledger says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Final

from cordboard.directory.denied import without_privacy_code
from cordboard.directory.numbers import NotANumber, dialled, written_forms


@dataclass(frozen=True, slots=True)
class PrefixPrice:
    """What an answered leg costs to numbers that begin with ``prefix`` ("": any number).

    ``set_up`` is owed once it is answered. Its first ``free_seconds`` cost nothing more; what it
    lasts beyond those is charged ``per_minute``, ``first_increment`` seconds at least and then in
    steps of ``increment`` seconds.
    """

    prefix: str
    per_minute: int = 0
    set_up: int = 0
    first_increment: int = 1
    increment: int = 1
    free_seconds: int = 0

    @property
    def is_nothing(self) -> bool:
        """Whether it costs nothing, however long it lasts."""
        return not (self.set_up or self.per_minute)


class NoPrice(Enum):
    """Why a tariff does not allow a number."""

    NOT_A_NUMBER = "not_a_number"
    DENIED = "denied"
    NOT_COVERED = "not_covered"


@dataclass(frozen=True, slots=True)
class NotAllowed:
    """A number that a tariff does not allow; ``message`` is for the operator and the client."""

    reason: NoPrice
    message: str


_Placed = tuple[int, PrefixPrice | None]
"""Where a price stands in its tariff, and the price; denials (None) stand before all of them."""


@dataclass(frozen=True)
class Tariff:
    """Prices by prefix, and the prefixes that may not be called by it.

    As of outbound rules, the prefix decides that leaves the fewest digits unmatched in any way of
    writing the number, so that ``03`` and ``+813`` are the same. Where a price and a denial leave
    equally many, the denial decides; of equal prices the first. Without ``requests`` no client may
    have calls placed by it at all, wherever they lead.
    """

    name: str
    label: str
    prices: tuple[PrefixPrice, ...] = ()
    denied: tuple[str, ...] = ()
    requests: bool = True

    _by_prefix: Mapping[str, _Placed] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_prefix: dict[str, _Placed] = dict.fromkeys(self.denied, (-1, None))
        for position, price in enumerate(self.prices):
            by_prefix.setdefault(price.prefix, (position, price))
        object.__setattr__(self, "_by_prefix", MappingProxyType(by_prefix))

    def price_for(self, text: str, country: str) -> PrefixPrice | NotAllowed:
        """What calls to a number cost that is dialled in a country (ISO 3166).

        A code that hides or shows the caller's number is no part of the number.
        """
        try:
            number = _bare(dialled(text), country)
        except NotANumber as error:
            return NotAllowed(NoPrice.NOT_A_NUMBER, str(error))
        found = self._deciding(written_forms(number, country))
        if found is None:
            message = f"the tariff {self.name} has no price for {number}"
            return NotAllowed(NoPrice.NOT_COVERED, message)
        _, price = found
        if price is None:
            return NotAllowed(NoPrice.DENIED, f"the tariff {self.name} denies {number}")
        return price

    def _deciding(self, forms: tuple[str, ...]) -> _Placed | None:
        """Looked up by prefixes, the longest first: a tariff has thousands, a number dozens."""
        for unmatched in range(max(map(len, forms))):
            prefixes = (form[: len(form) - unmatched] for form in forms if unmatched < len(form))
            matched = [self._by_prefix[prefix] for prefix in prefixes if prefix in self._by_prefix]
            if matched:
                return min(matched, key=lambda placed: placed[0])
        return self._by_prefix.get("")


def _bare(number: str, country: str) -> str:
    """A number without all codes before it: who dials two of them calls the number all the same."""
    while (bare := without_privacy_code(number, country)) != number:
        number = bare
    return number


@dataclass(frozen=True, slots=True)
class Card:
    """A prepaid card: calls that name it are paid from what is on it, and from nothing else.

    ``tariff`` of None is the tenant's. ``opening_balance`` is on it when it is first seen, and
    never again. From ``expires`` on (seconds since 1970) and while ``locked`` it pays nothing.
    """

    name: str
    label: str
    tariff: str | None = None
    opening_balance: int = 0
    expires: float | None = None
    locked: bool = False


@dataclass(frozen=True)
class Charging:
    """How a tenant's calls are charged: by ``tariff`` (None: not at all but for cards), from a
    balance that begins with ``opening_balance`` and may fall ``credit_limit`` below nothing (None:
    as far as it does). ``currency`` is an ISO 4217 code."""

    tariff: str | None = None
    currency: str | None = None
    credit_limit: int | None = None
    opening_balance: int = 0
    tariffs: tuple[Tariff, ...] = ()
    cards: tuple[Card, ...] = ()

    def tariff_named(self, name: str) -> Tariff | None:
        """The tariff with this name."""
        return next((one for one in self.tariffs if one.name == name), None)

    def card_named(self, name: str) -> Card | None:
        """The card with this name."""
        return next((one for one in self.cards if one.name == name), None)

    def tariff_of(self, card: Card | None) -> Tariff | None:
        """By what a call is charged that names a card, or none; None: it costs nothing."""
        name = self.tariff if card is None or card.tariff is None else card.tariff
        return None if name is None else self.tariff_named(name)


NOT_CHARGED: Final = Charging()
"""Of a tenant that says nothing about money."""
