"""Records and events as rows of the tables, and back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import RowMapping

from cordboard.calls.events import CallEvent, EventKind, Recorded
from cordboard.calls.request import Leg
from cordboard.journal.entry import Entry
from cordboard.journal.port import CallRecord

Row = dict[str, Any]


def call_row(entry: Entry) -> Row:
    """The row of an accepted call."""
    record, key = entry.record, entry.key
    assert record is not None  # the caller looked
    return {
        "id": record.id,
        "tenant": record.tenant,
        "account": record.account,
        "dialect": record.dialect,
        "method": record.method,
        "accepted_at": record.accepted_at,
        "channels": _text(list(record.channels)),
        "request": None if record.request is None else _text(record.request),
        "external_id": record.external_id,
        "idempotency_key": None if key is None else key.value,
        "request_digest": None if key is None else key.digest,
    }


def event_row(tenant: str, seq: int, at: float, event: CallEvent) -> Row:
    """The row of an event."""
    return {
        "tenant": tenant,
        "seq": seq,
        "at": at,
        "kind": event.kind.value,
        "call": event.call,
        "leg": None if event.leg is None else event.leg.value,
        "channel": event.channel,
        "data": _text(event.data),
    }


def ending_row(at: float, event: CallEvent) -> Row:
    """What a call's last event changes of its row; ``ended_call`` is its id."""
    return {
        "ended_call": event.call,
        "ended_at": at,
        "outcome": event.data.get("outcome"),
        "result": _text(event.data),
    }


def record_of(row: RowMapping) -> CallRecord:
    """A call from its row."""
    return CallRecord(
        id=row["id"],
        tenant=row["tenant"],
        account=row["account"],
        dialect=row["dialect"],
        method=row["method"],
        accepted_at=row["accepted_at"],
        channels=tuple(json.loads(row["channels"])),
        request=None if row["request"] is None else json.loads(row["request"]),
        external_id=row["external_id"],
        ended_at=row["ended_at"],
        result=None if row["result"] is None else json.loads(row["result"]),
    )


def recorded_of(epoch: str, row: RowMapping) -> Recorded:
    """An event from its row."""
    event = CallEvent(
        EventKind(row["kind"]),
        row["call"],
        None if row["leg"] is None else Leg(row["leg"]),
        row["channel"],
        json.loads(row["data"]),
    )
    return Recorded(epoch, row["seq"], row["at"], row["tenant"], event)


def endings(entries: Iterable[Entry]) -> list[Row]:
    """The changes of the calls that ended."""
    return [
        ending_row(entry.at, event)
        for entry in entries
        for event in entry.events
        if event.kind is EventKind.CALL_ENDED
    ]


def _text(value: Any) -> str:
    return json.dumps(
        dict(value) if isinstance(value, Mapping) else value,
        separators=(",", ":"),
        ensure_ascii=False,
    )
