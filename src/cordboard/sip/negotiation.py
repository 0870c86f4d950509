"""Offers and answers of a session once it has a dialog: by re-INVITE and UPDATE of the peer, by
re-INVITE of ours (RFC 3261 14, RFC 3311 5, RFC 3264).

Theory of operation. At any time at most one offer is open in a dialog, his or ours. Who offers
while an offer of the other is on its way is told 491 and tries again later; who offers while his
own is unanswered is told 500 with a Retry-After. An offer of ours that our user makes meanwhile
waits; of several that wait the last one counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cordboard.sip.events import OfferAnswered, OfferReceived
from cordboard.sip.glare import retry_after_line
from cordboard.sip.lines import content_type_line
from cordboard.sip.media_type import SDP, sdp_of
from cordboard.sip.pending_answer import PendingAnswer
from cordboard.sip.reinvite import Reinvite
from cordboard.sip.responses import build_response

if TYPE_CHECKING:
    from cordboard.sip.flow import Flow
    from cordboard.sip.message import Request
    from cordboard.sip.server_transaction import ServerTransaction
    from cordboard.sip.session import Session


class Negotiation:
    """The offers of one session."""

    __slots__ = (
        "_next",
        "_of",
        "_offered",
        "_offers_in_answer",
        "_pending",
        "_reinvite",
    )

    def __init__(self, session: Session) -> None:
        self._of: Session | None = session
        self._reinvite: Reinvite | None = None
        self._next: bytes | None = None
        self._offered: tuple[ServerTransaction, Request] | None = None
        self._pending: PendingAnswer | None = None
        self._offers_in_answer = False

    @property
    def _session(self) -> Session:
        assert self._of is not None  # nothing is asked of a session that was let go
        return self._of

    def let_go(self) -> None:
        """Forget the session; nothing of it is under way any more."""
        self._of = None

    @property
    def answering(self) -> bool:
        """Whether an offer of the peer is not yet through."""
        return self._offered is not None or self._pending is not None

    @property
    def busy(self) -> bool:
        """Whether any offer is under way."""
        return self._reinvite is not None or self.answering

    @property
    def unacknowledged(self) -> bool:
        """Whether a 2xx of ours still waits for its ACK."""
        return self._pending is not None

    # Offers of ours

    def offer(self, sdp: bytes, now: float) -> None:
        """Send a new offer, after the one that is under way.

        One that collided with the peer's and waits for its next try is out of date by then.
        """
        if self._reinvite is not None and not self._reinvite.open:
            self._reinvite.replace(sdp)
        elif self.busy:
            self._next = sdp
        else:
            self._reinvite = Reinvite(self._session, sdp, now)

    def repeat(self, now: float) -> None:
        """Offer once more what is in force, to refresh the session."""
        session = self._session
        if session.ours is not None and not self.busy:
            self._reinvite = Reinvite(session, session.ours, now, refresh=True)

    def done(self, now: float) -> None:
        """Our offer was answered or refused."""
        self._reinvite = None
        self._go_on(now)

    def _go_on(self, now: float) -> None:
        sdp = self._next
        if sdp is not None and not self.busy and not self._session.over:
            self._next = None
            self.offer(sdp, now)

    # Offers of the peer

    def on_reinvite(
        self, transaction: ServerTransaction, request: Request, flow: Flow, now: float
    ) -> None:
        """A re-INVITE; without a description it asks for an offer of ours."""
        session = self._session
        if not session.up or self.answering:
            session.respond(transaction, 500, now, retry_after_line(session.core))
        elif self._reinvite is not None and self._reinvite.open:
            session.respond(transaction, 491, now)
        else:
            session.need_dialog().refresh(request, flow)
            transaction.user = session
            session.respond(transaction, 100, now)
            self._take_offer(transaction, request)

    def on_update(self, transaction: ServerTransaction, request: Request, now: float) -> None:
        """An offer in an UPDATE (RFC 3311 5.2), also of an early dialog."""
        if self.answering:
            core = self._session.core
            self._session.respond(transaction, 500, now, retry_after_line(core))
        elif self._reinvite is not None and self._reinvite.open:
            self._session.respond(transaction, 491, now)
        else:
            self._take_offer(transaction, request)

    def _take_offer(self, transaction: ServerTransaction, request: Request) -> None:
        self._offered = transaction, request
        session = self._session
        flow = session.need_dialog().origin
        session.core.events.append(OfferReceived(session.call_id, sdp_of(request), flow))

    def answer(self, sdp: bytes, now: float) -> None:
        """Accept the peer's offer; nothing happens where there is none to answer."""
        if self._offered is None:
            return
        (transaction, request), self._offered = self._offered, None
        session = self._session
        session.ours, session.theirs = sdp, sdp_of(request) or session.theirs
        if request.method == "INVITE":
            self.send_answer(transaction, sdp, now)
            return
        lines = session.answer_lines(request, now) + content_type_line(SDP, sdp)
        data = build_response(request, 200, transaction.to_tag, lines=lines, body=sdp)
        transaction.respond(200, data, now)
        self._go_on(now)

    def reject(self, status: int, now: float) -> None:
        """Refuse the peer's offer; the session stays as it was."""
        if self._offered is not None:
            (transaction, _), self._offered = self._offered, None
            self._session.respond(transaction, status, now)
            self._go_on(now)

    def send_answer(self, transaction: ServerTransaction, sdp: bytes, now: float) -> None:
        """Send a 2xx to INVITE and repeat it until its ACK."""
        request, session = transaction.request, self._session
        if request is None:
            return
        session.ours = sdp or session.ours
        self._offers_in_answer = sdp_of(request) is None
        lines = session.answer_lines(request, now) + content_type_line(SDP, sdp)
        data = build_response(request, 200, transaction.to_tag, lines=lines, body=sdp)
        transaction.respond(200, data, now)
        self._pending = PendingAnswer(
            session.core.layer,
            session.call_id,
            request.cseq[0],
            transaction.flow,
            data,
            self._on_no_ack,
            now,
        )

    def on_ack(self, request: Request, now: float) -> bool:
        """The ACK of a 2xx of ours; whether it was waited for."""
        pending = self._pending
        if pending is None or request.cseq[0] != pending.number:
            return False
        pending.stop()
        self._pending = None
        answer = sdp_of(request)
        if answer is not None:
            self._session.theirs = answer
        return True

    def tell_answer(self, request: Request, now: float) -> None:
        """The ACK of our 2xx to a re-INVITE, with the answer where that held our offer, which some
        peers forget."""
        if self._offers_in_answer and not self._session.over:
            answer = OfferAnswered(self._session.call_id, sdp_of(request))
            self._session.core.events.append(answer)
        self._go_on(now)

    def _on_no_ack(self, now: float) -> None:
        self._pending = None
        self._session.on_no_ack(now)

    def on_cancel(self, transaction: ServerTransaction, now: float) -> None:
        """The peer takes his offer back; what the user answers to it later is without effect."""
        if self._offered is not None and transaction is self._offered[0]:
            self.reject(487, now)

    def on_flow_lost(self, transaction: ServerTransaction) -> None:
        """The answer to an offer can't be sent; the session goes on as it was."""
        if self._offered is not None and transaction is self._offered[0]:
            self._offered = None

    # The end

    def stop(self, now: float, *, keep_answer: bool = False) -> None:
        """Refuse the peer's offer (15.1.2: 487), forget ours, stop repeating our answer unless it
        is to be kept, for a BYE must wait for its ACK."""
        self._next = None
        if self._reinvite is not None:
            self._reinvite.stop(now)
            self._reinvite = None
        if self._offered is not None:
            self._session.respond(self._offered[0], 487, now)
            self._offered = None
        if self._pending is not None and not keep_answer:
            self._pending.stop()
            self._pending = None
