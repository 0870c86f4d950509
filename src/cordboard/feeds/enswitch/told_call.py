"""A call as rows and events of Enswitch tell of it (vendor facts, 3, 5 and 6).

All values are texts: times are whole seconds since 1970, durations whole seconds, what is unknown
is "". ``snumber`` is the party that was called first, or called us, ``cnumber`` the other one as it
was asked for, ``dnumber`` whom a leg has reached by now.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from cordboard.calls.causes import Cause
from cordboard.calls.events import EventKind, Outcome, Recorded
from cordboard.calls.request import Direction, Leg
from cordboard.directory.money import written
from cordboard.directory.snapshot import TenantDirectory
from cordboard.feeds.cdr import Cdr, cdr_of
from cordboard.feeds.enswitch.call_ids import callid, uniqueid
from cordboard.feeds.enswitch.legs import ToldLeg, told_legs
from cordboard.feeds.enswitch.sides import (
    EXTERNAL,
    IN,
    INTERNAL,
    NOBODY,
    OUT,
    PHONE,
    Side,
    direction_of,
    side_of,
)
from cordboard.journal.port import CallRecord

Row = dict[str, str]

ANSWER, CANCEL, OTHER = "answer", "cancel", "other"
STATUSES: Final = (ANSWER, CANCEL, OTHER)
"""How a leg ended (vendor facts, 5)."""

_CANCELLED: Final = frozenset(
    {Cause.CANCELLED.value, Cause.NO_ANSWER.value, Cause.NORMAL.value, Cause.REJECTED.value}
)


class ToldCall:
    """A call of a tenant by its record and its events, told by the server ``node``."""

    def __init__(
        self, record: CallRecord, events: Iterable[Recorded], tenant: TenantDirectory, node: str
    ) -> None:
        stored = list(events)
        self.id = record.id
        self.cdr: Cdr = cdr_of(record, stored)
        self.legs: dict[Leg, ToldLeg] = told_legs(stored)
        self._labels = _labels(stored)
        self._tenant = tenant
        self._node = node
        self._file = next((str(one.event.data["file"]) for one in stored if _is_recording(one)), "")

    @property
    def came_in(self) -> bool:
        """Whether somebody outside has called us."""
        return self.cdr.direction == Direction.TRUNK.value

    @property
    def begun(self) -> list[Leg]:
        """The legs that were rung; the first one of a call that never rang anybody."""
        return [leg for leg in Leg if self.legs[leg].started is not None] or [Leg.FIRST]

    def row(self, leg: Leg) -> Row:
        """A leg, whether it is alive or over."""
        own = self.legs[leg]
        customer, name = str(self._tenant.policy.customer), self._tenant.domain
        return {
            "uniqueid": uniqueid(self.id, leg),
            "callid": callid(self.id),
            "machine": self._node,
            "channel": own.endpoint,
            "peer": own.trunk,
            "billing_peer": own.trunk,
            "start": unix(own.started or self.cdr.accepted_at),
            "answered": unix(own.talks_since),
            "direction": self._direction(own),
            **_as_row(self._first, "s"),
            **_as_row(self._second, "c"),
            **_as_row(own.side, "d"),
            "scustomer": customer,
            "dcustomer": customer,
            "customer": customer,
            "customer_name": name,
            **self._caller_ids(own),
            **self._labels.get(None, {}),
            **self._labels.get(leg, {}),
        }

    def record(self, leg: Leg) -> Row:
        """A leg that is over, with how and when it ended."""
        own, row = self.legs[leg], self.row(leg)
        began = own.started or self.cdr.accepted_at
        ended = own.ended or self.cdr.ended_at or began
        talked = 0.0 if own.answered is None else ended - own.answered
        return {
            **row,
            "bridged_callid": row["callid"] if self.cdr.bridged_at is not None else "",
            "end": unix(ended),
            "time": unix(own.answered),
            "talktime": str(int(talked)),
            "totaltime": str(max(int(talked), int(ended) - int(began))),
            "status": self._status(own),
            "recording": self._file,
            **self._bill(own),
        }

    def fields(self) -> Row:
        """The call as a whole, as events tell of it."""
        cdr, row = self.cdr, self.row(Leg.FIRST)
        began, ended = int(cdr.started_at or cdr.accepted_at), int(cdr.ended_at or 0)
        talked = int(cdr.talk_seconds or 0)
        reached = self.legs[Leg.SECOND].side
        outside = next((one for one in self.legs.values() if one.is_outside), self.legs[Leg.SECOND])
        row |= {
            **_as_row(self._second if reached == NOBODY else reached, "d"),
            **self._caller_ids(outside),
            "server": self._node,
            "direction": self.direction,
            "answered": unix(cdr.bridged_at or cdr.second_answered_at),
            "end": unix(cdr.ended_at),
            "talktime": str(talked),
            "totaltime": str(max(talked, ended - began) if ended else 0),
            "recording": self._file,
            "extension": self._extension(),
            "callername": self._caller_name(),
            "queue": cdr.group or next((one.name for one in self._groups()), ""),
            **self._labels.get(None, {}),
        }
        return row

    @property
    def direction(self) -> str:
        """Which way the call goes: in, out, or neither."""
        if self.came_in:
            return IN
        return OUT if EXTERNAL in (self._first.type, self._second.type) else INTERNAL

    @property
    def _first(self) -> Side:
        return self.legs[Leg.FIRST].side

    @property
    def _second(self) -> Side:
        asked = self.legs[Leg.SECOND].asked
        if isinstance(asked, dict) and asked.get("kind") == "feature":
            return self._code(str(asked.get("name")), str(asked.get("number")))
        return side_of(asked)

    def _code(self, feature: str, number: str) -> Side:
        """A feature code as it is dialled, with what follows it."""
        codes = self._tenant.feature_codes
        code = next((one.code for one in codes if one.feature.value == feature), feature)
        return Side("", code if number == feature else f"{code}*{number}", feature)

    def _groups(self) -> list[Side]:
        return [one for one in (self._first, self._second) if one.type == "queue"]

    def _direction(self, own: ToldLeg) -> str:
        """A leg to a number goes out, whichever of the two it is."""
        found = direction_of(self.came_in, own.side)
        return (
            direction_of(self.came_in, self._second)
            if found == INTERNAL and own.side == NOBODY
            else found
        )

    @staticmethod
    def _caller_ids(own: ToldLeg) -> Row:
        """Who calls, as the leg is shown it: under one pair of names inside, another outside."""
        number, name = own.caller
        inside = ("", "") if own.is_outside else (number, name)
        outside = (number, name) if own.is_outside else ("", "")
        return {
            "callerid_internal": inside[0],
            "callerid_external": outside[0],
            "callername_internal": inside[1],
            "callername_external": outside[1],
        }

    def _bill(self, own: ToldLeg) -> Row:
        """What a leg has cost, and which customer or card has paid it."""
        return {
            "cost": written(own.cost),
            "currency": self._tenant.charging.currency or "",
            "bill_type": "card" if own.card else "customer",
            "bill_ref": own.card or str(self._tenant.policy.customer),
        }

    def _status(self, own: ToldLeg) -> str:
        if own.answered is not None:
            return ANSWER
        if self.cdr.outcome == Outcome.COMPLETED.value:
            return CANCEL  # somebody else has answered
        return CANCEL if self.cdr.cause in _CANCELLED else OTHER

    def _extension(self) -> str:
        """That of the person inside: who was called from outside, or else who was called first."""
        for leg in (Leg.SECOND, Leg.FIRST) if self.came_in else (Leg.FIRST, Leg.SECOND):
            own = self.legs[leg]
            terminal = self._tenant.terminal(own.endpoint.partition("@")[0])
            user = None if terminal is None else self._tenant.user_by_id(terminal.user_id)
            if user is not None:
                return user.extension or user.name
            if own.side.type == PHONE:
                return own.side.number
        return ""

    def _caller_name(self) -> str:
        """The name of who is outside, where he shows one, or else of who calls."""
        first = self.legs[Leg.FIRST]
        return first.caller[1] if first.offered else self._first.name


def _labels(events: Iterable[Recorded]) -> dict[Leg | None, Row]:
    """The words by which a client has legs told, or under None both."""
    found: dict[Leg | None, Row] = {}
    for recorded in events:
        event = recorded.event
        if event.kind is EventKind.CALL_LABELLED and isinstance(event.data["labels"], dict):
            said = {name: str(label) for name, label in event.data["labels"].items()}
            found[event.leg] = found.get(event.leg, {}) | said
    return found


def _is_recording(recorded: Recorded) -> bool:
    return recorded.event.kind is EventKind.RECORDING_STARTED


def _as_row(shown: Side, letter: str) -> Row:
    return {
        f"{letter}type": shown.type,
        f"{letter}number": shown.number,
        f"{letter}number_name": shown.name,
        f"{letter}number_display": f"{shown.name} <{shown.number}>" if shown.name else shown.number,
    }


def unix(at: float | None) -> str:
    """A time as whole seconds since 1970, 0 for none."""
    return "0" if at is None else str(int(at))
