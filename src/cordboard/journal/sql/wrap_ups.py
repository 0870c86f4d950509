"""Who wraps up, in a database: a row for each person whose last wrap-up was not ended early."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlalchemy import bindparam, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cordboard.calls.events import CallEvent
from cordboard.calls.people.wrap_ups import WrapUp, wrap_up_in
from cordboard.journal.sql.rows import Row
from cordboard.journal.sql.tables import wrap_ups
from cordboard.journal.sql.writing_thread import Statement

_DROP: Final = delete(wrap_ups).where(
    wrap_ups.c.tenant == bindparam("whose"), wrap_ups.c.user_id == bindparam("who")
)
_ADD: Final = insert(wrap_ups)


def statements(told: list[tuple[str, CallEvent]]) -> Iterator[tuple[Statement, list[Row]]]:
    """What events of tenants change."""
    last: dict[tuple[str, int], WrapUp | None] = {}
    for tenant, event in told:
        found = wrap_up_in(event)
        if found is not None:
            last[tenant, found[0]] = found[1]
    yield _DROP, [{"whose": tenant, "who": user} for tenant, user in last]
    yield (
        _ADD,
        [
            {"tenant": tenant, "user_id": user, "group_id": one.group, "until": one.until}
            for (tenant, user), one in last.items()
            if one is not None
        ],
    )


async def stored(connection: AsyncConnection) -> list[tuple[str, int, WrapUp]]:
    """Those that are there: tenant, user and wrap-up."""
    rows = (await connection.execute(select(wrap_ups))).mappings()
    return [(row["tenant"], row["user_id"], WrapUp(row["group_id"], row["until"])) for row in rows]
