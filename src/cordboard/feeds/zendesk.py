"""Zendesk with Talk Partner Edition: the caller's profile opens for the agent who answers, and at
the end of the call there is a ticket.

The requests are those of Zendesk's pages "Talk Partner Edition" (profile, ticket), "Retrieving the
Zendesk user id of a caller" (search) and "Adding voice comments to tickets". Each stays one of
Zendesk's answers: whatever is no success is an attempt that failed, to be made again.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import structlog
from yarl import URL

from cordboard.calls.events import Json
from cordboard.calls.owing import Owed
from cordboard.directory.integrations import Zendesk
from cordboard.directory.snapshot import Directory, TenantDirectory
from cordboard.feeds.callbacks import Deliver
from cordboard.feeds.group_calls import ZENDESK_DISPLAY, ZENDESK_TICKET
from cordboard.feeds.outbound import Outbound, OutboundFailed
from cordboard.feeds.slots import HostSlots
from cordboard.feeds.told_call import ToldCall, told_call
from cordboard.feeds.zendesk_call import searched_number, ticket_of
from cordboard.journal.outbox import Attempt
from cordboard.journal.port import Journal

DISPLAY_SECONDS: Final = 30.0
"""So long after the answer a profile is still of use to the agent."""

AGENTS_KEPT: Final = 10_000
"""Agents whose Zendesk ids are remembered."""

_TICKETS: Final = "/api/v2/channels/voice/tickets.json"
_DISPLAY: Final = "/api/v2/channels/voice/agents/{agent}/users/{user}/display.json"
_NUMBER: Final = "role:end-user phone:*{}"
_AGENTS: Final = frozenset({"agent", "admin"})

_log = structlog.get_logger(__name__)


class _Refused(Exception):
    """Zendesk has answered with another status than success."""

    def __init__(self, status: int) -> None:
        super().__init__(f"Zendesk answered {status}")
        self.status = status


class _InVain(Exception):
    """There is nothing to do, now or later; says why."""


@dataclass(frozen=True, slots=True)
class _Case:
    """What is told, and to which account of Zendesk."""

    one: Owed
    tenant: TenantDirectory
    zendesk: Zendesk
    told: ToldCall


class ZendeskDesk:
    """Tells Zendesk of calls, through ``outbound``; of what happened it asks ``journal``."""

    def __init__(
        self,
        outbound: Outbound,
        journal: Journal,
        directory: Callable[[], Directory],
        wall: Callable[[], float],
    ) -> None:
        self._outbound = outbound
        self._journal = journal
        self._directory = directory
        self._wall = wall
        self._slots = HostSlots()
        self._agents: dict[tuple[str, str], int] = {}

    def deliverers(self) -> dict[str, Deliver]:
        """What it delivers."""
        return {ZENDESK_DISPLAY: self._display_caller, ZENDESK_TICKET: self._keep_ticket}

    async def _display_caller(self, one: Owed, _attempts: int) -> Attempt:
        return await self._attempt(one, self._displayed)

    async def _keep_ticket(self, one: Owed, attempts: int) -> Attempt:
        async def ticket(case: _Case) -> int:
            return await self._ticket(case, again=attempts > 0)

        return await self._attempt(one, ticket)

    async def _attempt(self, one: Owed, act: Callable[[_Case], Any]) -> Attempt:
        """Try once; raises :class:`~cordboard.feeds.slots.NoRoom`."""
        began = self._wall()
        try:
            case = await self._case(one)
            host = URL(case.zendesk.url).host or ""
            async with self._slots.slot(host):
                began = self._wall()
                try:
                    status = await act(case)
                except OutboundFailed as failure:
                    self._slots.silent(host)
                    _log.info("zendesk.no_answer", id=one.id, host=host, why=str(failure))
                    return Attempt(began, None, str(failure), self._wall() - began)
                except _Refused as refused:
                    self._slots.answered(host)
                    return Attempt(began, refused.status, None, self._wall() - began)
            self._slots.answered(host)
        except _InVain as reason:
            return Attempt(began, None, str(reason), -1.0)
        return Attempt(began, status, None, self._wall() - began)

    async def _case(self, one: Owed) -> _Case:
        tenant = self._directory().tenant(one.tenant)
        group = None if tenant is None else tenant.group_by_name(one.account)
        zendesk = None if group is None else group.integrations.zendesk
        if tenant is None or zendesk is None:
            raise _InVain("the group has no Zendesk any more")
        record = await self._journal.call(one.tenant, one.call)
        if record is None:
            raise _InVain("the call is not kept any more")
        events = await self._journal.events_of(one.tenant, one.call)
        told = told_call(tenant, record, events)
        if told is None:
            raise _InVain("nobody outside is in the call")
        return _Case(one, tenant, zendesk, told)

    # What is done

    async def _displayed(self, case: _Case) -> int:
        """Open the outside party's profile in the agent's browser."""
        if self._wall() > case.one.at + DISPLAY_SECONDS:
            raise _InVain("it is too late to show who calls")
        agent = await self._agent(case)
        if agent is None:
            raise _InVain("the user is no agent of Zendesk by his e-mail address")
        caller = await self._caller(case)
        if caller is None:
            raise _InVain("no end user of Zendesk has this number")
        path = _DISPLAY.format(agent=agent, user=caller)
        status, _ = await self._asked(case, "POST", path)
        return status

    async def _ticket(self, case: _Case, *, again: bool) -> int:
        """Make a ticket, unless an earlier attempt has made it whose answer was lost."""
        call, told = case.one.call, case.told
        if again:
            status, found = await self._asked(
                case, "GET", "/api/v2/tickets.json", {"external_id": call}
            )
            if found.get("tickets"):
                return status
        ticket = ticket_of(told, call, case.one.account, _link(case))
        caller, agent = await self._caller(case), await self._agent(case)
        if caller is not None:
            ticket["requester_id"] = caller
        elif told.outside.startswith("+"):
            ticket["requester"] = {"name": told.outside, "phone": told.outside}
        body: dict[str, Json] = {"ticket": ticket}
        if agent is not None:
            ticket["submitter_id"] = agent
            body["display_to_agent"] = agent
            voice = ticket.get("voice_comment")
            if isinstance(voice, dict):
                voice["answered_by_id"] = agent
        status, _ = await self._asked(
            case, "POST", "/api/v2/channels/voice/tickets.json", body=body
        )
        return status

    async def _agent(self, case: _Case) -> int | None:
        """The Zendesk agent who has the e-mail address of the user who spoke."""
        user, zendesk = case.told.agent, case.zendesk
        if user is None or user.email is None:
            return None
        name = (zendesk.url, user.email)
        known = self._agents.get(name)
        if known is None:
            found = await self._searched(case, f'type:user email:"{user.email}"')
            known = next((one["id"] for one in found if one.get("role") in _AGENTS), None)
            if known is not None:
                if len(self._agents) >= AGENTS_KEPT:
                    self._agents.clear()
                self._agents[name] = known
        return known

    async def _caller(self, case: _Case) -> int | None:
        """The end user who has the number of the outside party."""
        digits = searched_number(case.told.outside, case.tenant.policy.country)
        if not digits:
            return None
        found = await self._searched(case, _NUMBER.format(digits))
        return next((one["id"] for one in found), None)

    async def _searched(self, case: _Case, query: str) -> list[dict[str, Any]]:
        _, answer = await self._asked(
            case, "GET", "/api/v2/search.json", {"query": query, "per_page": "5"}
        )
        results = answer.get("results")
        found = results if isinstance(results, list) else []
        return [one for one in found if isinstance(one, dict) and isinstance(one.get("id"), int)]

    async def _asked(
        self,
        case: _Case,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: dict[str, Json] | None = None,
    ) -> tuple[int, dict[str, Any]]:
        """What Zendesk says; raises :class:`_Refused` and :class:`OutboundFailed`."""
        url = URL(case.zendesk.url + path)
        headers = {"Authorization": _authorization(case.zendesk), "Accept": "application/json"}
        sent = b"" if body is None else json.dumps(body).encode("ascii")
        if method == "POST":
            headers["Content-Type"] = "application/json"
        inside = case.tenant.policy.callbacks_inside
        status, answer = await self._outbound.exchange(
            method, url.with_query(query) if query else url, headers, sent, inside=inside
        )
        if not 200 <= status < 300:
            raise _Refused(status)
        try:
            read = json.loads(answer or b"{}")
        except ValueError:
            read = None
        if method == "GET" and not isinstance(read, dict):
            raise OutboundFailed("the answer is no JSON object")
        return status, read if isinstance(read, dict) else {}


def _authorization(zendesk: Zendesk) -> str:
    """Basic, by an API token."""
    plain = f"{zendesk.email}/token:{zendesk.token}".encode()
    return f"Basic {base64.b64encode(plain).decode()}"


def _link(case: _Case) -> str | None:
    """The link to the last recording of the call."""
    template, recordings = case.zendesk.recording, case.told.cdr.recordings
    return template.replace("{id}", recordings[-1]) if template and recordings else None
