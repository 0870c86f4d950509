"""Call detail records: one row for each call that has ended, made of its record and its events.

A pure function: whoever has a call's record and events can make its row, today or in ten years.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Final

from cordboard.calls.causes import Cause
from cordboard.calls.events import EventKind, Json, Outcome, Recorded
from cordboard.calls.recording_terms import id_of
from cordboard.calls.request import Direction, Leg
from cordboard.journal.port import CallRecord


@dataclass(frozen=True, slots=True)
class Cdr:
    """One call as it is accounted for; the names are those of the columns.

    Times are seconds since 1970, None for what did not come about. ``started_at`` is when the first
    phone was dialled, or called us. ``direction`` is who began it: "request" (a client), "phone" or
    "trunk". ``first_...`` and ``second_...`` are of the two legs: ``caller_number`` and
    ``caller_name`` is what the phone was shown, or showed, ``trunk`` the one that was tried last.
    ``leg`` and ``stage`` say where the call ended. ``hung_up_by`` is "first" or "second" (that
    party), "client" (a request), "server" (a limit, a lost voice, a restart, the end of a program),
    or None where nobody had anything to hang up. ``recordings`` are the ids of those
    that were made. ``waiting_seconds`` is how long a party waited in queues, None where none did.
    ``forwarded_to`` is the number of the party that the second leg was forwarded to at last.
    ``cost`` is what its legs have cost together, in millionths, None where none was charged;
    ``card`` is the prepaid card that paid, None: the tenant did.
    """

    id: str
    external_id: str | None
    account: str
    dialect: str
    method: str
    group: str | None
    first_kind: str | None
    first_name: str | None
    first_number: str | None
    first_caller_number: str | None
    first_caller_name: str | None
    first_trunk: str | None
    second_kind: str | None
    second_name: str | None
    second_number: str | None
    second_caller_number: str | None
    second_caller_name: str | None
    second_trunk: str | None
    accepted_at: float
    started_at: float | None
    first_answered_at: float | None
    second_answered_at: float | None
    bridged_at: float | None
    ended_at: float | None
    first_ring_seconds: float | None
    second_ring_seconds: float | None
    talk_seconds: float | None
    outcome: str | None
    leg: str | None
    stage: str | None
    cause: str | None
    sip_status: int | None
    q850: int | None
    hung_up_by: str | None
    direction: str
    recordings: tuple[str, ...] = ()
    waiting_seconds: float | None = None
    forwarded_to: str | None = None
    cost: int | None = None
    card: str | None = None

    def as_dict(self) -> dict[str, Json]:
        """The row by column."""
        return asdict(self)


COLUMNS: Final = tuple(field.name for field in fields(Cdr))
"""The columns in order. New ones come at the end, so that nobody's import breaks."""


_BEGUN = frozenset({EventKind.CHANNEL_DIALLED, EventKind.CHANNEL_OFFERED})


class _Leg:
    """What the events of one leg say."""

    def __init__(self) -> None:
        self.shown: Mapping[str, Json] = {}
        self.trunk: str | None = None
        self.forwarded_to: str | None = None
        self.dialled_at: float | None = None
        self.answered_at: float | None = None
        self._won = False

    def take(self, recorded: Recorded) -> None:
        event = recorded.event
        if event.kind in _BEGUN and not self._won:
            self.shown = event.data
            self.trunk = _text(event.data, "trunk")
            if self.dialled_at is None:
                self.dialled_at = recorded.at
        elif event.kind is EventKind.CALL_FORWARDED:
            self.forwarded_to = _text(_table(event.data, "party"), "number") or self.forwarded_to
        elif event.kind is EventKind.CHANNEL_FAILED_OVER:
            self.trunk = _text(event.data, "next") or self.trunk
        elif event.kind is EventKind.LEG_ANSWERED and not self._won:
            self.answered_at, self._won = recorded.at, True


def cdr_of(record: CallRecord, events: Iterable[Recorded]) -> Cdr:
    """The row of a call; of one that is alive, what is known by now."""
    legs = {Leg.FIRST: _Leg(), Leg.SECOND: _Leg()}
    asked: Mapping[str, Json] = {}
    bridged_at: float | None = None
    recordings: list[str] = []
    waited: float | None = None
    cost: int | None = None
    card: str | None = None
    for recorded in events:
        event = recorded.event
        if event.kind is EventKind.QUEUE_LEFT:
            waited = (waited or 0.0) + (_number(event.data, "waited_seconds") or 0.0)
        elif event.kind is EventKind.LEG_CHARGED:
            cost = (cost or 0) + (_whole(event.data, "amount") or 0)
            card = _text(event.data, "card")
        elif event.leg is not None:
            legs[event.leg].take(recorded)
        elif event.kind is EventKind.CALL_ACCEPTED:
            asked = event.data
        elif event.kind is EventKind.CALL_BRIDGED and bridged_at is None:
            bridged_at = recorded.at
        elif event.kind is EventKind.RECORDING_STARTED:
            recordings.append(id_of(str(event.data.get("file"))))
    first, second = legs[Leg.FIRST], legs[Leg.SECOND]
    result = record.result or {}
    return Cdr(
        id=record.id,
        external_id=record.external_id,
        account=record.account,
        dialect=record.dialect,
        method=record.method,
        group=_text(_table(asked, "group"), "name"),
        first_kind=_text(_table(asked, "first"), "kind"),
        first_name=_text(_table(asked, "first"), "name"),
        first_number=_text(_table(asked, "first"), "number"),
        first_caller_number=_text(first.shown, "caller_number"),
        first_caller_name=_text(first.shown, "caller_name"),
        first_trunk=first.trunk,
        second_kind=_text(_table(asked, "second"), "kind"),
        second_name=_text(_table(asked, "second"), "name"),
        second_number=_text(_table(asked, "second"), "number"),
        second_caller_number=_text(second.shown, "caller_number"),
        second_caller_name=_text(second.shown, "caller_name"),
        second_trunk=second.trunk,
        accepted_at=record.accepted_at,
        started_at=first.dialled_at,
        first_answered_at=first.answered_at,
        second_answered_at=second.answered_at,
        bridged_at=bridged_at,
        ended_at=record.ended_at,
        first_ring_seconds=_number(result, "first_ring_seconds"),
        second_ring_seconds=_number(result, "second_ring_seconds"),
        talk_seconds=_number(result, "talk_seconds"),
        outcome=_text(result, "outcome"),
        leg=_text(result, "leg"),
        stage=_text(result, "stage"),
        cause=_text(result, "cause"),
        sip_status=_whole(result, "sip_status"),
        q850=_whole(result, "q850"),
        hung_up_by=_hung_up_by(result, answered=first.answered_at is not None),
        direction=_text(asked, "direction") or Direction.REQUEST.value,
        recordings=tuple(recordings),
        waiting_seconds=waited,
        forwarded_to=legs[Leg.SECOND].forwarded_to,
        cost=cost,
        card=card,
    )


def _hung_up_by(result: Mapping[str, Json], *, answered: bool) -> str | None:
    """Who ended the call: a party, or whoever else had it ended."""
    match result.get("outcome"), result.get("cause"):
        case (Outcome.COMPLETED.value, cause):
            by_request = cause == Cause.CANCELLED.value
            return _text(result, "leg") or ("client" if by_request else "server")
        case (Outcome.CANCELLED.value, Cause.CANCELLED.value):
            return "client"
        case (Outcome.CANCELLED.value, Cause.DURATION_LIMIT.value | Cause.NO_CREDIT.value):
            return "server"
        case (Outcome.CANCELLED.value, _):
            return _text(result, "leg")
        case (Outcome.SECOND_LEG_FAILED.value | Outcome.INTERRUPTED.value, _):
            return "server"
        case (Outcome.FIRST_LEG_FAILED.value, _):
            return "server" if answered else None
    return None


def _table(data: Mapping[str, Json], key: str) -> Mapping[str, Json]:
    found = data.get(key)
    return found if isinstance(found, dict) else {}


def _text(data: Mapping[str, Json], key: str) -> str | None:
    found = data.get(key)
    return found if isinstance(found, str) else None


def _number(data: Mapping[str, Json], key: str) -> float | None:
    found = data.get(key)
    return float(found) if isinstance(found, int | float) else None


def _whole(data: Mapping[str, Json], key: str) -> int | None:
    found = data.get(key)
    return found if isinstance(found, int) else None
