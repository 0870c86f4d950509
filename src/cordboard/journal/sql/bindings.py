"""Where terminals are registered: the rows of the writer's batches, and how they are read again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlalchemy import bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cordboard.journal.entry import Entry
from cordboard.journal.sql.statement import Change, Row, Statement, adding
from cordboard.journal.sql.tables import bindings

_DROP: Final = Statement(
    delete(bindings).where(bindings.c.account == bindparam("left_account")), "left_account"
)
_ADD: Final = adding(bindings, "account", "contacts")


def changes(entries: Iterable[Entry]) -> list[Change]:
    """What entries change, of each account the last one."""
    kept = dict([entry.bindings for entry in entries if entry.bindings is not None])
    if not kept:
        return []
    added: list[Row] = [(account, text) for account, text in kept.items() if text is not None]
    return [(_DROP, [(account,) for account in kept]), (_ADD, added)]


async def read(connection: AsyncConnection) -> dict[str, str]:
    """What is kept of each account."""
    rows = (await connection.execute(select(bindings))).all()
    return {row.account: row.contacts for row in rows}
