"""The ledger: what has changed balances, an entry each, which events make.

Theory of operation. As of recordings, an entry is written in the commit of the event that tells of
it, and nothing else writes any, so that after a crash the log and the ledger say the same. A charge
counts once: where the payer's tenant has an entry of this name, another one changes nothing.
Entries are never changed and never forgotten; a balance is their sum.

    event             entry
    credit.changed    its kind, with its amount
    leg.charged       charge, with its amount below nothing; none where it cost nothing
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

from cordboard.calls.credit import Payer
from cordboard.calls.events import CallEvent, EventKind

CHARGE: Final = "charge"
"""The kind of entries that legs of calls make."""

OF_MONEY: Final = frozenset({EventKind.LEG_CHARGED, EventKind.CREDIT_CHANGED})
"""The kinds of events that make an entry, unless there is one of its name."""


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One change of a balance: ``amount`` is millionths, negative where it is spent; ``charge`` is
    its name, ``account`` who wanted it, ``call`` in which it was. ``at`` is seconds since 1970."""

    payer: Payer
    charge: str
    kind: str
    amount: int
    at: float
    call: str | None = None
    account: str | None = None


@dataclass(frozen=True, slots=True, order=True)
class LedgerPlace:
    """Where an entry stands among a tenant's: by time, those of one instant by their names."""

    at: float
    charge: str


@dataclass(frozen=True, slots=True)
class WantedEntries:
    """Which of a tenant's, its own and those of its cards: from ``since`` on and before ``until``
    (seconds since 1970), at most ``limit`` of those behind ``after``, which is newer than all."""

    limit: int
    card: str | None = None
    call: str | None = None
    since: float | None = None
    until: float | None = None
    after: LedgerPlace | None = None

    def has(self, one: LedgerEntry) -> bool:
        """Whether it is one of them."""
        return (
            (self.card is None or one.payer.card == self.card)
            and (self.call is None or one.call == self.call)
            and (self.since is None or one.at >= self.since)
            and (self.until is None or one.at < self.until)
            and (self.after is None or place_of(one) < self.after)
        )


def place_of(one: LedgerEntry) -> LedgerPlace:
    """Where an entry stands among a tenant's."""
    return LedgerPlace(one.at, one.charge)


class Ledger(Protocol):
    """What a journal tells of money."""

    async def balances(self) -> dict[Payer, int]:
        """What each payer of all tenants has, in millionths; who has no entry is not among them."""

    async def ledger_entry(self, tenant: str, charge: str) -> LedgerEntry | None:
        """The entry of a payer's tenant with this name, or None."""

    async def ledger_entries(self, tenant: str, wanted: WantedEntries) -> tuple[LedgerEntry, ...]:
        """The entries of a tenant that are wanted, the newest first."""


def entry_of(at: float, event: CallEvent) -> LedgerEntry | None:
    """The entry that an event makes; None for another event, and for one that changes nothing."""
    data = event.data
    tenant, charge, amount = data.get("tenant"), data.get("charge"), data.get("amount")
    if not isinstance(tenant, str) or not isinstance(charge, str) or not isinstance(amount, int):
        return None
    payer = Payer(tenant, _text(event, "card"))
    if event.kind is EventKind.LEG_CHARGED and amount:
        return LedgerEntry(payer, charge, CHARGE, -amount, at, event.call)
    kind = _text(event, "kind")
    if event.kind is EventKind.CREDIT_CHANGED and kind is not None:
        return LedgerEntry(payer, charge, kind, amount, at, None, _text(event, "account"))
    return None


def _text(event: CallEvent, key: str) -> str | None:
    found = event.data.get(key)
    return found if isinstance(found, str) else None
