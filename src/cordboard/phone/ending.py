"""How a phone's call came to its end, and what is told of it."""

from __future__ import annotations

from typing import Any, Final

from cordboard.phone.happenings import What
from cordboard.sip.events import EndedBy, SessionEnded
from cordboard.sip.reason_header import parse_reason

# What another phone of the same hunt did, by the SIP cause of a CANCEL (RFC 3326 2).
_ELSEWHERE: Final = {
    200: What.ANSWERED_ELSEWHERE,
    600: What.DECLINED_ELSEWHERE,
    603: What.DECLINED_ELSEWHERE,
}

_ENDERS = {
    EndedBy.LOCAL: "us",
    EndedBy.REMOTE: "them",
    EndedBy.TIMEOUT: "timeout",
    EndedBy.TRANSPORT: "timeout",
}


def ending_of(
    event: SessionEnded, talked_seconds: float | None
) -> tuple[What, dict[str, Any]] | None:
    """What is told of a call's end; ``talked_seconds`` is None where it was not answered. None for
    one that we refused, of which was told already."""
    if talked_seconds is not None:
        by, reason = _ENDERS[event.by], reason_text(event.reason_header)
        return What.ENDED, {"by": by, "seconds": talked_seconds, "reason": reason}
    elsewhere = done_elsewhere(event.reason_header)
    if elsewhere is not None:
        return elsewhere, {}
    if event.by is EndedBy.LOCAL:
        return None
    return What.MISSED, {"reason": reason_text(event.reason_header)}


def done_elsewhere(reason_header: str | None) -> What | None:
    """What another phone did with the call, as a CANCEL's Reason says; None where it was none."""
    values = parse_reason(reason_header)
    causes = (one.cause for one in values if one.protocol == "SIP" and one.cause is not None)
    return next((_ELSEWHERE[cause] for cause in causes if cause in _ELSEWHERE), None)


def reason_text(reason_header: str | None) -> str:
    """The words of a Reason header, empty where there are none (RFC 3326)."""
    return next((one.text for one in parse_reason(reason_header) if one.text), "")
