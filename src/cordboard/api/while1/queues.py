"""queues: tell what they are like; have agents pause and go on (While1, Queues: Pause, Stats)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cordboard.api.answer import Answer
from cordboard.api.while1.asked import Asked, Method
from cordboard.api.while1.faults import Faulty
from cordboard.api.while1.fields import Data
from cordboard.api.while1.php_values import PhpArray
from cordboard.api.while1.queue_info import queue_info
from cordboard.api.while1.replies import done, errors
from cordboard.calls.events import Json
from cordboard.calls.people.agents import AgentAct, NotLoggedIn
from cordboard.calls.refusals import Refused
from cordboard.directory.model import Group, GroupKind, User
from cordboard.directory.scopes import ApiScope

MAX_ROWS: Final = 100
"""Agents of one request: each is a commit of its own."""

LONGEST_REASON: Final = 100


async def queues(asked: Asked) -> Answer:
    """Do what ``action`` says."""
    act = _ACTIONS.get(asked.text("action") or "")
    if act is None:
        raise Faulty([f"Invalid action. Expected {', '.join(_ACTIONS)}"])
    return await act(asked)


async def _pause(asked: Asked) -> Answer:
    """An agent is paused in every queue that he is a member of, as Asterisk does it."""
    given = asked.parameters.get("data")
    rows = list(_rows(given)) if isinstance(given, dict) else []
    if not rows or len(rows) > MAX_ROWS:
        raise Faulty([f"Invalid data. Expected a list of 1 to {MAX_ROWS} agents"])
    results: list[Json] = []
    messages = []
    for number, row in enumerate(rows, start=1):
        try:
            results.append(await _pause_one(asked, row))
        except Faulty as faulty:
            messages += [f"Queue pause error for row {number}: {why}" for why in faulty.messages]
    if messages:
        return errors(messages, "invalid_parameter")
    return done(results)


def _rows(given: PhpArray) -> Iterator[PhpArray]:
    """The rows, also where there is only one and no list around it."""
    if "agent_name" in given:
        yield given
        return
    for row in given.values():
        yield row if isinstance(row, dict) else {}


async def _pause_one(asked: Asked, row: PhpArray) -> dict[str, Json]:
    data = Data(row)
    name, paused = data.needed("agent_name"), data.switch("paused", default=True)
    reason = data.text("reason", LONGEST_REASON)
    if data.faults:
        raise Faulty(data.faults)
    user, groups = _agent(asked, name)
    act = AgentAct.PAUSE if paused else AgentAct.UNPAUSE
    agents, principal = asked.services.agents, asked.principal
    tenant = principal.tenant.domain
    acted = False
    try:
        for group in groups:
            if agents.state(tenant, group, user).logged_in:
                await agents.act(
                    tenant, group, user, act, principal.account.name, reason if paused else None
                )
                acted = True
    except (NotLoggedIn, Refused) as error:
        raise Faulty([str(error) or NOT_MATCHED]) from None
    if not acted:
        raise Faulty([NOT_MATCHED])
    return {"agent_name": user.name, "user_id": str(user.id), "result": 1}


NOT_MATCHED: Final = "No interfaces could be matched"


def _agent(asked: Asked, name: str) -> tuple[User, tuple[Group, ...]]:
    """Who that is, and the queues that he is a member of."""
    tenant = asked.principal.tenant
    user = tenant.user_by_name(name)
    groups = () if user is None else tenant.groups_of(user.id)
    queues = tuple(group for group in groups if group.kind is GroupKind.CALL_CENTER)
    if user is None or not queues:
        raise Faulty([NOT_MATCHED])
    return user, queues


_ACTIONS: Final = {"info": queue_info, "pause": _pause}

QUEUES: Final = Method("queues", ApiScope.AGENTS_WRITE, queues)
