"""Where users' calls go: the rows of the writer's batches, and how they are read again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from sqlalchemy import bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cordboard.calls.events import Recorded
from cordboard.calls.people.forwarding import forwarding_in
from cordboard.directory.forwarding import Forwarding
from cordboard.journal.sql.statement import Change, Row, Statement, adding
from cordboard.journal.sql.tables import forwardings

_DROP: Final = Statement(
    delete(forwardings).where(
        forwardings.c.tenant == bindparam("left_tenant"),
        forwardings.c.user_id == bindparam("left_user"),
    ),
    *("left_tenant", "left_user"),
)
_ADD: Final = adding(
    forwardings,
    *("tenant", "user_id", "always", "busy", "no_answer", "after_seconds", "do_not_disturb", "at"),
)


def changes(told: Iterable[Recorded]) -> list[Change]:
    """What events of no call change, of each user as he stands at last."""
    last: dict[tuple[str, int], Row | None] = {}
    for one in told:
        found = forwarding_in(one.event)
        if found is not None:
            user, terms = found
            last[one.tenant, user] = None if terms is None else _row(one, user, terms)
    added = [row for row in last.values() if row is not None]
    return [(_DROP, list(last)), (_ADD, added)]


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


def _row(told: Recorded, user: int, terms: Forwarding) -> Row:
    return (
        told.tenant,
        user,
        terms.always,
        terms.busy,
        terms.no_answer,
        terms.after,
        terms.do_not_disturb,
        told.at,
    )
