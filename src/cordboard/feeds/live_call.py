"""A call that is alive, by its events: what a follower knows who has followed it from the start."""

from __future__ import annotations

from collections.abc import Iterable

from cordboard.calls.events import CallEvent, EventKind, Json, Recorded
from cordboard.calls.request import Leg
from cordboard.calls.running.progress import progress_of
from cordboard.journal.port import CallRecord

_CHANNEL_STATES = {
    EventKind.CHANNEL_OFFERED: "offered",
    EventKind.CHANNEL_DIALLED: "dialled",
    EventKind.CHANNEL_RINGING: "ringing",
    EventKind.CHANNEL_SCREENING: "screening",
    EventKind.CHANNEL_ANSWERED: "answered",
    EventKind.CALL_TRANSFERRED: "answered",
}

_LEG_STATES = {
    EventKind.CHANNEL_OFFERED: "calling",
    EventKind.CHANNEL_DIALLED: "ringing",
    EventKind.CHANNEL_SCREENING: "screening",
    EventKind.LEG_ANSWERED: "answered",
    EventKind.LEG_FAILED: "failed",
    EventKind.CALL_TRANSFERRING: "ringing",
    EventKind.CALL_TRANSFERRED: "answered",
    EventKind.CALL_TRANSFER_FAILED: "failed",
}


class _Leg:
    """One leg: what it is for, how far it is, and whether it holds the other."""

    def __init__(self, party: Json) -> None:
        self.party = party
        self.state = "waiting"
        self.since: float | None = None
        self.holds = False

    def take(self, recorded: Recorded) -> None:
        kind = recorded.event.kind
        state = _LEG_STATES.get(kind)
        if kind is EventKind.QUEUE_JOINED:
            self.state, self.since = "queued", recorded.at
        elif kind is EventKind.QUEUE_LEFT and recorded.event.data.get("to") is not None:
            self.party, self.state = recorded.event.data["to"], "ringing"
        elif state is not None and (
            self.state == "waiting" or kind is not EventKind.CHANNEL_DIALLED
        ):
            self.state, self.since = state, recorded.at
        if kind is EventKind.CALL_TRANSFERRING:
            self.party, self.holds = recorded.event.data.get("party"), False
            if _is_context(self.party):
                self.state = "waiting"  # as where a context was called
        if kind in (EventKind.CALL_HELD, EventKind.CALL_RESUMED):
            self.holds = kind is EventKind.CALL_HELD

    def as_dict(self) -> dict[str, Json]:
        return {
            "party": self.party,
            "state": self.state,
            "since": self.since,
            "holds": self.holds,
        }


def _is_context(party: Json) -> bool:
    return isinstance(party, dict) and party.get("kind") == "context"


def live_call(record: CallRecord, events: Iterable[Recorded]) -> dict[str, Json]:
    """The call with its legs, and the channels that have not ended."""
    events = tuple(events)
    asked = next((e.event.data for e in events if e.event.kind is EventKind.CALL_ACCEPTED), {})
    legs = {leg: _Leg(asked.get(leg.value)) for leg in Leg}
    channels: dict[str, dict[str, Json]] = {}
    for recorded in events:
        if recorded.event.leg is not None:
            legs[recorded.event.leg].take(recorded)
        if recorded.event.channel is not None:
            _see_channel(channels, recorded.event.channel, recorded)
        elif recorded.event.kind in (EventKind.CALL_TRANSFERRING, EventKind.CALL_MERGED):
            _see_transfer(channels, recorded)
    alive: list[Json] = [channel for channel in channels.values() if channel["state"] != "ended"]
    return {
        "id": record.id,
        "external_id": record.external_id,
        "account": record.account,
        "dialect": record.dialect,
        "method": record.method,
        "direction": asked.get("direction"),
        "accepted_at": record.accepted_at,
        "due_at": _first(events, EventKind.CALL_SCHEDULED, "due_at"),
        "state": progress_of(events).stage.value,
        "first": legs[Leg.FIRST].as_dict(),
        "second": legs[Leg.SECOND].as_dict(),
        "channels": alive,
        "overhears": _overhears(events),
        "overheard_by": _overheard_by(events),
    }


def _overhears(events: tuple[Recorded, ...]) -> Json:
    """The call that this one overhears now, and how; None where it overhears none."""
    last = next(
        (e.event.data for e in reversed(events) if e.event.kind is EventKind.CALL_EAVESDROPPING), {}
    )
    if last.get("mode") is None:
        return None
    return {name: last.get(name) for name in ("call", "watched_leg", "mode")}


def _overheard_by(events: tuple[Recorded, ...]) -> list[Json]:
    """Who overhears it now: his call, who he is, and how."""
    those: dict[Json, Json] = {}
    for recorded in events:
        event = recorded.event
        if event.kind is EventKind.CALL_OVERHEARD and event.leg is not None:
            call = str(event.data.get("from_call"))
            those.pop(call, None)
            if event.data.get("mode") is not None:
                those[call] = {
                    "call": call,
                    "by": event.data.get("by"),
                    "watched_leg": event.leg.value,
                    "mode": event.data.get("mode"),
                }
    return list(those.values())


def _see_transfer(channels: dict[str, dict[str, Json]], recorded: Recorded) -> None:
    """Channels come with a party from another call, or leave with one."""
    event: CallEvent = recorded.event
    named = event.data.get("channels")
    for name in named if isinstance(named, list) else ():
        if event.kind is EventKind.CALL_MERGED:
            channels.pop(str(name), None)
        elif event.data.get("from_call") is not None:
            channels[str(name)] = {
                "id": name,
                "leg": None if event.leg is None else event.leg.value,
                "endpoint": None,
                "trunk": None,
                "state": "dialled",
                "since": recorded.at,
            }


def _see_channel(channels: dict[str, dict[str, Json]], name: str, recorded: Recorded) -> None:
    event: CallEvent = recorded.event
    if event.kind in (EventKind.CHANNEL_DIALLED, EventKind.CHANNEL_OFFERED):
        channels[name] = {
            "id": name,
            "leg": None if event.leg is None else event.leg.value,
            "endpoint": event.data.get("endpoint"),
            "trunk": event.data.get("trunk"),
            "state": _CHANNEL_STATES[event.kind],
            "since": recorded.at,
        }
    known = channels.get(name)
    if known is None:
        return
    if event.kind is EventKind.CHANNEL_FAILED_OVER and event.data.get("next") is not None:
        known["trunk"] = event.data["next"]
    state = "ended" if event.kind is EventKind.CHANNEL_ENDED else _CHANNEL_STATES.get(event.kind)
    if state is not None:
        known.update(state=state, since=recorded.at)


def _first(events: Iterable[Recorded], kind: EventKind, key: str) -> Json:
    return next((one.event.data.get(key) for one in events if one.event.kind is kind), None)
