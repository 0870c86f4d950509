"""Which groups a call has come to, by its events: those that a program rings, or a transfer or a
forward leads to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from msgspec.structs import replace

from cordboard.calls.events import CallEvent, EventKind

REACHED: Final = "groups_reached"
"""Where :func:`reaching` puts their names."""

_PARTIES: Final = {
    EventKind.CHANNEL_DIALLED: "party",
    EventKind.CALL_TRANSFERRING: "party",
    EventKind.CALL_FORWARDED: "party",
    EventKind.QUEUE_JOINED: "group",
}
"""The events that tell of whom is rung or waited for, and where they have him."""


def reaching(accepted: CallEvent, events: Iterable[CallEvent]) -> CallEvent:
    """The first event of a call, and with it the names of the groups that it has reached by these
    ones, in their order."""
    names: dict[str, None] = {}
    for event in events:
        key = _PARTIES.get(event.kind)
        party = None if key is None else event.data.get(key)
        if isinstance(party, dict) and party.get("kind", "group") == "group":
            names[str(party.get("name"))] = None
    if not names:
        return accepted
    return replace(accepted, data={**accepted.data, REACHED: list(names)})
