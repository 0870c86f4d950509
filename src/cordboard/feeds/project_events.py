"""Tells projects of calls as While1 does: by GET, with what is to be known in the query (While1,
Send Events). Of what the vendor has and we have not, such as contacts, the parameter is empty."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Final

from cordboard.calls.events import CallEvent, EventKind, Recorded
from cordboard.calls.groups_reached import reaching
from cordboard.calls.owing import Owed
from cordboard.directory.accounts import Project
from cordboard.directory.snapshot import Directory
from cordboard.feeds.delivery import Courier, Terms
from cordboard.feeds.group_calls import groups_of
from cordboard.feeds.outbound import UnusableUrl, usable_url
from cordboard.feeds.project_calls import MISSED_CALLS, OUTGOING_END, event_name
from cordboard.feeds.told_call import ToldCall, told_call
from cordboard.journal.outbox import Attempt
from cordboard.journal.port import CallRecord, Journal

IN, OUT = "IN", "OUT"

_HANGUP: Final = "queue_hangup"
"""Why a call was missed whose caller gave up (vendor facts, 8)."""


class ProjectEvents:
    """Delivers by ``courier`` what projects are owed; what happened is asked of ``journal``."""

    def __init__(
        self,
        courier: Courier,
        journal: Journal,
        directory: Callable[[], Directory],
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._courier = courier
        self._journal = journal
        self._directory = directory
        self._wall = wall

    async def deliver(self, one: Owed, _attempts: int) -> Attempt:
        """Try once; raises :class:`~cordboard.feeds.slots.NoRoom`."""
        tenant = self._directory().tenant(one.tenant)
        project = None if tenant is None else tenant.project(one.account)
        record = await self._journal.call(one.tenant, one.call)
        if tenant is None or project is None or record is None:
            return Attempt(self._wall(), None, "the project or its call is gone", -1.0)
        events = await self._journal.events_of(one.tenant, one.call)
        told = told_call(tenant, record, events)
        try:
            url = usable_url(one.url)
        except UnusableUrl as error:
            return Attempt(self._wall(), None, f"the URL {error}", -1.0)
        asked = url.update_query(parameters(one.event, project, record, events, told))
        return await self._courier.attempt(
            one.id, asked, b"", Terms(inside=tenant.policy.callbacks_inside)
        )


def parameters(
    event: CallEvent,
    project: Project,
    record: CallRecord,
    events: Iterable[Recorded],
    told: ToldCall | None,
) -> dict[str, str]:
    """What the query says of a call."""
    happened = [one.event for one in events]
    accepted = next(one for one in happened if one.kind is EventKind.CALL_ACCEPTED)
    accepted = reaching(accepted, happened)
    name = event_name(accepted, event) or ""
    outside = "" if told is None else told.outside
    agent = "" if told is None or told.agent is None else told.agent.name
    queue = next(iter(groups_of(accepted)), "")
    said = {
        "event": name,
        "direction": OUT if name == OUTGOING_END else IN,
        "project_id": str(project.id),
        "agent": agent,
        "remote_number": outside,
        "telephone": outside,
        "dnid": "" if told is None else told.line,
        "dnid_identifier": "",
        "contact_id": "",
        "queue": queue,
        "uniqueid": record.channels[0] if record.channels else record.id,
    }
    if name == MISSED_CALLS:
        said |= _missed(event, told)
    if name == OUTGOING_END:
        said |= _outgoing(event, record)
    return said


def _missed(event: CallEvent, told: ToldCall | None) -> dict[str, str]:
    cause = str(event.data.get("cause"))
    gave_up = event.data.get("outcome") == "cancelled"
    waited = None if told is None else told.cdr.waiting_seconds
    return {
        "queue_hold_time": str(round(waited or 0.0)),
        "fail_reason": _HANGUP if gave_up else cause,
        "explain_reason": "the caller gave up" if gave_up else cause.replace("_", " "),
    }


def _outgoing(event: CallEvent, record: CallRecord) -> dict[str, str]:
    talked = event.data.get("talk_seconds")
    return {
        "external_id": record.external_id or "",
        "outcome": str(event.data.get("outcome")),
        "cause": str(event.data.get("cause")),
        "billsec": str(round(talked) if isinstance(talked, int | float) else 0),
    }
