"""How a phone's call came to its end, and what is told of it."""

from __future__ import annotations

from typing import Any, Final

from cordboard.phone.happenings import What
from cordboard.sip.events import EndedBy, SessionEnded
from cordboard.sip.reason_header import parse_reason

ELSEWHERE_CAUSE: Final = 200

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
    if answered_elsewhere(event.reason_header):
        return What.ANSWERED_ELSEWHERE, {}
    if event.by is EndedBy.LOCAL:
        return None
    return What.MISSED, {"reason": reason_text(event.reason_header)}


def answered_elsewhere(reason_header: str | None) -> bool:
    """Whether a CANCEL's Reason says that another phone took the call (``SIP;cause=200``)."""
    values = parse_reason(reason_header)
    return any(one.protocol == "SIP" and one.cause == ELSEWHERE_CAUSE for one in values)


def reason_text(reason_header: str | None) -> str:
    """The words of a Reason header, empty where there are none (RFC 3326)."""
    return next((one.text for one in parse_reason(reason_header) if one.text), "")
