"""How people stood when an earlier process ended: agents in their groups, and where users have
their calls go."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from cordboard.journal.sql import forwardings, wrap_ups
from cordboard.journal.sql.rows import agent_of
from cordboard.journal.sql.tables import agents
from cordboard.journal.view import View


async def adopt_standing(connection: AsyncConnection, view: View) -> None:
    """Let a view know it."""
    for row in (await connection.execute(select(agents))).mappings():
        view.adopt_agent(row["tenant"], *agent_of(row))
    for tenant, user, terms in await forwardings.read(connection):
        view.adopt_forwarding(tenant, user, terms)
    for tenant, user, wrap_up in await wrap_ups.stored(connection):
        view.adopt_wrap_up(tenant, user, wrap_up)
