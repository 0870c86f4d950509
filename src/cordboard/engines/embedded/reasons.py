"""Causes as Reason headers (RFC 3326), both ways."""

from __future__ import annotations

from typing import Final

from cordboard.calls.causes import Q850, Cause
from cordboard.calls.said import NOTHING, Said, readable
from cordboard.sip.reason_header import ReasonValue, parse_reason

# Phones count no missed call where another phone of the hunt took it or declined it: RFC 3326 2
# gives 200 and 600 as examples, and 603 is what the other phone said.
_HUNTS = {
    Cause.ANSWERED_ELSEWHERE: 'SIP;cause=200;text="Call completed elsewhere"',
    Cause.BUSY: 'SIP;cause=600;text="Busy Everywhere"',
    Cause.REJECTED: 'SIP;cause=603;text="Decline"',
}


def _reason(cause: Cause) -> str | None:
    if cause is Cause.NORMAL:
        return None
    if cause is Cause.ANSWERED_ELSEWHERE:
        return _HUNTS[cause]
    said = f'Q.850;cause={Q850[cause]};text="{cause.value.replace("_", " ").capitalize()}"'
    return f"{_HUNTS[cause]}, {said}" if cause in _HUNTS else said


_REASONS = {cause: _reason(cause) for cause in Cause}

Q850_VALUES: Final = range(1, 128)
"""Asterisk says 0 where it knows none, which is none of Q.850's."""

SIP_STATUSES: Final = range(100, 700)


def reason_of(cause: Cause) -> str | None:
    """The Reason value that tells a peer why; None for a normal end, which needs no words."""
    return _REASONS[cause]


def said_in(reason_header: str | None, retry_after: int | None = None) -> Said:
    """What a peer's Reason says: the first cause of either protocol, the first text."""
    if reason_header is None and retry_after is None:
        return NOTHING
    values = parse_reason(reason_header)
    return Said(
        _cause_of(values, "Q.850", Q850_VALUES),
        _cause_of(values, "SIP", SIP_STATUSES),
        next((readable(v.text) for v in values if v.text), ""),
        retry_after,
    )


def _cause_of(values: tuple[ReasonValue, ...], protocol: str, known: range) -> int | None:
    causes = (value.cause for value in values if value.protocol == protocol)
    return next((cause for cause in causes if cause is not None and cause in known), None)
