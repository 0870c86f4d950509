"""How a channel has ended, in the vendor's words: who ended it by what, and why.

The pairs that the README of basix_ws_cti.js lists are marked; what it does not list has the name
that FreeSWITCH gives to the cause, for so have those.
"""

from __future__ import annotations

from typing import Final

from cordboard.calls.causes import Cause

# A dialled channel refused by its phone or trunk, or an offered one by us.
_REFUSED: Final = {
    Cause.BUSY: "USER_BUSY",  # listed for recv_refuse
    Cause.UNREACHABLE: "NO_USER_RESPONSE",  # listed for recv_refuse
    Cause.NO_ANSWER: "NO_ANSWER",  # listed for send_refuse
    Cause.REJECTED: "CALL_REJECTED",
    Cause.NOT_FOUND: "UNALLOCATED_NUMBER",
    Cause.CONGESTION: "NORMAL_TEMPORARY_FAILURE",
    Cause.INCOMPATIBLE: "INCOMPATIBLE_DESTINATION",
    Cause.INTERRUPTED: "NORMAL_TEMPORARY_FAILURE",
    Cause.MEDIA_TIMEOUT: "MEDIA_TIMEOUT",
    Cause.DURATION_LIMIT: "ALLOTTED_TIMEOUT",
    Cause.NO_CREDIT: "ALLOTTED_TIMEOUT",
    Cause.ANSWERED_ELSEWHERE: "LOSE_RACE",
    Cause.CANCELLED: "ORIGINATOR_CANCEL",
    Cause.NORMAL: "NORMAL_CLEARING",
    Cause.TRANSFERRED: "PICKED_OFF",
    Cause.FAILED: "NORMAL_UNSPECIFIED",
}

# A dialled channel that we cancel while it rings.
_CANCELLED: Final = _REFUSED | {
    Cause.ANSWERED_ELSEWHERE: "LOSE_RACE",  # listed
    Cause.NO_ANSWER: "NO_ANSWER",  # listed
    Cause.CANCELLED: "ORIGINATOR_CANCEL",  # listed
    Cause.NORMAL: "ORIGINATOR_CANCEL",
    Cause.TRANSFERRED: "PICKED_OFF",  # listed
}

# An answered channel that we hang up; what is missing was an ordinary end.
_HUNG_UP: Final = {
    Cause.DURATION_LIMIT: "ALLOTTED_TIMEOUT",  # listed
    Cause.NO_CREDIT: "ALLOTTED_TIMEOUT",
    Cause.MEDIA_TIMEOUT: "MEDIA_TIMEOUT",
    Cause.INTERRUPTED: "NORMAL_TEMPORARY_FAILURE",
}


def hangup(cause: Cause, *, inbound: bool, answered: bool, remote: bool) -> bytes:
    """``last_event_data`` of the end of a channel: ``inbound`` is one that was offered to us, and
    ``remote`` says that its far end has ended it, and has not only confirmed that we did."""
    if answered:
        name = "NORMAL_CLEARING" if remote else _HUNG_UP.get(cause, "NORMAL_CLEARING")
        return _told("recv_bye" if remote else "send_bye", name)
    if inbound:
        return (
            _told("recv_cancel", "ORIGINATOR_CANCEL")
            if remote
            else _told("send_refuse", _REFUSED[cause])
        )
    if remote or cause is Cause.UNREACHABLE:  # or nothing came in time: a 408 made here
        return _told("recv_refuse", _REFUSED[cause])
    return _told("send_cancel", _CANCELLED[cause])


def _told(side: str, name: str) -> bytes:
    return f"{side},{name}".encode("ascii")
