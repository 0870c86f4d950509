"""Why a leg or a call ended: one enumeration, and every table that maps from or to it.

SIP to cause follows RFC 3398 7.2.4.1 and RFC 6432 in spirit, with one difference: what matters here
is what a person would say happened ("busy", "nobody answered"), not what an ISDN switch would do.
"""

from __future__ import annotations

from enum import Enum


class Cause(Enum):
    """A leg's or a call's cause, as it stands in events, results and the CDR."""

    NORMAL = "normal"
    ANSWERED_ELSEWHERE = "answered_elsewhere"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    REJECTED = "rejected"
    UNREACHABLE = "unreachable"
    NOT_FOUND = "not_found"
    CONGESTION = "congestion"
    INCOMPATIBLE = "incompatible"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"
    MEDIA_TIMEOUT = "media_timeout"
    DURATION_LIMIT = "duration_limit"
    FAILED = "failed"


# ITU-T Q.850 cause values
Q850: dict[Cause, int] = {
    Cause.NORMAL: 16,
    Cause.ANSWERED_ELSEWHERE: 26,
    Cause.NO_ANSWER: 19,
    Cause.BUSY: 17,
    Cause.REJECTED: 21,
    Cause.UNREACHABLE: 20,
    Cause.NOT_FOUND: 1,
    Cause.CONGESTION: 34,
    Cause.INCOMPATIBLE: 88,
    Cause.CANCELLED: 16,
    Cause.INTERRUPTED: 41,
    Cause.MEDIA_TIMEOUT: 27,
    Cause.DURATION_LIMIT: 16,
    Cause.FAILED: 127,
}

_BY_STATUS: dict[int, Cause] = {
    401: Cause.REJECTED,
    403: Cause.REJECTED,
    404: Cause.NOT_FOUND,
    407: Cause.REJECTED,
    408: Cause.NO_ANSWER,
    410: Cause.NOT_FOUND,
    415: Cause.INCOMPATIBLE,
    416: Cause.NOT_FOUND,
    433: Cause.REJECTED,
    480: Cause.UNREACHABLE,
    484: Cause.NOT_FOUND,
    486: Cause.BUSY,
    487: Cause.CANCELLED,
    488: Cause.INCOMPATIBLE,
    502: Cause.CONGESTION,
    503: Cause.CONGESTION,
    504: Cause.CONGESTION,
    600: Cause.BUSY,
    603: Cause.REJECTED,
    604: Cause.NOT_FOUND,
    606: Cause.INCOMPATIBLE,
    607: Cause.REJECTED,
    608: Cause.REJECTED,
}


def cause_of_status(status: int, *, local: bool = False) -> Cause:
    """The cause of a failed dial by its final SIP status.

    ``local`` says the status was made here: a 408 then means that the peer never said a word, a 503
    that it could not be reached at all.
    """
    if local and status in (408, 503):
        return Cause.UNREACHABLE
    if 300 <= status < 400:  # a redirect that was not followed
        return Cause.UNREACHABLE
    return _BY_STATUS.get(status, Cause.FAILED)


# A hunt that ends without answer takes the cause of the channel that comes first here.
_WEIGHT = {
    Cause.BUSY: 0,
    Cause.REJECTED: 1,
    Cause.NO_ANSWER: 2,
    Cause.CONGESTION: 3,
    Cause.NOT_FOUND: 4,
    Cause.INCOMPATIBLE: 5,
    Cause.UNREACHABLE: 6,
    Cause.FAILED: 7,
}


def weight(cause: Cause) -> int:
    """How much a channel's cause tells about its leg; the lowest decides (RFC 3261 16.7.6)."""
    return _WEIGHT.get(cause, len(_WEIGHT))


# What the first leg hears when the second can't be had (ITU-T E.182); missing: congestion.
FAILURE_TONE: dict[Cause, str] = {
    Cause.BUSY: "busy",
    Cause.REJECTED: "busy",
    Cause.NO_ANSWER: "busy",
    Cause.NOT_FOUND: "unobtainable",
    Cause.UNREACHABLE: "unobtainable",
    Cause.INCOMPATIBLE: "unobtainable",
}


def failure_tone(cause: Cause) -> str:
    """The kind of tone that says why the second leg failed."""
    return FAILURE_TONE.get(cause, "congestion")
