"""What a queue is like: who waits and who is there now, and what became of its calls (While1,
Queues: Stats). The page that we know shows no reply; the names here say what they are."""

from __future__ import annotations

from cordboard.api.answer import Answer
from cordboard.api.while1.asked import Asked
from cordboard.api.while1.cdr import rows_of
from cordboard.api.while1.cdr_filters import CdrFilters, filters_in, listed, read_filters
from cordboard.api.while1.cdr_rows import ANSWERED, CdrRow
from cordboard.api.while1.faults import Faulty
from cordboard.api.while1.php_values import PhpArray
from cordboard.api.while1.replies import done
from cordboard.calls.events import Json
from cordboard.calls.people.strategies import Candidate, Obstacle
from cordboard.directory.model import Group, GroupKind

NONE_FOUND = "No Queues found"

_THERE = frozenset({None, Obstacle.BUSY, Obstacle.RINGING, Obstacle.WRAPPING_UP, Obstacle.PAUSED})


async def queue_info(asked: Asked) -> Answer:
    """The queues that ``filters`` names, or all; counts of calls where it has ``date_between``."""
    members = filters_in(asked.parameters)
    filters = read_filters(members)
    queues = _wanted(asked, members)
    if not queues:
        raise Faulty([NONE_FOUND])
    rows = [] if filters.since is None else await _rows(asked, filters)
    return done([_row(asked, group, rows, counted=filters.since is not None) for group in queues])


def _wanted(asked: Asked, members: PhpArray) -> list[Group]:
    tenant = asked.principal.tenant
    names = listed(members, "queues")
    queues = [group for group in tenant.groups if group.kind is GroupKind.CALL_CENTER]
    if not names:
        return queues
    named = {tenant.group_by_name(name) for name in names}
    return [group for group in queues if group in named]


async def _rows(asked: Asked, filters: CdrFilters) -> list[CdrRow]:
    return [row async for row in rows_of(asked, filters) if filters.wants(row)]


def _row(asked: Asked, group: Group, rows: list[CdrRow], *, counted: bool) -> dict[str, Json]:
    queues, tenant = asked.services.exchange.queues, asked.principal.tenant
    agents = queues.agents(tenant, group)
    told: dict[str, Json] = {
        "queue": group.name,
        "strategy": group.order.value,
        "callers_waiting": len(queues.of(tenant.domain, group.id)),
        "agents_logged_in": sum(agent.obstacle in _THERE for agent in agents),
        "agents_free": sum(agent.obstacle is None for agent in agents),
        "agents": [_agent(agent) for agent in agents],
    }
    if counted:
        of_it = [row for row in rows if row.queue == group.name]
        answered = [row for row in of_it if row.call_status == ANSWERED]
        told |= {
            "calls": len(of_it),
            "calls_answered": len(answered),
            "calls_not_answered": len(of_it) - len(answered),
            "talk_seconds": sum(row.billsec for row in answered),
        }
    return told


def _agent(agent: Candidate) -> dict[str, Json]:
    return {
        "agent_name": agent.name,
        "user_id": str(agent.user),
        "status": "free" if agent.obstacle is None else agent.obstacle.name.lower(),
        "paused": int(agent.obstacle is Obstacle.PAUSED),
    }
