"""Why a leg or a call ended: one enumeration, and every table that maps from or to it.

SIP to cause follows RFC 3398 7.2.4.1 and RFC 6432 in spirit, with one difference: what matters here
is what a person would say happened ("busy", "nobody answered"), not what an ISDN switch would do.
Where the status says little (a gateway's 503 for whatever the telephone network said), the Q.850
value of its Reason header decides.
"""

from __future__ import annotations

from cordboard.values import Word


class Cause(Word):
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
    NO_CREDIT = "no_credit"
    TRANSFERRED = "transferred"
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
    Cause.NO_CREDIT: 16,
    Cause.TRANSFERRED: 16,
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

# RFC 3398 7.2.4.1 turned round. Missing: values that say no more than a vague status does, such as
# 31 (normal, unspecified), 41, 111 and 127; and 26, for that another phone took the call is for us
# to know, and would be told on to the other party.
_BY_Q850: dict[int, Cause] = {
    1: Cause.NOT_FOUND,
    2: Cause.NOT_FOUND,
    3: Cause.NOT_FOUND,
    17: Cause.BUSY,
    18: Cause.NO_ANSWER,
    19: Cause.NO_ANSWER,
    20: Cause.UNREACHABLE,
    21: Cause.REJECTED,
    22: Cause.NOT_FOUND,
    27: Cause.UNREACHABLE,
    28: Cause.NOT_FOUND,
    34: Cause.CONGESTION,
    38: Cause.CONGESTION,
    42: Cause.CONGESTION,
    44: Cause.CONGESTION,
    46: Cause.CONGESTION,
    47: Cause.CONGESTION,
    49: Cause.CONGESTION,
    50: Cause.REJECTED,
    53: Cause.REJECTED,
    55: Cause.REJECTED,
    57: Cause.REJECTED,
    58: Cause.CONGESTION,
    65: Cause.INCOMPATIBLE,
    70: Cause.INCOMPATIBLE,
    79: Cause.INCOMPATIBLE,
    87: Cause.REJECTED,
    88: Cause.INCOMPATIBLE,
    102: Cause.CONGESTION,
}

# Statuses that gateways and proxies give for many reasons. The others mean what they say, whatever
# a Reason header adds: 603 with 16 is still somebody who declined.
_VAGUE = frozenset({400, 403, 408, 480, 487}) | frozenset(range(500, 600))


def cause_of_status(
    status: int, *, local: bool = False, q850: int | None = None, sip_cause: int | None = None
) -> Cause:
    """The cause of a failed dial by its final SIP status.

    ``local`` says the status was made here: a 408 then means that the peer never said a word, a 503
    that it could not be reached at all. ``q850`` and ``sip_cause`` are what the peer's Reason
    header said; they count where the status is vague.
    """
    if local and status in (408, 503):
        return Cause.UNREACHABLE
    if 300 <= status < 400:  # a redirect that was not followed
        return Cause.UNREACHABLE
    if status in _VAGUE or status not in _BY_STATUS:
        if q850 in _BY_Q850:
            return _BY_Q850[q850]
        if sip_cause in _BY_STATUS and sip_cause not in _VAGUE:
            return _BY_STATUS[sip_cause]
    return _BY_STATUS.get(status, Cause.FAILED)


# Where several causes share a value, the first of the enumeration is what a peer means by it.
_ENDINGS = _BY_Q850 | {
    value: cause for cause, value in reversed(Q850.items()) if cause is not Cause.ANSWERED_ELSEWHERE
}


def cause_of_ending(q850: int | None) -> Cause:
    """Why a peer hung up, by the Q.850 value of its BYE; a normal end where it says nothing that
    we know."""
    return Cause.NORMAL if q850 is None else _ENDINGS.get(q850, Cause.NORMAL)


# How a caller is refused (RFC 3398 8.2.6.1, with 603 for who declined): a status that says what
# became of the other party. Missing: the server's own fault.
_REFUSALS: dict[Cause, tuple[int, str]] = {
    Cause.BUSY: (486, "Busy Here"),
    Cause.REJECTED: (603, "Decline"),
    Cause.NO_ANSWER: (480, "No Answer"),
    Cause.UNREACHABLE: (480, "Temporarily Unavailable"),
    Cause.NOT_FOUND: (404, "Not Found"),
    Cause.CONGESTION: (503, "Service Unavailable"),
    Cause.INCOMPATIBLE: (488, "Not Acceptable Here"),
    Cause.INTERRUPTED: (503, "Going Down"),
    Cause.CANCELLED: (480, "Call Ended"),
    Cause.DURATION_LIMIT: (480, "Rang Too Long"),
    Cause.NO_CREDIT: (402, "No Credit"),
    Cause.NORMAL: (480, "Call Ended"),
    Cause.TRANSFERRED: (480, "Transferred"),
}


def refusal_of(cause: Cause) -> tuple[int, str]:
    """Status and phrase with which a caller is refused whose call ended for a cause."""
    return _REFUSALS.get(cause, (500, "Server Internal Error"))


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
