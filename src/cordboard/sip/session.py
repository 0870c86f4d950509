"""What both kinds of session do once there is a dialog: BYE, offers both ways, INFO."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cordboard.sip.dialog_request import DialogRequest, say_goodbye
from cordboard.sip.events import EndedBy, InfoReceived, SessionEnded
from cordboard.sip.lines import content_type_line
from cordboard.sip.media_type import media_type_of, sdp_of
from cordboard.sip.methods import ALLOW_LINE, SUPPORTED_LINE, refusal_of_method
from cordboard.sip.negotiation import Negotiation
from cordboard.sip.reason_header import reason_value_of
from cordboard.sip.referrals import Referrals
from cordboard.sip.responses import build_response
from cordboard.sip.session_timer import SessionTimer

if TYPE_CHECKING:
    from cordboard.sip.authentication import Authentication
    from cordboard.sip.core import Core
    from cordboard.sip.dialog import Dialog
    from cordboard.sip.dialog_request import Done
    from cordboard.sip.flow import Flow
    from cordboard.sip.message import Request, Response
    from cordboard.sip.server_transaction import ServerTransaction


class Session:
    """One INVITE session by its Call-ID. ``over`` once its last event was told; it may then still
    wait for the answer to its BYE. ``up`` while the dialog is confirmed. ``ours`` and ``theirs``
    are the descriptions in force."""

    __slots__ = (
        "_goodbye",
        "_negotiation",
        "authentication",
        "call_id",
        "core",
        "dialog",
        "ours",
        "over",
        "referrals",
        "theirs",
        "timer",
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
        self.ours: bytes | None = None
        self.theirs: bytes | None = None
        self._negotiation: Negotiation | None = None
        self.timer = SessionTimer(self)
        self._goodbye: DialogRequest | None = None
        self.referrals: Referrals | None = None  # once there was one

    @property
    def negotiation(self) -> Negotiation:
        """The offers after the first: most calls have none, so that it is made when it is asked."""
        if self._negotiation is None:
            self._negotiation = Negotiation(self)
        return self._negotiation

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
        self._goodbye = say_goodbye(self.core, dialog, self.authentication, reason, done, now)

    def _goodbye_done(self) -> None:
        self._goodbye = None
        self.core.forget_session(self)

    def end(
        self,
        now: float,
        by: EndedBy,
        *,
        cancelled: bool = False,
        reason_header: str | None = None,
        keep_answer: bool = False,
    ) -> None:
        """Tell the end and stop everything that is under way."""
        self.over = True
        self.up = False
        self.core.events.append(SessionEnded(self.call_id, by, cancelled, reason_header))
        self.timer.cancel()
        if self._negotiation is not None:
            self._negotiation.stop(now, keep_answer=keep_answer)
        if self.referrals is not None:
            self.referrals.stop(now)

    def let_go(self) -> None:
        """Nothing more will be asked of the session: leave its parts without a way back to it, for
        what is over is to be freed at once, not whenever the garbage collector comes by."""
        self.dialog = None
        self.timer.let_go()
        if self._negotiation is not None:
            self._negotiation.let_go()
        self.referrals = None

    # Requests of the peer

    def on_request(
        self, transaction: ServerTransaction, request: Request, flow: Flow, now: float
    ) -> None:
        """A request within the dialog, other than ACK."""
        dialog = self.need_dialog()
        method = request.method
        if not dialog.is_next(request.cseq[0]):
            self.respond(transaction, 500, now)  # 12.2.2: out of order
        elif method == "BYE":
            self.on_bye(transaction, request, now)
        elif self.over:
            self.respond(transaction, 481, now)
        elif method in ("INVITE", "UPDATE"):
            self._on_target_refresh(transaction, request, flow, now)
        else:
            dialog.follow(request, flow)
            self._on_other_request(transaction, request, method, now)

    def _on_other_request(
        self, transaction: ServerTransaction, request: Request, method: str, now: float
    ) -> None:
        if method == "INFO":
            self.respond(transaction, 200, now)
            content_type = media_type_of(request)
            self.core.events.append(InfoReceived(self.call_id, content_type, request.body))
        elif method == "OPTIONS":
            self.respond(transaction, 200, now, ALLOW_LINE + SUPPORTED_LINE)
        elif method == "PRACK":
            self.on_prack(transaction, request, now)
        elif method == "REFER":
            if self.referrals is None:
                self.referrals = Referrals(self)
            self.referrals.receive(transaction, request, now)
        elif method == "SUBSCRIBE" and self.referrals is not None:
            self.referrals.subscribe(transaction, request, now)
        else:
            status, lines = refusal_of_method(method)
            self.respond(transaction, status, now, lines)

    def on_bye(self, transaction: ServerTransaction, request: Request, now: float) -> None:
        """Answer 200, also where our own BYE is on its way."""
        self.respond(transaction, 200, now)
        if not self.over:
            self.end(now, EndedBy.REMOTE, reason_header=reason_value_of(request))
            self.core.forget_session(self)

    def on_prack(self, transaction: ServerTransaction, request: Request, now: float) -> None:
        """A PRACK of nothing that waits for one (RFC 3262 3)."""
        self.respond(transaction, 481, now)

    def _on_target_refresh(
        self, transaction: ServerTransaction, request: Request, flow: Flow, now: float
    ) -> None:
        too_short = self.timer.refuses(request)
        if too_short is not None:
            self.respond(transaction, 422, now, too_short)
        elif request.method == "INVITE":
            self.negotiation.on_reinvite(transaction, request, flow, now)
        else:
            self.need_dialog().refresh(request, flow)
            if sdp_of(request) is not None:
                self.negotiation.on_update(transaction, request, now)
                return
            self.respond(transaction, 200, now, self.answer_lines(request, now))

    def on_cancel(self, transaction: ServerTransaction, request: Request, now: float) -> None:
        """The peer takes his re-INVITE back."""
        self.negotiation.on_cancel(transaction, now)

    def on_flow_lost(self, transaction: ServerTransaction, now: float) -> None:
        """The answer to a re-INVITE can't be sent."""
        self.negotiation.on_flow_lost(transaction)

    def on_ack(self, request: Request, now: float) -> None:
        """The ACK of a 2xx of ours."""
        if self.negotiation.on_ack(request, now):
            self.on_answer_acknowledged(request, now)

    def on_answer_acknowledged(self, request: Request, now: float) -> None:
        """What an ACK means beyond the end of the repeats."""
        self.negotiation.tell_answer(request, now)

    def on_no_ack(self, now: float) -> None:
        """No ACK came within 64*T1: the dialog is of no use (13.3.1.4)."""
        self.leave(now, EndedBy.TIMEOUT)

    def respond(
        self, transaction: ServerTransaction, status: int, now: float, lines: str = ""
    ) -> None:
        """Answer a request of the peer without a body."""
        if transaction.request is not None:
            data = build_response(transaction.request, status, transaction.to_tag, lines=lines)
            transaction.respond(status, data, now)

    # Offers

    def offer(self, sdp: bytes, now: float) -> None:
        """Send a new offer, after the one that is under way; of several that wait the last."""
        if self.up and not self.over:
            self.negotiation.offer(sdp, now)

    def answer_offer(self, sdp: bytes, now: float) -> None:
        """Accept the peer's offer; nothing happens where there is none to answer."""
        self.negotiation.answer(sdp, now)

    def reject_offer(self, status: int, now: float) -> None:
        """Refuse the peer's offer; the session stays as it was."""
        self.negotiation.reject(status, now)

    def answer_referral(self, referral: int, status: int, now: float) -> None:
        """Tell the peer how his REFER of that number stands."""
        if self.referrals is not None:
            self.referrals.answer(referral, status, now)

    def answer_lines(self, request: Request, now: float) -> str:
        """The further lines of a 2xx to INVITE or UPDATE (13.3.1.4)."""
        lines = self.need_dialog().contact + self.core.agent_line + ALLOW_LINE + SUPPORTED_LINE
        return lines + self.timer.answer_lines(request, now)

    # Requests of ours

    def info(self, content_type: str, body: bytes, now: float) -> None:
        """Send an INFO; what becomes of it matters only where it shows the dialog to be gone."""
        if self.over or not self.up:
            return
        lines = content_type_line(content_type, body)
        self.ask("INFO", self.on_probe_answered, now, lines, body)

    def ask(self, method: str, done: Done, now: float, lines: str = "", body: bytes = b"") -> None:
        """Send a request other than INVITE and BYE within the dialog."""
        dialog, credentials = self.need_dialog(), self.authentication
        DialogRequest(self.core, dialog, credentials, method, done, now, lines=lines, body=body)

    def on_probe_answered(self, status: int, response: Response | None, now: float) -> None:
        """12.2.1.2: only 408, 481 and silence end the dialog."""
        if status in (408, 481):
            self.leave(now, EndedBy.TIMEOUT)
        elif response is None:
            self.leave(now, EndedBy.TRANSPORT)
