"""What is written down of who overhears whom."""

from __future__ import annotations

from dataclasses import dataclass

from cordboard.calls.events import CallEvent, EventKind, Json
from cordboard.calls.request import Leg
from cordboard.calls.ringing.log import CallLog
from cordboard.media.overhearing import EavesdropMode


@dataclass(frozen=True, slots=True)
class Heard:
    """The channels of two who are overheard, and how."""

    watched: str
    other: str
    mode: EavesdropMode


def overhears(log: CallLog, channel: str, call: str | None, leg: Leg, heard: Heard | None) -> None:
    """Who has called or answered overhears the two of a call, or (None) nobody for now."""
    data: dict[str, Json] = {
        "call": call,
        "watched_leg": leg.value,
        "watched": None if heard is None else heard.watched,
        "other": None if heard is None else heard.other,
        "mode": None if heard is None else heard.mode.value,
    }
    log.tell(EventKind.CALL_EAVESDROPPING, Leg.FIRST, channel, data)


def overheard(log: CallLog, call: str, leg: Leg, by: Json, mode: EavesdropMode | None) -> None:
    """What the log of another call says of that."""
    data: dict[str, Json] = {
        "by": by,
        "from_call": log.call,
        "mode": None if mode is None else mode.value,
    }
    log.write(CallEvent(EventKind.CALL_OVERHEARD, call, leg, None, data))
