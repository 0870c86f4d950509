"""What agents do, made durable one after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from cordboard.calls.people.agents import (
    NEVER_ACTED,
    AgentAct,
    AgentState,
    Place,
    after,
    agent_event,
)
from cordboard.calls.refusals import RefusalId, Refused
from cordboard.directory.model import Group, User
from cordboard.journal.port import Journal, JournalUnavailable


class Agents:
    """The agents of all tenants; ``acted`` is told whose agent has done something."""

    def __init__(
        self, journal: Journal, acted: Callable[[str], None] = lambda _tenant: None
    ) -> None:
        self._journal = journal
        self._acted = acted
        self._turns: dict[str, asyncio.Lock] = {}

    def state(self, tenant: str, group: Group, user: User) -> AgentState:
        """How a member stands in a group."""
        return self.states(tenant).get((group.id, user.id), NEVER_ACTED)

    def states(self, tenant: str) -> Mapping[Place, AgentState]:
        """How all members of a tenant stand who have ever done anything."""
        return self._journal.agents(tenant)

    async def act(
        self,
        tenant: str,
        group: Group,
        user: User,
        act: AgentAct,
        account: str,
        reason: str | None = None,
    ) -> AgentState:
        """Let a member do something; gives his state, which is durable.

        Raises :class:`~cordboard.calls.people.agents.NotLoggedIn`, :class:`Refused` (overloaded).
        """
        async with self._turns.setdefault(tenant, asyncio.Lock()):
            before = self.state(tenant, group, user)
            wanted = after(before, act, reason)
            if wanted != before:
                event = agent_event(act, group, user, wanted, account)
                try:
                    await self._journal.commit(tenant, [event])
                except JournalUnavailable as error:
                    message = "the journal can't take more now"
                    raise Refused(RefusalId.OVERLOADED, message) from error
                self._acted(tenant)
            return self.state(tenant, group, user)
