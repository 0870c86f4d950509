"""What stands in the data of events, as the types that it has where it is what it should be."""

from __future__ import annotations

from cordboard.calls.causes import Cause
from cordboard.calls.events import Json

Told = dict[str, Json]
"""A party or a group as events show it: kind, name, number, and where there is one id, end_user."""


def as_dict(value: Json) -> Told:
    """An object; an empty one where it is none."""
    return value if isinstance(value, dict) else {}


def as_text(value: Json) -> str:
    """A text; an empty one where it is none."""
    return value if isinstance(value, str) else ""


def as_cause(value: Json) -> Cause:
    """A cause."""
    try:
        return Cause(value)
    except ValueError:
        return Cause.FAILED


def id_in(party: Told, kind: str) -> int | None:
    """The id of a party of a kind; None where it is of another."""
    number = party.get("id")
    return number if party.get("kind") == kind and isinstance(number, int) else None
