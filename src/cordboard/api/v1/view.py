"""A call as v1 shows it: what was asked, where it stands, and each leg's timeline."""

from __future__ import annotations

from collections.abc import Sequence

from cordboard.calls.events import EventKind, Json, Recorded
from cordboard.calls.progress import progress_of
from cordboard.calls.request import Leg
from cordboard.journal.port import CallRecord


def call_view(record: CallRecord, events: Sequence[Recorded]) -> dict[str, Json]:
    """The whole call as JSON."""
    accepted = next((e.event for e in events if e.event.kind is EventKind.CALL_ACCEPTED), None)
    asked = accepted.data if accepted is not None else {}
    return {
        "id": record.id,
        "state": progress_of(events).stage.value,
        "dialect": record.dialect,
        "method": record.method,
        "account": record.account,
        "accepted_at": record.accepted_at,
        "ended_at": record.ended_at,
        "channels": list(record.channels),
        "first": _leg_view(Leg.FIRST, asked.get("first"), events),
        "second": _leg_view(Leg.SECOND, asked.get("second"), events),
        "result": record.result,
    }


def _leg_view(leg: Leg, party: Json, events: Sequence[Recorded]) -> dict[str, Json]:
    timeline: list[Json] = [
        {
            "at": recorded.at,
            "kind": recorded.event.kind.value,
            "channel": recorded.event.channel,
            "data": dict(recorded.event.data),
        }
        for recorded in events
        if recorded.event.leg is leg
    ]
    return {"party": party, "timeline": timeline}
