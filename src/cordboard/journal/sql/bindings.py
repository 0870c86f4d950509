"""Where terminals are registered: the rows of the writer's batches, and how they are read again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import bindparam, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cordboard.journal.entry import Entry
from cordboard.journal.sql.rows import Row
from cordboard.journal.sql.tables import bindings

DROP: Final = delete(bindings).where(bindings.c.account == bindparam("left_account"))
ADD: Final = insert(bindings)


def changed(entries: Sequence[Entry]) -> tuple[list[Row], list[Row]]:
    """The rows to drop and those to add for all entries, of each account the last one."""
    kept = dict(entry.bindings for entry in entries if entry.bindings is not None)
    added = [{"account": one, "contacts": text} for one, text in kept.items() if text is not None]
    return [{"left_account": account} for account in kept], added


async def read(connection: AsyncConnection) -> dict[str, str]:
    """What is kept of each account."""
    rows = (await connection.execute(select(bindings))).all()
    return {row.account: row.contacts for row in rows}
