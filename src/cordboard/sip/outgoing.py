"""The life of an outgoing INVITE, as a table (RFC 3261 13.2, 9.1).

Theory of operation. Until the INVITE has its outcome the session is the table below; from then on
it is a dialog (:mod:`~cordboard.sip.session`) or over. An input that a state has no entry for is
ignored. All races of CANCEL are entries of the table:

- CANCEL may be sent only after a provisional response (9.1), so one wanted earlier waits for it;
- a 2xx that crosses the CANCEL is acknowledged and hung up, and the session failed with 487;
- an INVITE without any answer has failed at timer B; a 1xx that comes for it even then is answered
  by CANCEL and a 2xx by ACK and BYE, so that no phone rings for a call that is over;
- where nothing final follows the CANCEL within 64*T1 the session ends by itself, with 487;
- once cancelling was wanted, the status is 487 whatever becomes of the request, except where the
  peer itself refused it with another final status before it knew.

A 401 or 407 that we can answer, or a 422 that asks for an interval that we can grant, is a
``DEMAND`` and leads to another INVITE with the same Call-ID, From and To and the next CSeq number;
one that we can't meet is a ``REFUSAL``.
"""

from __future__ import annotations

from enum import StrEnum


class Stage(StrEnum):
    """How far the INVITE is."""

    CALLING = "calling"
    PROCEEDING = "proceeding"
    CANCEL_WANTED = "cancel wanted"
    CANCELLING = "cancelling"
    ANSWERED = "answered"
    FAILED = "failed"
    DISMISSED = "failed, and cancelled since"


class Input(StrEnum):
    """What may happen to it."""

    PROGRESS = "1xx"
    ANSWER = "2xx"
    REFUSAL = "3xx-6xx"
    DEMAND = "401/407/422 that can be met"
    SILENCE = "timeout or transport error"
    CANCEL = "cancel"


Table = dict[Stage, dict[Input, tuple[Stage, str]]]

OUTGOING: Table = {
    Stage.CALLING: {
        Input.PROGRESS: (Stage.PROCEEDING, "tell_progress"),
        Input.ANSWER: (Stage.ANSWERED, "establish"),
        Input.REFUSAL: (Stage.FAILED, "fail_as_told"),
        Input.DEMAND: (Stage.CALLING, "invite_again"),
        Input.SILENCE: (Stage.FAILED, "fail_in_silence"),
        Input.CANCEL: (Stage.CANCEL_WANTED, "wait_for_progress"),
    },
    Stage.PROCEEDING: {
        Input.PROGRESS: (Stage.PROCEEDING, "tell_progress"),
        Input.ANSWER: (Stage.ANSWERED, "establish"),
        Input.REFUSAL: (Stage.FAILED, "fail_as_told"),
        Input.DEMAND: (Stage.CALLING, "invite_again"),
        Input.SILENCE: (Stage.FAILED, "fail_in_silence"),
        Input.CANCEL: (Stage.CANCELLING, "send_cancel"),
    },
    Stage.CANCEL_WANTED: {
        Input.PROGRESS: (Stage.CANCELLING, "send_cancel"),
        Input.ANSWER: (Stage.FAILED, "hang_up_late_answer"),
        Input.REFUSAL: (Stage.FAILED, "fail_as_told"),
        Input.DEMAND: (Stage.FAILED, "fail_cancelled"),
        Input.SILENCE: (Stage.FAILED, "fail_cancelled"),
    },
    Stage.CANCELLING: {
        Input.ANSWER: (Stage.FAILED, "hang_up_late_answer"),
        Input.REFUSAL: (Stage.FAILED, "fail_as_told"),
        Input.DEMAND: (Stage.FAILED, "fail_cancelled"),
        Input.SILENCE: (Stage.FAILED, "fail_cancelled"),
    },
    Stage.ANSWERED: {
        Input.ANSWER: (Stage.ANSWERED, "acknowledge_further_answer"),
    },
    Stage.FAILED: {
        Input.PROGRESS: (Stage.DISMISSED, "send_cancel"),
        Input.ANSWER: (Stage.FAILED, "acknowledge_further_answer"),
    },
    Stage.DISMISSED: {
        Input.ANSWER: (Stage.DISMISSED, "acknowledge_further_answer"),
    },
}
