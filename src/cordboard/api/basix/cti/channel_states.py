"""What a channel does: its ``state`` without since when, ``{TsMicros, Name, ...}`` in the vendor's
words (basix_ws_cti.js, ``lib/utils.js``)."""

from __future__ import annotations

from typing import Final

from cordboard.api.basix.cti.elements import Row, text
from cordboard.api.basix.cti.event_values import Told, id_in
from cordboard.calls.events import Json
from cordboard.directory.model import GroupKind, User

INSIDE: Final = b"int"
OUTSIDE: Final = b"ext"

RINGING: Final[Row] = (b"ringing",)
"""It is dialled and not answered."""

BRIDGED: Final[Row] = (b"bridged",)
"""It hears the channel that ``other_uuid`` names."""

PROGRAM: Final[Row] = (b"xml_ivr",)
"""A context's program plays to it."""

SCREENING: Final[Row] = (b"system_operation", b"screening")
"""Who has answered is asked whether he takes the call."""

PARK: Final = b"park"

OTHER: Final[Row] = (b"system_operation", b"feature")
"""It has dialled a feature code."""


MEDIA_PLUG: Final[Row] = (b"system_operation", b"media_plug")
"""It overhears calls, and none for now."""


def eavesdropping(channel: Json, mode: Json) -> Row:
    """It overhears a channel and whom that one talks with."""
    return (b"eavesdrop", text(channel), text(mode))


def parked(parker: User | None) -> Row:
    """It is held by a client, in no slot, and was talking with a user, if that is one."""
    if parker is None:
        return (PARK, None, None, None, None)
    return (PARK, None, None, parker.id, text(parker.name))


def calling(party: Told, kind: GroupKind | None = None) -> Row:
    """It waits for a party, as events show one; ``kind`` is that of a group."""
    user, group, kind_of_party = id_in(party, "user"), id_in(party, "group"), party.get("kind")
    if user is not None:
        return (b"calling", INSIDE, b"user", (user,))
    if group is not None:
        queue = text(party.get("name"))
        return (b"calling", INSIDE, b"group", (group_type(kind), group, None, None, queue))
    if kind_of_party == "number":
        return (b"calling", OUTSIDE, b"pstn", (text(party.get("number")),))
    if kind_of_party == "eavesdrop":
        return MEDIA_PLUG
    return PROGRAM if kind_of_party == "context" else OTHER


def group_type(kind: GroupKind | None) -> bytes:
    """The vendor knows groups that ring all at once, perhaps with a queue, and those that hunt."""
    return b"hunt" if kind is GroupKind.HUNT else b"ring"
