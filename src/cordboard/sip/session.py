"""What both kinds of session do once there is a dialog: BYE, new offers both ways, INFO."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cordboard.sip.events import (
    EndedBy,
    InfoReceived,
    OfferAnswered,
    OfferReceived,
    SessionEnded,
)
from cordboard.sip.goodbye import Goodbye
from cordboard.sip.lines import content_type_line
from cordboard.sip.media_type import SDP, media_type_of, sdp_of
from cordboard.sip.methods import ALLOW_LINE, refusal_of_method
from cordboard.sip.pending_answer import PendingAnswer
from cordboard.sip.reinvite import Reinvite
from cordboard.sip.responses import build_response

if TYPE_CHECKING:
    from cordboard.sip.authentication import Authentication
    from cordboard.sip.client_transaction import ClientTransaction
    from cordboard.sip.core import Core
    from cordboard.sip.dialog import Dialog
    from cordboard.sip.flow import Flow
    from cordboard.sip.message import Request, Response
    from cordboard.sip.server_transaction import ServerTransaction

# 14.2: whoever offers while an earlier offer of his is unanswered is told to come back soon.
RETRY_AFTER_LINE = "Retry-After: 2\r\n"


class Session:
    """One INVITE session by its Call-ID. ``over`` once its last event was told; it may then still
    wait for the answer to its BYE. ``up`` while the dialog is confirmed."""

    __slots__ = (
        "_goodbye",
        "_next_offer",
        "_offered",
        "_offers_in_answer",
        "_pending_answer",
        "_reinvite",
        "authentication",
        "call_id",
        "core",
        "dialog",
        "over",
        "up",
    )

    allow_line = ALLOW_LINE
    is_owner = False
    """Whether the Call-ID is ours (14.1)."""

    def __init__(self, core: Core, call_id: str, authentication: Authentication) -> None:
        self.core = core
        self.call_id = call_id
        self.authentication = authentication
        self.dialog: Dialog | None = None
        self.up = False
        self.over = False
        self._reinvite: Reinvite | None = None
        self._next_offer: bytes | None = None
        self._offered: ServerTransaction | None = None
        self._offers_in_answer = False
        self._pending_answer: PendingAnswer | None = None
        self._goodbye: Goodbye | None = None

    def need_dialog(self) -> Dialog:
        """The dialog, where there must be one."""
        assert self.dialog is not None
        return self.dialog

    def owns(self, local_tag: str | None, remote_tag: str | None) -> bool:
        """Whether a request with these To and From tags belongs to the dialog (12.2.2)."""
        dialog = self.dialog
        return (
            dialog is not None
            and dialog.local_tag == local_tag
            and dialog.remote_tag == (remote_tag or "")
        )

    # Ending

    def hang_up(self, now: float, reason: str | None = None) -> None:
        """End the session from our side, in whatever state it is."""
        self.leave(now, EndedBy.LOCAL, reason)

    def leave(self, now: float, by: EndedBy, reason: str | None = None) -> None:
        """Tell the end of an established session, once, and send the BYE."""
        if self.over:
            return
        self.end(now, by)
        self.send_bye(now, reason)

    def send_bye(self, now: float, reason: str | None = None) -> None:
        """Send the BYE; the session is kept until it is answered."""
        dialog = self.need_dialog()
        done = self._goodbye_done
        self._goodbye = Goodbye(self.core, dialog, self.authentication, reason, done, now)

    def _goodbye_done(self) -> None:
        self._goodbye = None
        self.core.forget_session(self)

    def end(
        self, now: float, by: EndedBy, *, cancelled: bool = False, reason_header: str | None = None
    ) -> None:
        """Tell the end and stop everything that is under way."""
        self.over = True
        self.up = False
        self.core.events.append(SessionEnded(self.call_id, by, cancelled, reason_header))
        self.stop_offers(now)

    def stop_offers(self, now: float) -> None:
        """Refuse the peer's offer (15.1.2: 487), forget ours, stop repeating our answer."""
        self._next_offer = None
        if self._reinvite is not None:
            self._reinvite.stop(now)
            self._reinvite = None
        if self._offered is not None:
            self._respond(self._offered, 487, now)
            self._offered = None
        if self._pending_answer is not None:
            self._pending_answer.stop()
            self._pending_answer = None

    def flow_lost(self, flow: Flow, now: float) -> None:
        """A connection is gone, or a message could not be sent; what waits for an answer over it
        has failed, and nothing else: the peer may come back over another."""
        if self._reinvite is not None:
            self._reinvite.flow_lost(flow, now)
        elif self._goodbye is not None:
            self._goodbye.flow_lost(flow, now)

    # Requests of the peer

    def on_request(
        self, transaction: ServerTransaction, request: Request, flow: Flow, now: float
    ) -> None:
        """A request within the dialog, other than ACK."""
        dialog = self.need_dialog()
        number, method = request.cseq
        if dialog.remote_number is not None and number < dialog.remote_number:
            self._respond(transaction, 500, now)  # 12.2.2: out of order
            return
        dialog.remote_number = number
        if method == "BYE":
            self.on_bye(transaction, request, now)
        elif self.over:
            self._respond(transaction, 481, now)
        elif method == "INVITE":
            self._on_reinvite(transaction, request, flow, now)
        elif method == "INFO":
            self._respond(transaction, 200, now)
            content_type = media_type_of(request)
            self.core.events.append(InfoReceived(self.call_id, content_type, request.body))
        elif method == "OPTIONS":
            self._respond(transaction, 200, now, ALLOW_LINE)
        else:
            status, lines = refusal_of_method(method)
            self._respond(transaction, status, now, lines)

    def on_bye(self, transaction: ServerTransaction, request: Request, now: float) -> None:
        """Answer 200, also where our own BYE is on its way."""
        self._respond(transaction, 200, now)
        if not self.over:
            self.end(now, EndedBy.REMOTE, reason_header=request.first("reason"))
            self.core.forget_session(self)

    def _on_reinvite(
        self, transaction: ServerTransaction, request: Request, flow: Flow, now: float
    ) -> None:
        if not self.up or self._offered is not None or self._pending_answer is not None:
            self._respond(transaction, 500, now, RETRY_AFTER_LINE)
        elif self._reinvite is not None and self._reinvite.open:
            self._respond(transaction, 491, now)
        else:
            self.need_dialog().refresh(request, flow)
            self._offered = transaction
            transaction.user = self
            self._respond(transaction, 100, now)
            self.core.events.append(OfferReceived(self.call_id, sdp_of(request)))

    def on_cancel(self, transaction: ServerTransaction, request: Request, now: float) -> None:
        """The peer takes his offer back; what the user answers to it later is without effect."""
        if transaction is self._offered:
            self.reject_offer(487, now)

    def on_flow_lost(self, transaction: ServerTransaction, now: float) -> None:
        """The answer to an offer can't be sent; the session goes on as it was."""
        if transaction is self._offered:
            self._offered = None

    def on_ack(self, request: Request, now: float) -> None:
        """The ACK of a 2xx of ours."""
        pending = self._pending_answer
        if pending is None or request.cseq[0] != pending.number:
            return
        pending.stop()
        self._pending_answer = None
        self.on_answer_acknowledged(request, now)
        self._send_next_offer(now)

    def on_answer_acknowledged(self, request: Request, now: float) -> None:
        """What an ACK means beyond the end of the repeats: here, the answer to an offer in 2xx,
        which some peers forget."""
        if self._offers_in_answer and not self.over:
            self.core.events.append(OfferAnswered(self.call_id, sdp_of(request)))

    @property
    def renegotiating_for_peer(self) -> bool:
        """Whether an offer of the peer is not yet through."""
        return self._offered is not None or self._pending_answer is not None

    # Offers

    def offer(self, sdp: bytes, now: float) -> None:
        """Send a new offer, after the one that is under way; of several that wait the last.

        One that collided with the peer's and waits for its next try is out of date by then.
        """
        if self.over or not self.up:
            return
        if self._reinvite is not None and not self._reinvite.open:
            self._reinvite.replace(sdp)
        elif self._reinvite is not None or self.renegotiating_for_peer:
            self._next_offer = sdp
        else:
            self._reinvite = Reinvite(self, sdp, now)

    def reinvite_done(self, now: float) -> None:
        """Our offer was answered or refused."""
        self._reinvite = None
        self._send_next_offer(now)

    def _send_next_offer(self, now: float) -> None:
        sdp = self._next_offer
        if sdp is not None and self._reinvite is None and not self.renegotiating_for_peer:
            self._next_offer = None
            self.offer(sdp, now)

    def answer_offer(self, sdp: bytes, now: float) -> None:
        """Accept the peer's offer; nothing happens where there is none to answer."""
        if self._offered is not None:
            transaction, self._offered = self._offered, None
            self.send_answer(transaction, sdp, now)

    def reject_offer(self, status: int, now: float) -> None:
        """Refuse the peer's offer; the session stays as it was."""
        if self._offered is not None:
            transaction, self._offered = self._offered, None
            self._respond(transaction, status, now)
            self._send_next_offer(now)

    def send_answer(self, transaction: ServerTransaction, sdp: bytes, now: float) -> None:
        """Send a 2xx to INVITE and repeat it until its ACK."""
        request = transaction.request
        if request is None:
            return
        number = request.cseq[0]
        self._offers_in_answer = sdp_of(request) is None
        lines = self.answer_lines(request) + content_type_line(SDP, sdp)
        data = build_response(request, 200, transaction.to_tag, lines=lines, body=sdp)
        transaction.respond(200, data, now)
        self._pending_answer = PendingAnswer(
            self.core.layer, self.call_id, number, transaction.flow, data, self.on_no_ack, now
        )

    def answer_lines(self, request: Request) -> str:
        """The further lines of a 2xx to INVITE (13.3.1.4)."""
        return self.need_dialog().contact + self.core.agent_line + ALLOW_LINE

    def on_no_ack(self, now: float) -> None:
        """No ACK came within 64*T1: the dialog is of no use (13.3.1.4)."""
        self._pending_answer = None
        self.leave(now, EndedBy.TIMEOUT)

    # INFO

    def info(self, content_type: str, body: bytes, now: float) -> None:
        """Send an INFO; what becomes of it matters only where it shows the dialog to be gone."""
        if self.over or not self.up:
            return
        dialog = self.need_dialog()
        branch = self.core.token()
        lines = content_type_line(content_type, body)
        data = dialog.request("INFO", dialog.next_number(), branch, lines, body)
        self.core.layer.request("INFO", branch, dialog.flow, self.call_id, data, _Probe(self), now)

    def _respond(
        self, transaction: ServerTransaction, status: int, now: float, lines: str = ""
    ) -> None:
        if transaction.request is not None:
            data = build_response(transaction.request, status, transaction.to_tag, lines=lines)
            transaction.respond(status, data, now)


class _Probe:
    """The user of an in-dialog request whose answer says at most that the dialog is gone."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    def on_response(self, transaction: ClientTransaction, response: Response, now: float) -> None:
        if response.status in (408, 481):  # 12.2.1.2
            self._session.leave(now, EndedBy.TIMEOUT)

    def on_no_response(self, transaction: ClientTransaction, status: int, now: float) -> None:
        self._session.leave(now, EndedBy.TIMEOUT if status == 408 else EndedBy.TRANSPORT)
