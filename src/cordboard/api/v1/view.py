"""A call as v1 shows it: what was asked, where it stands, and each leg's timeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel, Field

from cordboard.api.v1.recording_view import audio_of
from cordboard.calls.events import EventKind, Json, Recorded
from cordboard.calls.recording_terms import id_of
from cordboard.calls.request import Direction, Leg
from cordboard.calls.running.progress import progress_of
from cordboard.journal.port import CallRecord
from cordboard.journal.recordings import KeptRecording
from cordboard.journal.request_form import variables_in


class Happened(BaseModel):
    """Something that happened on a leg; `kind` and `data` are those of the events."""

    at: float = Field(description="seconds since 1970")
    kind: str
    channel: str | None
    data: dict[str, Any]


class LegShown(BaseModel):
    """One of the two legs."""

    party: dict[str, Any] | None = Field(description="who is called: kind, name, number, id")
    timeline: list[Happened]


class ResultShown(BaseModel):
    """How a call ended."""

    outcome: str
    cause: str
    stage: str
    leg: str | None
    sip_status: int | None
    q850: int | None
    reason: dict[str, Any] | None
    first_ring_seconds: float
    second_ring_seconds: float
    talk_seconds: float
    group: str | None = Field(None, description="on whose behalf the call was made")


class CallRecordingShown(BaseModel):
    """A recording of the call: stereo, the first leg left. `GET /v1/recordings/{id}` tells more."""

    id: str
    file: str = Field(description="below the server's folder of recordings")
    started_at: float = Field(description="seconds since 1970")
    seconds: float | None = Field(description="null while it goes on")
    error: str | None = Field(description="why it broke off")
    state: str | None = Field(
        description="recording, complete, interrupted or deleted; null: there is no more of it"
    )
    audio: str | None = Field(description="where it is heard")


class CallShown(BaseModel):
    """A call: what was asked for, where it stands, what happened on either leg."""

    id: str
    state: str = Field(description="the stage that the call is in")
    dialect: str
    method: str
    direction: str = Field(description="who began it: `request`, `phone` or `trunk`")
    account: str
    group: dict[str, Any] | None = Field(
        description="on whose behalf it is made: kind, name, number, id"
    )
    accepted_at: float = Field(description="seconds since 1970")
    ended_at: float | None
    due_at: float | None = Field(description="when a call for later is to begin")
    channels: list[str] = Field(description="the UUIDs of the first leg's channels")
    external_id: str | None
    external_info: str | None
    link: str | None
    variables: dict[str, str]
    metadata: dict[str, Any] | None
    first: LegShown
    second: LegShown
    recordings: list[CallRecordingShown]
    result: ResultShown | None


def call_view(
    record: CallRecord, events: Sequence[Recorded], kept: Sequence[KeptRecording] = ()
) -> dict[str, Json]:
    """The whole call as JSON; ``kept`` are its recordings."""
    said = {recorded.event.kind: recorded.event.data for recorded in events}
    asked = said.get(EventKind.CALL_ACCEPTED, {})
    request = record.request or {}
    return {
        "id": record.id,
        "state": progress_of(events).stage.value,
        "dialect": record.dialect,
        "method": record.method,
        "direction": asked.get("direction", Direction.REQUEST.value),
        "account": record.account,
        "group": asked.get("group"),
        "accepted_at": record.accepted_at,
        "ended_at": record.ended_at,
        "due_at": said.get(EventKind.CALL_SCHEDULED, {}).get("due_at"),
        "channels": said.get(EventKind.CALL_STARTED, {}).get("channels") or list(record.channels),
        "external_id": record.external_id,
        "external_info": request.get("external_info"),
        "link": request.get("link"),
        "variables": variables_in(request),
        "metadata": request.get("metadata"),
        "first": _leg_view(Leg.FIRST, asked.get("first"), events),
        "second": _leg_view(Leg.SECOND, asked.get("second"), events),
        "recordings": _recordings(events, {one.file: one for one in kept}),
        "result": record.result,
    }


def recorded_in(events: Sequence[Recorded]) -> bool:
    """Whether a call has recordings."""
    return any(one.event.kind is EventKind.RECORDING_STARTED for one in events)


def _recordings(events: Sequence[Recorded], kept: Mapping[str, KeptRecording]) -> list[Json]:
    found: dict[str, dict[str, Json]] = {}
    for recorded in events:
        kind, data = recorded.event.kind, recorded.event.data
        file = str(data.get("file"))
        if kind is EventKind.RECORDING_STARTED:
            row = kept.get(file)
            found[file] = {
                "id": id_of(file),
                "file": file,
                "started_at": recorded.at,
                "seconds": None,
                "error": None,
                "state": None if row is None else row.state.value,
                "audio": None if row is None else audio_of(row),
            }
        elif kind is EventKind.RECORDING_STOPPED and file in found:
            found[file].update(seconds=data.get("seconds"), error=data.get("error"))
    return list(found.values())


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


CALL_EXAMPLE: Final[dict[str, Any]] = {
    "id": "5a6e0c1e-7a2b-4f7e-9d5b-0a4d6b7c8e9f",
    "state": "ended",
    "dialect": "v1",
    "method": "call",
    "direction": "request",
    "account": "main",
    "group": {"kind": "group", "name": "sales", "number": "2001", "id": 2001},
    "accepted_at": 1767225600.12,
    "ended_at": 1767225634.8,
    "due_at": None,
    "channels": ["0d3f4c52-1f0c-4b5e-8f6a-2f8e2a1b9c77"],
    "external_id": "ticket-4711",
    "external_info": None,
    "link": None,
    "variables": {},
    "metadata": {"campaign": "spring"},
    "first": {
        "party": {"kind": "user", "name": "jessica", "number": "1001", "id": 1001},
        "timeline": [
            {
                "at": 1767225603.02,
                "kind": "leg.answered",
                "channel": "0d3f4c52-1f0c-4b5e-8f6a-2f8e2a1b9c77",
                "data": {"ring_seconds": 2.9},
            }
        ],
    },
    "second": {
        "party": {"kind": "number", "name": "", "number": "0312341234"},
        "timeline": [],
    },
    "recordings": [],
    "result": {
        "outcome": "completed",
        "cause": "normal",
        "stage": "bridged",
        "leg": "first",
        "sip_status": None,
        "q850": 16,
        "reason": None,
        "first_ring_seconds": 2.9,
        "second_ring_seconds": 4.1,
        "talk_seconds": 27.7,
        "group": "sales",
    },
}
