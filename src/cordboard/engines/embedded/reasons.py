"""Causes as Reason headers (RFC 3326), both ways."""

from __future__ import annotations

from cordboard.calls.causes import Q850, Cause
from cordboard.sip.errors import SipParseError
from cordboard.sip.grammar import parse_parameters, split_list

# Phones count no missed call for this one (RFC 3326 2).
_ELSEWHERE = 'SIP;cause=200;text="Call completed elsewhere"'


def _reason(cause: Cause) -> str | None:
    if cause is Cause.NORMAL:
        return None
    if cause is Cause.ANSWERED_ELSEWHERE:
        return _ELSEWHERE
    return f'Q.850;cause={Q850[cause]};text="{cause.value.replace("_", " ").capitalize()}"'


_REASONS = {cause: _reason(cause) for cause in Cause}

# Where several causes share a value, the first of the enumeration is what a peer means by it.
_CAUSES = {value: cause for cause, value in reversed(Q850.items())}


def reason_of(cause: Cause) -> str | None:
    """The Reason value that tells a peer why; None for a normal end, which needs no words."""
    return _REASONS[cause]


def cause_of_reason(value: str | None) -> Cause:
    """What a peer's Reason means; a normal end where it says nothing that we know."""
    if not value:
        return Cause.NORMAL
    try:
        for entry in split_list(value):
            protocol, _, parameters = entry.partition(";")
            if protocol.strip().upper() == "Q.850":
                number = parse_parameters(parameters).get("cause") or ""
                if number.isascii() and number.isdigit() and len(number) <= 3:
                    return _CAUSES.get(int(number), Cause.NORMAL)
    except SipParseError:
        return Cause.NORMAL
    return Cause.NORMAL
