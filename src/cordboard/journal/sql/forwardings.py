"""Where users' calls go: the rows of the writer's batches, and how they are read again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from sqlalchemy import bindparam, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cordboard.calls.events import CallEvent
from cordboard.calls.people.forwarding import forwarding_in
from cordboard.directory.forwarding import Forwarding
from cordboard.journal.entry import Entry
from cordboard.journal.sql.rows import Row
from cordboard.journal.sql.tables import forwardings

DROP: Final = delete(forwardings).where(
    forwardings.c.tenant == bindparam("left_tenant"),
    forwardings.c.user_id == bindparam("left_user"),
)
ADD: Final = insert(forwardings)


def changed(told: Iterable[tuple[Entry, CallEvent]]) -> tuple[list[Row], list[Row]]:
    """The rows to drop and those to add for events of no call, of each user as he stands at
    last."""
    last: dict[tuple[str, int], Row | None] = {}
    for entry, event in told:
        found = forwarding_in(event)
        if found is not None:
            user, terms = found
            last[entry.tenant, user] = None if terms is None else _row(entry, user, terms)
    dropped: list[Row] = [{"left_tenant": tenant, "left_user": user} for tenant, user in last]
    return dropped, [row for row in last.values() if row is not None]


async def read(connection: AsyncConnection) -> Iterator[tuple[str, int, Forwarding]]:
    """What each tenant's users have chosen."""
    rows = (await connection.execute(select(forwardings))).mappings().all()
    return (
        (
            row["tenant"],
            row["user_id"],
            Forwarding(
                row["always"],
                row["busy"],
                row["no_answer"],
                row["after_seconds"],
                row["do_not_disturb"],
            ),
        )
        for row in rows
    )


def _row(entry: Entry, user: int, terms: Forwarding) -> Row:
    return {
        "tenant": entry.tenant,
        "user_id": user,
        "always": terms.always,
        "busy": terms.busy,
        "no_answer": terms.no_answer,
        "after_seconds": terms.after,
        "do_not_disturb": terms.do_not_disturb,
        "at": entry.at,
    }
