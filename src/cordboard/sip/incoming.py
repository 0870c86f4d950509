"""The life of an incoming INVITE, as a table (RFC 3261 13.3, 9.2, 15).

Theory of operation. The table below is the session until its dialog is confirmed by the ACK of our
2xx; from then on it is :mod:`~cordboard.sip.session` alone. An input that a state has no entry for
is ignored. Between our 2xx and its ACK no BYE may be sent (15), so a hang-up waits for the ACK or
for its timeout; the user is told the end at once.
"""

from __future__ import annotations

from enum import StrEnum


class Stage(StrEnum):
    """How far the INVITE is."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    LEAVING = "leaving"
    CONFIRMED = "confirmed"
    OVER = "over"


class Input(StrEnum):
    """What may happen to it."""

    RING = "ring"
    ACCEPT = "accept"
    REJECT = "reject"
    HANG_UP = "hang up"
    CANCEL = "CANCEL"
    ACK = "ACK"
    NO_ACK = "no ACK"
    BYE = "BYE"
    FLOW_LOST = "transport error"


Table = dict[Stage, dict[Input, tuple[Stage, str]]]

INCOMING: Table = {
    Stage.OFFERED: {
        Input.RING: (Stage.OFFERED, "send_ringing"),
        Input.ACCEPT: (Stage.ACCEPTED, "send_acceptance"),
        Input.REJECT: (Stage.OVER, "send_rejection"),
        Input.HANG_UP: (Stage.OVER, "send_rejection"),
        Input.CANCEL: (Stage.OVER, "end_cancelled"),
        Input.BYE: (Stage.OVER, "end_cancelled"),
        Input.FLOW_LOST: (Stage.OVER, "end_unreachable"),
    },
    Stage.ACCEPTED: {
        Input.ACK: (Stage.CONFIRMED, "tell_confirmed"),
        Input.NO_ACK: (Stage.OVER, "leave_unconfirmed"),
        Input.HANG_UP: (Stage.LEAVING, "end_before_ack"),
        Input.BYE: (Stage.OVER, "end_remote"),
    },
    Stage.LEAVING: {
        Input.ACK: (Stage.OVER, "say_goodbye"),
        Input.NO_ACK: (Stage.OVER, "say_goodbye"),
        Input.BYE: (Stage.OVER, "part"),
    },
    Stage.CONFIRMED: {
        Input.HANG_UP: (Stage.OVER, "leave_confirmed"),
        Input.BYE: (Stage.OVER, "end_remote"),
    },
    Stage.OVER: {},
}
