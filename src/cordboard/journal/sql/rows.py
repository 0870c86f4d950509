"""Records and events as rows of the tables, and back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from sqlalchemy import RowMapping

from cordboard.calls.events import CallEvent, EventKind, Recorded
from cordboard.calls.owing import Owed
from cordboard.calls.people.agents import AgentState, Place, state_in
from cordboard.calls.request import Callback, Leg, Occasion
from cordboard.journal.entry import Entry, Tried
from cordboard.journal.outbox import Attempt, Fate, Posted
from cordboard.journal.port import CallRecord

Row = dict[str, Any]

_encode = msgspec.json.Encoder().encode


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
        "kind": event.kind._value_,
        "call": event.call,
        "leg": None if event.leg is None else event.leg._value_,
        "channel": event.channel,
        "data": _text(event.data),
    }


def agent_row(tenant: str, at: float, event: CallEvent) -> Row | None:
    """The row of the agent that an event tells of; None for an event of something else."""
    told = state_in(event, at)
    if told is None:
        return None
    (group_id, user_id), state = told
    return {
        "tenant": tenant,
        "group_id": group_id,
        "user_id": user_id,
        "logged_in": state.logged_in,
        "paused": state.paused,
        "reason": state.reason,
        "at": at,
    }


def agent_of(row: RowMapping) -> tuple[Place, AgentState]:
    """An agent and his state, from his row."""
    state = AgentState(row["logged_in"], row["paused"], row["reason"], row["at"])
    return (row["group_id"], row["user_id"]), state


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
        callback=_callback_of(row["request"]),
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


def _callback_of(request: str | None) -> Callback | None:
    asked = None if request is None else json.loads(request).get("callback")
    if asked is None:
        return None
    occasion = Occasion(asked.get("occasion", Occasion.FIRST_LEG.value))
    return Callback(asked["url"], asked["dialect"], occasion)


def owed_row(one: Owed) -> Row:
    """The row of a callback that is owed, and due at once."""
    event = one.event
    told: dict[str, Any] = {
        "kind": event.kind.value,
        "leg": None if event.leg is None else event.leg.value,
        "channel": event.channel,
        "data": dict(event.data),
    }
    if one.external_id is not None:
        told["external_id"] = one.external_id
    if one.seq is not None:
        told["seq"] = one.seq
    return {
        "id": one.id,
        "tenant": one.tenant,
        "account": one.account,
        "call": one.call,
        "dialect": one.dialect,
        "url": one.url,
        "at": one.at,
        "event": _text(told),
        "fate": Fate.PENDING.value,
        "attempts": 0,
        "next_at": one.at,
    }


def posted_of(row: RowMapping) -> Posted:
    """A callback and how it stands, from its row."""
    told = json.loads(row["event"])
    leg = None if told["leg"] is None else Leg(told["leg"])
    event = CallEvent(EventKind(told["kind"]), row["call"], leg, told["channel"], told["data"])
    last = None
    if row["last_at"] is not None:
        last = Attempt(row["last_at"], row["last_status"], row["last_error"], row["last_seconds"])
    one = Owed(
        row["id"],
        row["tenant"],
        row["account"],
        row["call"],
        row["dialect"],
        row["url"],
        row["at"],
        event,
        told.get("external_id"),
        told.get("seq"),
    )
    return Posted(one, Fate(row["fate"]), row["attempts"], row["next_at"], last)


def tried_row(tried: Tried) -> Row:
    """What an attempt changes of a callback's row; ``tried_id`` is its id."""
    attempt = tried.attempt
    return {
        "tried_id": tried.id,
        "fate": tried.fate.value,
        "next_at": tried.next_at,
        "last_at": attempt.at,
        "last_status": attempt.status,
        "last_error": attempt.error,
        "last_seconds": attempt.seconds,
    }


def _text(value: Mapping[str, Any] | list[Any]) -> str:
    """JSON that every database takes: octets of a peer that are no UTF-8 (lone surrogates) become
    question marks."""
    plain = value if isinstance(value, (dict, list)) else dict(value)
    try:
        return _encode(plain).decode()
    except UnicodeEncodeError:
        text = json.dumps(plain, separators=(",", ":"), ensure_ascii=False)
        return text.encode("utf-8", "replace").decode("utf-8")
