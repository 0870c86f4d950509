"""What a follower of a tenant's events is told, one JSON object a message, and how it stands in a
stream of server-sent events (WHATWG HTML 9.2) or of WebSocket texts.

``snapshot`` is what lives, in parts where it is much; ``event`` one event; ``resync`` says that
events may have been missed and a snapshot follows; ``alive`` that there was nothing to tell;
``end`` is the last word of a stream that could go on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from cordboard.calls.events import Json, Recorded

KEPT_ENCODED: Final = 1_000
"""Events whose JSON is kept for the next reader, at some 500 octets each: those who follow live
are never so far apart, and who comes from afar pays for himself."""

_CURSOR = re.compile(r"([0-9A-Za-z-]{1,40}):([0-9]{1,19})")


class Reason(Enum):
    """Why a follower is told ``resync`` or ``end``."""

    OTHER_EPOCH = "other_epoch"
    """The cursor is of another journal."""
    TOO_OLD = "too_old"
    """What came behind the cursor is not kept any more."""
    IN_THE_FUTURE = "in_the_future"
    """The cursor is ahead of the journal: of one that was restored from a copy, perhaps."""
    TOO_SLOW = "too_slow"
    """Others were told long ago; the stream can be continued from its last cursor."""
    GOING_DOWN = "going_down"
    """The server stops; the stream can be continued when it is back."""
    NOT_ALLOWED = "not_allowed"
    """The account may not read any more."""
    LEFT = "left"
    """The follower has gone himself, and hears nothing of this."""


class MalformedCursor(ValueError):
    """This never was a cursor."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message. ``cursor`` is where a stream goes on behind it, None where it is not whole yet;
    ``quiet`` messages carry nothing but that."""

    name: str
    body: bytes
    cursor: str | None = None
    quiet: bool = False

    def as_sse(self) -> bytes:
        """The message as an event of a stream. A quiet one only moves the client's last event id,
        which dispatches nothing (WHATWG HTML 9.2.6)."""
        told = b"" if self.cursor is None else b"id: %s\n" % self.cursor.encode()
        if self.quiet:
            return b":\n%s\n" % told
        return b"%sevent: %s\ndata: %s\n\n" % (told, self.name.encode(), self.body)


def number_in(cursor: str) -> tuple[str, int]:
    """The epoch and the number of a cursor; raises :class:`MalformedCursor`."""
    match = _CURSOR.fullmatch(cursor)
    if match is None:
        raise MalformedCursor
    return match.group(1), int(match.group(2))


def event_message(recorded: Recorded) -> Message:
    """One event."""
    cursor = recorded.cursor
    body = _compact({"type": "event", "cursor": cursor, **recorded.as_dict()})
    return Message(recorded.event.kind.value, body, cursor)


def snapshot_message(
    calls: Sequence[Json], agents: Sequence[Json], cursor: str, *, more: bool
) -> Message:
    """What lives, or a part of it: only behind the last one a stream can go on."""
    told: dict[str, Json] = {"type": "snapshot", "cursor": cursor, "calls": list(calls)}
    body = _compact({**told, "agents": list(agents), "more": more})
    return Message("snapshot", body, None if more else cursor)


def resync_message(reason: Reason) -> Message:
    """Events may have been missed."""
    return Message("resync", _compact({"type": "resync", "reason": reason.value}))


def alive_message(cursor: str) -> Message:
    """Nothing happened up to here that this follower wants to know."""
    return Message("alive", _compact({"type": "alive", "cursor": cursor}), cursor, quiet=True)


def end_message(reason: Reason, cursor: str | None) -> Message:
    """The last word; the stream can be continued behind ``cursor``."""
    body = _compact({"type": "end", "reason": reason.value, "cursor": cursor})
    return Message("end", body, cursor)


class Encoder:
    """Makes each event's message once, however many follow."""

    def __init__(self, kept: int = KEPT_ENCODED) -> None:
        self._kept = kept
        self._made: dict[tuple[str, int], Message] = {}

    def message(self, recorded: Recorded) -> Message:
        """The message of an event."""
        name = (recorded.tenant, recorded.seq)
        made = self._made.get(name)
        if made is None:
            made = self._made[name] = event_message(recorded)
            if len(self._made) > self._kept:
                del self._made[next(iter(self._made))]
        return made


def _compact(value: dict[str, Json]) -> bytes:
    """In ASCII, so that no text in it can trouble a client, nor end a line."""
    return json.dumps(value, separators=(",", ":")).encode("ascii")
