"""A call as v1 shows it: what was asked, where it stands, and each leg's timeline."""

from __future__ import annotations

from collections.abc import Sequence

from cordboard.calls.events import EventKind, Json, Recorded
from cordboard.calls.request import Leg
from cordboard.calls.stages import Stage
from cordboard.journal.port import CallRecord

# The stage that a call is in after an event; kinds that are missing change nothing.
_STAGE_AFTER = {
    (EventKind.CALL_ACCEPTED, None): Stage.ACCEPTED,
    (EventKind.CHANNEL_DIALLED, Leg.FIRST): Stage.RINGING_FIRST,
    (EventKind.LEG_ANSWERED, Leg.FIRST): Stage.RINGING_SECOND,
    (EventKind.LEG_FAILED, Leg.FIRST): Stage.ENDING,
    (EventKind.LEG_FAILED, Leg.SECOND): Stage.ANNOUNCING,
    (EventKind.CALL_PROGRAM, Leg.FIRST): Stage.PROGRAM,
    (EventKind.CALL_BRIDGED, None): Stage.BRIDGED,
    (EventKind.CALL_ENDED, None): Stage.ENDED,
}


def call_view(record: CallRecord, events: Sequence[Recorded]) -> dict[str, Json]:
    """The whole call as JSON."""
    accepted = next((e.event for e in events if e.event.kind is EventKind.CALL_ACCEPTED), None)
    asked = accepted.data if accepted is not None else {}
    return {
        "id": record.id,
        "state": _stage(events).value,
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


def _stage(events: Sequence[Recorded]) -> Stage:
    stage = Stage.ACCEPTED
    for recorded in events:
        event = recorded.event
        stage = _STAGE_AFTER.get((event.kind, event.leg), stage)
    return stage


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
