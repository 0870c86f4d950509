"""Credit: what payers have, what running legs have reserved of it, and what they cost at last.

Theory of operation. A leg that costs something is a *charge* from before it is dialled. It never
holds a promise, only money: what it may talk is reserved, slice by slice, before it does.

    reserve    the first slice of 60 s, or as much of it as there is money for; refused where that
               is not one second
    renew      60 s more, 15 s before the end of those that are paid; where there is not money for
               all of them, as many as there are, and that slice is the last one
    settle     the leg has ended: of what is reserved its cost is spent, the rest is free again

    available = balance + limit - reserved        never below 0 by anything that happens here

Each of the three is one synchronous step, so that no two charges get the same money, however many
run. A leg that hangs up late, or whose end is noticed late, costs at most what it has reserved. Two
things alone can make ``available`` negative: a balance that is taken away by hand, and a limit that
is lowered; then nothing can be reserved until it is positive again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cordboard.calls.prices import cost, seconds_for
from cordboard.directory.charging import PrefixPrice

SLICE_SECONDS: Final = 60
"""What is reserved at a time: so much of a crashed call is paid at most and not talked."""

RENEWED_BEFORE: Final = 15
"""Seconds before the end of a slice at which the next one is reserved: time enough to warn."""


@dataclass(frozen=True, slots=True)
class Payer:
    """Who pays: a tenant by its domain, or a card of it."""

    tenant: str
    card: str | None = None

    def __str__(self) -> str:
        return self.tenant if self.card is None else f"card:{self.card}@{self.tenant}"


@dataclass(frozen=True, slots=True)
class Charge:
    """What a leg will cost and who pays: a part of its plan.

    The payer's balance may fall ``limit`` below nothing (None: without bound; 0 for a card).
    """

    payer: Payer
    price: PrefixPrice
    limit: int | None = 0


@dataclass(frozen=True, slots=True)
class PlannedCharge:
    """A charge that is to be reserved under a ``name``, its own among all, before its leg is
    dialled; from ``expires`` on (seconds since 1970) its payer pays for nothing new."""

    name: str
    charge: Charge
    expires: float | None = None


@dataclass(frozen=True, slots=True)
class Slice:
    """What a leg may talk, in seconds from its answer: ``until`` then (None: as long as it wants),
    for which ``reserved`` is held in all. After the ``last`` one there is no other."""

    until: int | None
    reserved: int
    last: bool

    @property
    def renewed_at(self) -> int | None:
        """When the next one is to be reserved, in seconds from the answer."""
        if self.last or self.until is None:
            return None
        return max(0, self.until - RENEWED_BEFORE)


@dataclass(frozen=True, slots=True)
class Settlement:
    """What a leg has cost: ``amount`` for ``seconds``, None where it was never answered."""

    charge: Charge
    amount: int
    seconds: int | None


class NoCredit(Exception):
    """A payer has not enough for one second; ``payer`` says who."""

    def __init__(self, payer: Payer) -> None:
        super().__init__(f"there is not enough credit: {payer}")
        self.payer = payer


@dataclass(slots=True)
class _Account:
    balance: int = 0
    reserved: int = 0


@dataclass(slots=True)
class _Held:
    """A charge that runs."""

    charge: Charge
    slice: Slice


class Credit:
    """All payers and all running charges of this server; amounts are millionths."""

    def __init__(self) -> None:
        self._accounts: dict[Payer, _Account] = {}
        self._held: dict[str, _Held] = {}

    def add(self, payer: Payer, amount: int) -> None:
        """Puts an amount on a payer's balance, or takes it away where it is negative."""
        self._account(payer).balance += amount

    def balance(self, payer: Payer) -> int:
        """What a payer has, as settled so far."""
        account = self._accounts.get(payer)
        return 0 if account is None else account.balance

    def reserved(self, payer: Payer) -> int:
        """What running legs hold of it."""
        account = self._accounts.get(payer)
        return 0 if account is None else account.reserved

    def available(self, payer: Payer, limit: int | None) -> int | None:
        """What can be reserved yet; None: any amount."""
        return None if limit is None else self.balance(payer) + limit - self.reserved(payer)

    def reserve(self, leg: str, charge: Charge) -> Slice:
        """The first slice of a leg, which has its own name among all; raises :class:`NoCredit`.

        ValueError where a leg of this name is charged already.
        """
        if leg in self._held:
            raise ValueError(f"{leg} is charged already")
        first = self._slice(charge, None)
        if first.until == 0:
            raise NoCredit(charge.payer)
        self._account(charge.payer).reserved += first.reserved
        self._held[leg] = _Held(charge, first)
        return first

    def slice_of(self, leg: str) -> Slice:
        """What a leg has got so far; KeyError for unknown legs."""
        return self._held[leg].slice

    def renew(self, leg: str) -> Slice:
        """The next slice, which may be no longer than the one before; KeyError for unknown legs."""
        held = self._held[leg]
        before = held.slice
        if before.last or before.until is None:
            return before
        held.slice = self._slice(held.charge, before)
        self._account(held.charge.payer).reserved += held.slice.reserved - before.reserved
        return held.slice

    def settle(self, leg: str, seconds: int | None) -> Settlement | None:
        """The end of a leg that was answered for so many seconds, or (None) never was.

        None where no leg of this name is charged, or not any more.
        """
        held = self._held.pop(leg, None)
        if held is None:
            return None
        owed = 0 if seconds is None else cost(held.charge.price, seconds)
        amount = min(owed, held.slice.reserved)
        account = self._account(held.charge.payer)
        account.reserved -= held.slice.reserved
        account.balance -= amount
        return Settlement(held.charge, amount, seconds)

    def _slice(self, charge: Charge, before: Slice | None) -> Slice:
        """What can be had behind a slice, or (None) to begin with."""
        price = charge.price
        paid, reserved = (0, 0) if before is None else (before.until or 0, before.reserved)
        available = self.available(charge.payer, charge.limit)
        longest = None if available is None else seconds_for(price, available + reserved)
        if price.per_minute == 0:
            return Slice(longest, price.set_up, last=longest == 0)
        wanted = paid + SLICE_SECONDS
        if longest is None or longest >= wanted:
            return Slice(wanted, cost(price, wanted), last=False)
        until = max(paid, longest)
        return Slice(until, max(reserved, cost(price, until)), last=True)

    def _account(self, payer: Payer) -> _Account:
        return self._accounts.setdefault(payer, _Account())
