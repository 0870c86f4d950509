"""Records and events as rows of the tables, and back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import RowMapping

from cordboard.calls.events import CallEvent, EventKind, Recorded
from cordboard.calls.owing import Owed
from cordboard.calls.people.agents import AgentState, Place, state_in
from cordboard.calls.request import Callback, Leg, Occasion
from cordboard.journal.entry import Tried
from cordboard.journal.outbox import Attempt, Fate, Posted
from cordboard.journal.port import CallRecord, Key
from cordboard.journal.sql.statement import Row

_ENCODER: Final = msgspec.json.Encoder(enc_hook=dict)  # any mapping is a dict to JSON

CALL: Final = (
    *("id", "tenant", "account", "dialect", "method", "accepted_at", "channels", "request"),
    *("external_id", "idempotency_key", "request_digest"),
)
EVENT: Final = ("tenant", "seq", "at", "kind", "call", "leg", "channel", "data")
ENDING: Final = ("ended_at", "outcome", "result", "ended_call")
AGENT: Final = ("tenant", "group_id", "user_id", "logged_in", "paused", "reason", "at")
OWED: Final = (
    *("id", "tenant", "account", "call", "dialect", "url", "at", "event", "fate", "attempts"),
    "next_at",
)
TRIED: Final = (
    *("fate", "next_at", "last_at", "last_status", "last_error", "last_seconds", "tried_id"),
)
"""What the values of each row are, in order."""


def call_row(record: CallRecord, key: Key | None) -> Row:
    """The row of an accepted call (:data:`CALL`)."""
    return (
        record.id,
        record.tenant,
        record.account,
        record.dialect,
        record.method,
        record.accepted_at,
        _text(record.channels),
        None if record.request is None else _text(record.request),
        record.external_id,
        None if key is None else key.value,
        None if key is None else key.digest,
    )


def event_rows(numbered: Sequence[Recorded]) -> list[Row]:
    """The rows of events (:data:`EVENT`)."""
    texts = _texts([one.event.data for one in numbered])
    rows = []
    for one, text in zip(numbered, texts, strict=True):
        event, leg = one.event, one.event.leg
        rows.append(
            (
                one.tenant,
                one.seq,
                one.at,
                event.kind._value_,
                event.call,
                None if leg is None else leg._value_,
                event.channel,
                text,
            )
        )
    return rows


def ending_row(one: Recorded, text: str) -> Row:
    """What a call's last event changes of its row (:data:`ENDING`); ``text`` is its data."""
    return (one.at, one.event.data.get("outcome"), text, one.event.call)


def agent_row(one: Recorded) -> Row | None:
    """The row of the agent that an event tells of (:data:`AGENT`); None for an event of something
    else."""
    told = state_in(one.event, one.at)
    if told is None:
        return None
    place, state = told
    return (one.tenant, *place, state.logged_in, state.paused, state.reason, one.at)


def agent_of(row: RowMapping) -> tuple[Place, AgentState]:
    """An agent and his state, from his row."""
    state = AgentState(row["logged_in"], row["paused"], row["reason"], row["at"])
    return (row["group_id"], row["user_id"]), state


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


def _callback_of(request: str | None) -> Callback | None:
    asked = None if request is None else json.loads(request).get("callback")
    if asked is None:
        return None
    occasion = Occasion(asked.get("occasion", Occasion.FIRST_LEG.value))
    return Callback(asked["url"], asked["dialect"], occasion)


def owed_row(one: Owed) -> Row:
    """The row of a callback that is owed, and due at once (:data:`OWED`)."""
    event = one.event
    told: dict[str, Any] = {
        "kind": event.kind._value_,
        "leg": None if event.leg is None else event.leg._value_,
        "channel": event.channel,
        "data": event.data,
    }
    if one.external_id is not None:
        told["external_id"] = one.external_id
    if one.seq is not None:
        told["seq"] = one.seq
    return (
        one.id,
        one.tenant,
        one.account,
        one.call,
        one.dialect,
        one.url,
        one.at,
        _text(told),
        Fate.PENDING.value,
        0,
        one.at,
    )


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
    """What an attempt changes of a callback's row (:data:`TRIED`)."""
    attempt = tried.attempt
    return (
        tried.fate.value,
        tried.next_at,
        attempt.at,
        attempt.status,
        attempt.error,
        attempt.seconds,
        tried.id,
    )


def _texts(values: Sequence[Mapping[str, Any]]) -> list[str]:
    """The JSON of each, made in one go."""
    try:
        return _ENCODER.encode_lines(values).decode().split("\n")[:-1]
    except UnicodeEncodeError:
        return list(map(_text, values))


def _text(value: Mapping[str, Any] | Sequence[Any]) -> str:
    """JSON that every database takes: octets of a peer that are no UTF-8 (lone surrogates) become
    question marks."""
    try:
        return _ENCODER.encode(value).decode()
    except UnicodeEncodeError:
        text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=dict)
        return text.encode("utf-8", "replace").decode("utf-8")
