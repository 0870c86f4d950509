"""The Reason header: why a request was sent, or why one was refused (RFC 3326, RFC 6432)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cordboard.sip.errors import SipParseError
from cordboard.sip.grammar import parse_parameters, split_list, unquote

if TYPE_CHECKING:
    from cordboard.sip.message import Message

MAX_LINES: Final = 4
"""Reason lines that are looked at; RFC 3326 2 allows one value a protocol, of which there are two
in use."""


@dataclass(frozen=True, slots=True)
class ReasonValue:
    """One value: ``protocol`` in upper case, the number of its ``cause`` or None, its ``text``."""

    protocol: str
    cause: int | None = None
    text: str = ""


def reason_value_of(message: Message) -> str | None:
    """All that a message says in Reason headers, as one list; None where it says nothing."""
    values = message.headers.get("reason")
    if values is None:
        return None
    return values[0] if len(values) == 1 else ", ".join(values[:MAX_LINES])


def parse_reason(value: str | None) -> tuple[ReasonValue, ...]:
    """The values of a Reason header; none where it is missing or makes no sense."""
    if not value:
        return ()
    try:
        return tuple(_parse_one(entry) for entry in split_list(value))
    except SipParseError:
        return ()


def _parse_one(entry: str) -> ReasonValue:
    protocol, _, text = entry.partition(";")
    parameters = parse_parameters(text)
    number = parameters.get("cause") or ""
    known = number.isascii() and number.isdigit() and len(number) <= 3
    words = unquote(parameters.get("text") or "")
    return ReasonValue(protocol.strip().upper(), int(number) if known else None, words)
