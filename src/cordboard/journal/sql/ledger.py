"""The ledger in a database: the rows that events make of it, and what is asked of those."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlalchemy import (
    ColumnElement,
    RowMapping,
    bindparam,
    cast,
    exists,
    func,
    insert,
    select,
    tuple_,
)

from cordboard.calls.credit import Payer
from cordboard.calls.events import Recorded
from cordboard.journal.ledger import LedgerEntry, WantedEntries, entry_of
from cordboard.journal.sql.statement import Row, Statement
from cordboard.journal.sql.store import Store
from cordboard.journal.sql.tables import ledger

_NEW: Final = {
    column.name: cast(bindparam(f"new_{column.name}", type_=column.type), column.type)
    for column in ledger.columns
}
ADD: Final = Statement(
    insert(ledger).from_select(
        list(_NEW),
        select(*_NEW.values()).where(
            ~exists(
                select(ledger.c.id).where(
                    ledger.c.tenant == _NEW["tenant"], ledger.c.settlement == _NEW["settlement"]
                )
            )
        ),
    ),
    *(f"new_{name}" for name in _NEW),
)
"""Adds an entry, unless its tenant has one of this name."""


def added(told: Iterable[Recorded]) -> list[Row]:
    """The rows of :data:`ADD` for events that tell of money."""
    entries = (entry_of(one.at, one.event) for one in told)
    return [_row(entry) for entry in entries if entry is not None]


class SqlLedger:
    """Looks entries up."""

    _store: Store

    async def balances(self) -> dict[Payer, int]:
        """What each payer has; see the port."""
        sums = select(ledger.c.tenant, ledger.c.card, func.sum(ledger.c.amount)).group_by(
            ledger.c.tenant, ledger.c.card
        )
        async with self._store.asked() as connection:
            rows = (await connection.execute(sums)).all()
        return {Payer(tenant, card): int(amount) for tenant, card, amount in rows}

    async def ledger_entry(self, tenant: str, charge: str) -> LedgerEntry | None:
        """The entry of a tenant with this name; see the port."""
        mine = (ledger.c.tenant == tenant, ledger.c.settlement == charge)
        async with self._store.asked() as connection:
            row = (await connection.execute(select(ledger).where(*mine))).mappings().one_or_none()
        return None if row is None else _entry_of(row)

    async def ledger_entries(self, tenant: str, wanted: WantedEntries) -> tuple[LedgerEntry, ...]:
        """Those of a tenant that are wanted; see the port."""
        asked = (
            select(ledger)
            .where(*_conditions(tenant, wanted))
            .order_by(ledger.c.at.desc(), ledger.c.settlement.desc())
            .limit(wanted.limit)
        )
        async with self._store.asked() as connection:
            rows = (await connection.execute(asked)).mappings().all()
        return tuple(map(_entry_of, rows))


def _conditions(tenant: str, wanted: WantedEntries) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [ledger.c.tenant == tenant]
    if wanted.card is not None:
        conditions.append(ledger.c.card == wanted.card)
    if wanted.call is not None:
        conditions.append(ledger.c.call == wanted.call)
    if wanted.since is not None:
        conditions.append(ledger.c.at >= wanted.since)
    if wanted.until is not None:
        conditions.append(ledger.c.at < wanted.until)
    if wanted.after is not None:
        behind = tuple_(wanted.after.at, wanted.after.charge)
        conditions.append(tuple_(ledger.c.at, ledger.c.settlement) < behind)
    return conditions


def _row(one: LedgerEntry) -> Row:
    tenant = one.payer.tenant
    return (
        f"{one.charge}@{tenant}",
        tenant,
        one.account,
        one.payer.card,
        one.call,
        one.kind,
        one.amount,
        one.charge,
        one.at,
    )


def _entry_of(row: RowMapping) -> LedgerEntry:
    return LedgerEntry(
        Payer(row["tenant"], row["card"]),
        row["settlement"],
        row["kind"],
        row["amount"],
        row["at"],
        row["call"],
        row["account"],
    )
