"""The ledger as a journal in memory knows it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from cordboard.calls.credit import Payer
from cordboard.calls.events import Recorded
from cordboard.journal.ledger import OF_MONEY, LedgerEntry, WantedEntries, entry_of, place_of

MOST: Final = 100_000
"""Entries that are at hand of all tenants; of those before only their sums are known. Nothing of it
outlives the process, so that no charge is told again after so many others."""


class MemoryLedger:
    """Entries by tenant and charge, in the order of their commit, and what they sum up to."""

    def __init__(self) -> None:
        self._entries: dict[tuple[str, str], LedgerEntry] = {}
        self._balances: dict[Payer, int] = {}

    def commit(self, recorded: Iterable[Recorded]) -> None:
        """What events tell of money is so from now on."""
        for one in recorded:
            if one.event.kind in OF_MONEY:
                made = entry_of(one.at, one.event)
                if made is not None:
                    self._add(made)

    def balances(self) -> dict[Payer, int]:
        """What each payer has."""
        return dict(self._balances)

    def of(self, tenant: str, charge: str) -> LedgerEntry | None:
        """The entry of a tenant with this name."""
        return self._entries.get((tenant, charge))

    def wanted(self, tenant: str, wanted: WantedEntries) -> tuple[LedgerEntry, ...]:
        """Those of a tenant that are wanted."""
        found = (
            one for (whose, _), one in self._entries.items() if whose == tenant and wanted.has(one)
        )
        return tuple(sorted(found, key=place_of, reverse=True)[: wanted.limit])

    def _add(self, made: LedgerEntry) -> None:
        payer = made.payer
        if (payer.tenant, made.charge) in self._entries:
            return
        self._entries[payer.tenant, made.charge] = made
        self._balances[payer] = self._balances.get(payer, 0) + made.amount
        if len(self._entries) > MOST:
            del self._entries[next(iter(self._entries))]


class LooksIntoLedger:
    """What the port tells of money."""

    _ledger: MemoryLedger

    async def balances(self) -> dict[Payer, int]:
        """What each payer has; see the port."""
        return self._ledger.balances()

    async def ledger_entry(self, tenant: str, charge: str) -> LedgerEntry | None:
        """The entry of a tenant with this name; see the port."""
        return self._ledger.of(tenant, charge)

    async def ledger_entries(self, tenant: str, wanted: WantedEntries) -> tuple[LedgerEntry, ...]:
        """Those of a tenant that are wanted; see the port."""
        return self._ledger.wanted(tenant, wanted)
