"""A call with an outside party as others are told of it: a pure function of its record, its events
and the directory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cordboard.calls.events import CallEvent, EventKind, Json, Recorded
from cordboard.calls.request import Direction, Leg
from cordboard.directory.model import User
from cordboard.directory.numbers import NotANumber, dialled, e164
from cordboard.directory.snapshot import TenantDirectory
from cordboard.feeds.cdr import Cdr, cdr_of
from cordboard.feeds.group_calls import outside_party
from cordboard.journal.port import CallRecord

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
