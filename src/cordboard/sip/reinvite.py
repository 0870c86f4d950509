"""A new offer of ours within a call (re-INVITE, RFC 3261 14.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cordboard.sip.authentication import MAX_ROUNDS
from cordboard.sip.events import EndedBy, OfferAnswered, OfferRejected
from cordboard.sip.glare import MAX_COLLISIONS, has_collided, pause_after
from cordboard.sip.lines import content_type_line
from cordboard.sip.media_type import SDP, sdp_of
from cordboard.sip.methods import SUPPORTED_LINE

if TYPE_CHECKING:
    from cordboard.sip.client_transaction import ClientTransaction
    from cordboard.sip.message import Response
    from cordboard.sip.session import Session
    from cordboard.sip.wheel import Timer


class Reinvite:
    """One offer until it is answered or refused; while it lasts the session has no other."""

    __slots__ = ("_ack", "_collisions", "_credentials", "_offer", "_patience", "_refresh", "_retry",
                 "_rounds", "_sent_at", "_session", "_transaction")  # fmt: skip

    def __init__(
        self, session: Session, offer: bytes, now: float, *, refresh: bool = False
    ) -> None:
        """``refresh``: the offer is what is in force already, and our user is only told of it where
        the answer changes something."""
        self._session = session
        self._offer = offer
        self._refresh = refresh
        self._rounds = 0
        self._collisions = 0
        self._ack = b""
        self._credentials = ""
        self._sent_at = now
        self._retry: Timer | None = None
        self._patience: Timer | None = None
        self._transaction: ClientTransaction | None = None
        self._send(now)

    @property
    def open(self) -> bool:
        """Whether our INVITE is with the peer, rather than waiting for its next try."""
        return self._retry is None

    def replace(self, offer: bytes) -> None:
        """Offer something else at the next try."""
        self._offer = offer
        self._refresh = False

    def stop(self, now: float) -> None:
        """The session is over: what comes now concerns nobody."""
        self._session.core.wheel.cancel(self._retry)
        self._be_patient_no_more()
        if self._transaction is not None:
            self._transaction.give_up(now)

    def _send(self, now: float) -> None:
        session = self._session
        core, dialog = session.core, session.need_dialog()
        number = dialog.next_number()
        branch = core.token()
        credentials = session.authentication.lines("INVITE", dialog.request_uri, core.token)
        self._credentials = credentials
        self._sent_at = now
        lines = dialog.contact + session.allow_line + SUPPORTED_LINE
        lines += session.timer.request_lines() + credentials
        lines += content_type_line(SDP, self._offer)
        data = dialog.request("INVITE", number, branch, lines, self._offer)
        self._transaction = core.layer.request(
            "INVITE", branch, dialog.flow, session.call_id, data, self, now,
            dialog.invite_lines(number, branch, credentials),
        )  # fmt: skip

    def on_response(self, transaction: ClientTransaction, response: Response, now: float) -> None:
        """Acknowledge a 2xx, answer a challenge, try again after a collision, or give up."""
        status = response.status
        if status < 200:
            self._be_patient(now)
            return
        self._be_patient_no_more()
        if status < 300:
            self._accepted(transaction, response, now)
        elif self._can_meet(response, status):
            self._rounds += 1
            self._send(now)
        elif has_collided(response) and self._collisions < MAX_COLLISIONS:
            self._collisions += 1
            session = self._session
            pause = pause_after(response, session.core, is_owner=session.is_owner)
            self._retry = session.core.wheel.schedule(now + pause, self._try_again)
        elif status in (408, 481):  # 12.2.1.2: the dialog is gone
            self._session.leave(now, EndedBy.TIMEOUT)
        else:
            if not self._refresh:
                self._session.core.events.append(OfferRejected(self._session.call_id, status))
            self._session.timer.refused(now)
            self._session.negotiation.done(now)

    def _be_patient(self, now: float) -> None:
        """The peer has the offer, and there is no timer for its answer (17.1.1.2): without one a
        peer that vanishes now would keep the session open for ever, for nothing else may be sent
        meanwhile."""
        if self._patience is None:
            core = self._session.core
            self._patience = core.wheel.schedule(now + core.timers.timeout, self._cancel)

    def _be_patient_no_more(self) -> None:
        self._session.core.wheel.cancel(self._patience)
        self._patience = None

    def _cancel(self, now: float) -> None:
        """Take the offer back; who is alive says 487, and who does not is gone (9.1)."""
        transaction = self._transaction
        if transaction is not None and transaction.invite is not None:
            session = self._session
            transaction.bound(now)
            session.core.layer.request(
                "CANCEL", transaction.key[0], transaction.flow, session.call_id,
                transaction.invite.cancel(None), None, now,
            )  # fmt: skip

    def _can_meet(self, response: Response, status: int) -> bool:
        """Whether another try may succeed: with credentials, or with a longer interval."""
        session = self._session
        if status in (401, 407):
            return session.authentication.accept(response, self._rounds)
        return (
            status == 422
            and self._rounds < MAX_ROUNDS
            and session.timer.is_asked_for_more(response)
        )

    def _try_again(self, now: float) -> None:
        self._retry = None
        if self._session.negotiation.answering:  # his offer is being answered; ours comes after it
            pause = self._session.core.timers.t1
            self._retry = self._session.core.wheel.schedule(now + pause, self._try_again)
        else:
            self._send(now)

    def _accepted(self, transaction: ClientTransaction, response: Response, now: float) -> None:
        session = self._session
        dialog = session.need_dialog()
        repeated = bool(self._ack)
        if not repeated:
            dialog.refresh(response, transaction.came_over)
            number = response.cseq[0]
            branch = session.core.token()
            self._ack = dialog.request("ACK", number, branch, self._credentials)
        session.core.layer.send(
            dialog.flow, self._ack, session.call_id, now, retransmission=repeated
        )
        if not repeated:
            self._tell(sdp_of(response))
            session.timer.take_answer(response, self._sent_at, now)
            session.negotiation.done(now)

    def _tell(self, answer: bytes | None) -> None:
        session = self._session
        changed = answer is not None and answer != session.theirs
        if answer is not None:
            session.ours, session.theirs = self._offer, answer
        if changed or not self._refresh:
            session.core.events.append(OfferAnswered(session.call_id, answer))

    def on_no_response(self, transaction: ClientTransaction, status: int, now: float) -> None:
        """Nobody is there any more (12.2.1.2)."""
        self._be_patient_no_more()
        self._session.leave(now, EndedBy.TIMEOUT if status == 408 else EndedBy.TRANSPORT)
