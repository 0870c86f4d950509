"""Who wraps up, in a database: a row for each person whose last wrap-up was not ended early."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlalchemy import bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cordboard.calls.events import Recorded
from cordboard.calls.people.wrap_ups import WrapUp, wrap_up_in
from cordboard.journal.sql.statement import Change, Row, Statement, adding
from cordboard.journal.sql.tables import wrap_ups

_DROP: Final = Statement(
    delete(wrap_ups).where(
        wrap_ups.c.tenant == bindparam("whose"), wrap_ups.c.user_id == bindparam("who")
    ),
    *("whose", "who"),
)
_ADD: Final = adding(wrap_ups, "tenant", "user_id", "group_id", "until")


def changes(told: Iterable[Recorded]) -> list[Change]:
    """What events of tenants change."""
    last: dict[tuple[str, int], WrapUp | None] = {}
    for one in told:
        found = wrap_up_in(one.event)
        if found is not None:
            last[one.tenant, found[0]] = found[1]
    added: list[Row] = [
        (tenant, user, wrap_up.group, wrap_up.until)
        for (tenant, user), wrap_up in last.items()
        if wrap_up is not None
    ]
    return [(_DROP, list(last)), (_ADD, added)]


async def stored(connection: AsyncConnection) -> list[tuple[str, int, WrapUp]]:
    """Those that are there: tenant, user and wrap-up."""
    rows = (await connection.execute(select(wrap_ups))).mappings()
    return [(row["tenant"], row["user_id"], WrapUp(row["group_id"], row["until"])) for row in rows]
