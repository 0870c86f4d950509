"""What the CTI WebSocket tells of: the vendor's elements with their columns, and the messages that
carry them.

The names of the columns are those of the README of the vendor's basix_ws_cti.js, in the order in
which it shows them; of ``channel_waiting`` they are those that its ``lib/utils.js`` and the
vendor's web phone read. A client learns the order from ``field_spec``, which has to come before the
first row of its element.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Final

from cordboard.api.basix.cti.terms import Atom, Encoded, Term, frame, joined, tuple_head
from cordboard.values import Word

Row = tuple[Term, ...]
"""The values of an element's columns, in their order. What is in several parts is a tuple, for the
client drops lists, and no value is None."""


class Element(Word):
    """The categories of elements, in the order in which a new client is told of them: users come
    before channels, for the web phone looks them up there."""

    USER = "user"
    GROUP = "group"
    GROUP_MEMBER = "group_member"
    TERMINAL = "terminal"
    CHANNEL_WAITING = "channel_waiting"
    CHANNEL = "channel"


class Change(Word):
    """What has become of an element."""

    ADDED = "added"
    UPDATED = "updated"
    REMOVED = "removed"


class Notice(Enum):
    """What a client is told about its connection, as ``system_msg``."""

    CONNECTION_LIMIT_REACHED = "connection_limit_reached"
    CONNECTION_REPLACED = "connection_replaced"


COLUMNS: Final[dict[Element, tuple[str, ...]]] = {
    Element.USER: (
        "id",
        "name",
        "fwd_always_status",
        "do_not_disturb_status",
        "language",
        "main_extension",
        "presence",
        "role",
        "park_group",
        "mwi_target",
        "flags",
        "followme",
        "email",
        "avatar",
        "label",
        "mwi",
    ),
    Element.GROUP: (
        "id",
        "name",
        "type",
        "language",
        "main_extension",
        "queue",
        "label",
        "flags",
        "check_login_status",
        "mwi",
    ),
    Element.GROUP_MEMBER: ("id", "group_id", "user_id", "priority", "login_status", "role"),
    Element.TERMINAL: ("id", "name", "assoc_user_id", "type", "user_agent", "registered"),
    Element.CHANNEL_WAITING: (
        "uuid",
        "direction",
        "peer_location",
        "calling_number",
        "called_number",
        "offer_timestamp",
        "user_id",
        "state",
        "end_user",
        "whoscall",
    ),
    Element.CHANNEL: (
        "uuid",
        "direction",
        "peer_location",
        "calling_name",
        "calling_number",
        "called_number",
        "offer_timestamp",
        "answer_timestamp",
        "hangup_timestamp",
        "other_uuid",
        "user_id",
        "state",
        "group_id",
        "target",
        "origination",
        "end_user",
        "tags",
        "last_bridged_user_id",
        "last_event",
        "last_event_data",
        "other_info",
        "call_id",
    ),
}
"""Each begins with the column by which the client knows its rows."""


def field_spec(element: Element) -> bytes:
    """The message that names the columns of an element."""
    names: list[Term] = [Atom(name) for name in COLUMNS[element]]
    return frame((Atom("field_spec"), element.value, names))


def initial_info(element: Element, rows: Iterable[bytes]) -> bytes:
    """The message with all that there is of an element, by its rows as they are written."""
    return frame((Atom("initial_info"), element.value, [*map(Encoded, rows)]))


def info_event(element: Element, row: bytes, change: Change) -> bytes:
    """The message of a change of a row, which is written; the names are strings, for the client
    compares them with texts."""
    return _INFO_EVENTS[element] + row + _CHANGES[change]


_INFO_EVENTS: Final = {
    element: b"\x83" + tuple_head(4) + joined(Atom("info_event"), element.value)
    for element in Element
}
_CHANGES: Final = {change: joined(change.value) for change in Change}


def system_msg(notice: Notice) -> bytes:
    """The message of a notice."""
    return frame((Atom("system_msg"), notice.value))


def text(value: object) -> bytes:
    """A text as a column has it: the client decodes UTF-8 in labels only, and has a column that it
    takes apart always as a text."""
    return b"" if value is None else str(value).encode("utf-8", "replace")


def micros(at: float) -> int:
    """A time in seconds since 1970 as microseconds."""
    return round(at * 1_000_000)
