"""A call as Zendesk is to know it: a pure function of its record, its events and the directory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from cordboard.calls.events import CallEvent, EventKind, Json, Recorded
from cordboard.calls.request import Direction, Leg
from cordboard.directory.model import User
from cordboard.directory.numbers import NotANumber, dialled, e164, numbering_plan
from cordboard.directory.snapshot import TenantDirectory
from cordboard.feeds.cdr import Cdr, cdr_of
from cordboard.feeds.group_calls import outside_party
from cordboard.journal.port import CallRecord

INBOUND: Final = 45
OUTBOUND: Final = 46
"""How a ticket came about (``via_id``, "Creating Tickets" of the Talk Partner Edition API)."""

_BEGUN = frozenset({EventKind.CHANNEL_DIALLED, EventKind.CHANNEL_OFFERED})


@dataclass(frozen=True, slots=True)
class ToldCall:
    """What is told of a call. ``outside`` is the number of the outside party, ``line`` the one that
    it has seen or dialled, both in E.164 where they have such a form; ``agent`` is the user who
    spoke with it, None where nobody did."""

    outside: str
    line: str
    inbound: bool
    agent: User | None
    cdr: Cdr

    @property
    def parties(self) -> tuple[str, str]:
        """Who called whom."""
        return (self.outside, self.line) if self.inbound else (self.line, self.outside)


def told_call(
    tenant: TenantDirectory, record: CallRecord, events: Iterable[Recorded]
) -> ToldCall | None:
    """The call, None for one that has no outside party."""
    stored = list(events)
    accepted = next((one.event for one in stored if _is(one, EventKind.CALL_ACCEPTED)), None)
    outside = None if accepted is None else outside_party(accepted)
    if accepted is None or outside is None:
        return None
    cdr = cdr_of(record, stored)
    inbound = cdr.direction == Direction.TRUNK.value and outside == "first"
    shown = cdr.first_caller_number if outside == "first" else cdr.second_caller_number
    dialled_here = _dialled(stored) if inbound else shown
    number = cdr.first_number if outside == "first" else cdr.second_number
    country = tenant.policy.country
    return ToldCall(
        outside=_international(number or "", country),
        line=_international(dialled_here or "", country),
        inbound=inbound,
        agent=_agent(tenant, stored, Leg.SECOND if outside == "first" else Leg.FIRST),
        cdr=cdr,
    )


def searched_number(number: str, country: str) -> str:
    """The digits by which an end user is searched. What stands before them in his profile does not
    matter ("Retrieving the Zendesk user id of a caller"), so a number at home goes without its
    prefixes: he may have been written down in either way."""
    national = number.removeprefix(f"+{numbering_plan(country).country_code}")
    return "".join(filter(str.isdigit, national))


def ticket_of(told: ToldCall, call: str, group: str, link: str | None) -> dict[str, Json]:
    """The ticket, without who asks for it and who sees it; ``link`` is what it gets for a
    recording."""
    caller, called = told.parties
    cdr = told.cdr
    ticket: dict[str, Json] = {
        "via_id": INBOUND if told.inbound else OUTBOUND,
        "subject": f"Call {'from' if told.inbound else 'to'} {told.outside or 'unknown'}",
        "external_id": call,
    }
    body = _in_words(told, call, group, link)
    if link is None:
        ticket["comment"] = {"body": body}
        return ticket
    ticket["description"] = body
    ticket["voice_comment"] = {
        "from": caller,
        "to": called,
        "recording_url": link,
        "started_at": _moment(cdr.bridged_at or cdr.accepted_at, "%Y-%m-%d %H:%M:%S +0000"),
        "call_duration": round(cdr.talk_seconds or 0.0),
    }
    return ticket


def _in_words(told: ToldCall, call: str, group: str, link: str | None) -> str:
    cdr = told.cdr
    caller, called = told.parties
    lines = [
        f"From {caller or 'unknown'} to {called or 'unknown'}, group {group}",
        f"Agent: {told.agent.label if told.agent is not None else 'nobody'}",
        f"Began: {_moment(cdr.started_at or cdr.accepted_at, '%Y-%m-%d %H:%M:%S UTC')}",
        f"Talked: {round(cdr.talk_seconds or 0.0)} s",
        f"Ended: {cdr.outcome} ({cdr.cause})",
        f"Call: {call}",
    ]
    if link is not None:
        lines.append(f"Recording: {link}")
    return "\n".join(lines)


def _moment(at: float, form: str) -> str:
    return datetime.fromtimestamp(at, UTC).strftime(form)


def _agent(tenant: TenantDirectory, events: list[Recorded], leg: Leg) -> User | None:
    """The user whose phone won a leg."""
    endpoints: dict[str, str] = {}
    for recorded in events:
        event = recorded.event
        if event.kind in _BEGUN and event.channel is not None:
            endpoints[event.channel] = str(event.data.get("endpoint"))
        elif event.kind is EventKind.LEG_ANSWERED and event.leg is leg:
            return _user_of(tenant, endpoints.get(event.channel or "", ""))
    return None


def _user_of(tenant: TenantDirectory, endpoint: str) -> User | None:
    terminal = tenant.terminal(endpoint.partition("@")[0])
    return None if terminal is None else tenant.user_by_id(terminal.user_id)


def _dialled(events: list[Recorded]) -> str | None:
    offered = next((one.event for one in events if _is(one, EventKind.CHANNEL_OFFERED)), None)
    return None if offered is None else _text(offered, "dialled")


def _is(recorded: Recorded, kind: EventKind) -> bool:
    return recorded.event.kind is kind


def _text(event: CallEvent, key: str) -> str | None:
    data: Mapping[str, Json] = event.data
    value = data.get(key)
    return value if isinstance(value, str) else None


def _international(number: str, country: str) -> str:
    try:
        return e164(dialled(number), country) or number
    except NotANumber:
        return number
