"""How a party of a call is told in rows: type and number (vendor facts, 4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from cordboard.calls.events import Json

PHONE, EXTERNAL = "phone", "external"

_TYPES: Final = {
    "user": PHONE,
    "terminal": PHONE,
    "number": EXTERNAL,
    "group": "queue",
    "context": "ivr",
}

IN, OUT, INTERNAL = "in", "out", "internal"
IN_OUT: Final = "in_out"
DIRECTIONS: Final = (IN, INTERNAL, IN_OUT, OUT)
"""What lists may be of; without one of everything."""


class Side(NamedTuple):
    """A party: its type and number, "" for what is unknown, and its name."""

    type: str
    number: str
    name: str


NOBODY: Final = Side("", "", "")


def side_of(party: Json) -> Side:
    """A party as events have it."""
    if not isinstance(party, Mapping):
        return NOBODY
    return side(party.get("kind"), party.get("name"), party.get("number"))


def side(kind: Json, name: Json, number: Json) -> Side:
    """A party of this kind, name and number."""
    shown = str(number or name or "")
    return Side(_TYPES.get(str(kind), "") if kind else "", shown, str(name or ""))


def direction_of(came_in: bool, second: Side) -> str:
    """Which way a call goes: in through a trunk, out to a number, or neither."""
    if came_in:
        return IN
    return OUT if second.type == EXTERNAL else INTERNAL


def is_wanted(direction: str, wanted: str) -> bool:
    """Whether a call that goes this way is in a list of those; "" is all."""
    return wanted in ("", direction) or (wanted == IN_OUT and direction != INTERNAL)


def is_of_phone(row: Mapping[str, str], phone: str) -> bool:
    """Whether a telephone line is a party of what a row tells; "" is any."""
    parties = ((row[f"{letter}type"], row[f"{letter}number_name"]) for letter in "scd")
    numbers = (row[f"{letter}number"] for letter in "scd")
    return not phone or (PHONE, phone) in parties or phone in numbers
