"""Incoming sessions: an INVITE of a peer and what it leads to (RFC 3261 13.3, 9.2).

What an input leads to is the table in :mod:`~cordboard.sip.incoming`; here is how it is done.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from cordboard.sip.authentication import NO_CREDENTIALS
from cordboard.sip.dialog import dialog_of_request
from cordboard.sip.events import EndedBy, InviteReceived, OfferAnswered, SessionConfirmed
from cordboard.sip.glare import retry_after_line
from cordboard.sip.incoming import INCOMING, Input, Stage
from cordboard.sip.lines import clean, clean_copy, content_type_line, lines_of
from cordboard.sip.media_type import SDP, sdp_of
from cordboard.sip.methods import ALLOW_LINE
from cordboard.sip.reason_header import reason_value_of
from cordboard.sip.reliable import OPTION_TAG, ReliableProgress, has_option
from cordboard.sip.responses import build_response, reason_of
from cordboard.sip.route_set import recorded_routes
from cordboard.sip.session import Session
from cordboard.sip.table import compile_table

if TYPE_CHECKING:
    from cordboard.sip.callers import KnownCaller
    from cordboard.sip.core import Core
    from cordboard.sip.flow import Flow
    from cordboard.sip.message import Request
    from cordboard.sip.server_transaction import ServerTransaction

# Hanging up an unanswered call refuses it for this phone, not for the person (that would be 603).
HANG_UP_STATUS = 480


class ServerSession(Session):
    """One incoming session. Raises :class:`~cordboard.sip.errors.SipParseError` where the INVITE
    lacks what a dialog needs."""

    __slots__ = ("_body", "_invite", "_lines", "_phrase", "_progress", "_reason_header",
                 "_reliable", "_row", "_stage", "_status")  # fmt: skip

    def __init__(
        self,
        core: Core,
        transaction: ServerTransaction,
        request: Request,
        flow: Flow,
        caller: KnownCaller | None = None,
        replaces: str | None = None,
    ) -> None:
        super().__init__(core, clean_copy(request.call_id), NO_CREDENTIALS)
        self.dialog = dialog_of_request(core, request, transaction.to_tag, flow)
        self._invite: ServerTransaction | None = transaction
        transaction.user = self
        self.theirs = sdp_of(request)
        self._progress = ReliableProgress()
        self._reliable = False
        # What the next response is made of
        self._status = 0
        self._phrase: str | None = None
        self._lines = ""
        self._body = b""
        self._reason_header: str | None = None
        self._stage = Stage.OFFERED
        self._row = _ROWS[Stage.OFFERED]
        offer = sdp_of(request)
        core.events.append(InviteReceived(self.call_id, request, flow, offer, caller, replaces))

    # What happens

    def ring(
        self, now: float, status: int, reason: str, sdp: bytes | None, *, reliable: bool = False
    ) -> None:
        """Send a provisional response, 101 to 199."""
        if self._progress.waiting:
            if not self._progress.puts_off:
                self._progress.put_off(
                    lambda then: self.ring(then, status, reason, sdp, reliable=reliable)
                )
            return
        self._reliable = reliable
        self._prepare(status, reason, content_type_line(SDP, sdp or b""), sdp or b"")
        self._happen(Input.RING, now)

    def accept(self, sdp: bytes, now: float) -> None:
        """Send 200, again and again until its ACK; not before a description of ours that was sent
        reliably is acknowledged (RFC 3262 3)."""
        if self._progress.described:
            self._progress.put_off(lambda then: self.accept(sdp, then))
            return
        self._prepare(200, None, "", sdp)
        self._happen(Input.ACCEPT, now)

    def reject(
        self, status: int, reason: str, now: float, headers: tuple[tuple[str, str], ...]
    ) -> None:
        """Send a final response, 300 to 699."""
        self._prepare(status, reason, lines_of(headers), b"")
        self._happen(Input.REJECT, now)

    def hang_up(self, now: float, reason: str | None = None) -> None:
        """480 where the call is unanswered, else BYE."""
        value = () if reason is None else (("reason", reason),)
        self._prepare(HANG_UP_STATUS, None, lines_of(value), b"")
        self._reason_header = reason
        self._happen(Input.HANG_UP, now)

    def on_cancel(self, transaction: ServerTransaction, request: Request, now: float) -> None:
        """The peer gave up before we answered."""
        if transaction is not self._invite:
            super().on_cancel(transaction, request, now)
            return
        self._reason_header = reason_value_of(request)
        self._happen(Input.CANCEL, now)

    def on_flow_lost(self, transaction: ServerTransaction, now: float) -> None:
        """The connection of an unanswered INVITE is gone."""
        if transaction is not self._invite:
            super().on_flow_lost(transaction, now)
            return
        self._happen(Input.FLOW_LOST, now)

    def on_bye(self, transaction: ServerTransaction, request: Request, now: float) -> None:
        """Answer 200 in every state."""
        self.respond(transaction, 200, now)
        self._reason_header = reason_value_of(request)
        self._happen(Input.BYE, now)

    def on_prack(self, transaction: ServerTransaction, request: Request, now: float) -> None:
        """The PRACK of a reliable response of ours; it may carry an offer, or the answer to the one
        that this response made because the INVITE had none (RFC 3262 5)."""
        if not self._progress.acknowledge(request):
            super().on_prack(transaction, request, now)
            return
        description = sdp_of(request)
        if description is None or self.ours is None:
            self.respond(transaction, 200, now)
        elif self.theirs is not None:
            self.negotiation.on_update(transaction, request, now)
        else:
            self.theirs = description
            self.respond(transaction, 200, now)
            self.core.events.append(OfferAnswered(self.call_id, description))
        self._progress.go_on(now)

    def on_request(
        self, transaction: ServerTransaction, request: Request, flow: Flow, now: float
    ) -> None:
        """A request within the dialog; an offer has to wait while his first one is unanswered."""
        unanswered = self._stage is Stage.OFFERED and self.ours is None
        if unanswered and request.method == "UPDATE" and sdp_of(request) is not None:
            self.respond(transaction, 500, now, retry_after_line(self.core))
        else:
            super().on_request(transaction, request, flow, now)

    def on_answer_acknowledged(self, request: Request, now: float) -> None:
        """The first ACK confirms the dialog."""
        if self._stage is Stage.CONFIRMED:
            super().on_answer_acknowledged(request, now)
            return
        self._body = request.body if sdp_of(request) is not None else b""
        self._happen(Input.ACK, now)

    def on_no_ack(self, now: float) -> None:
        """64*T1 passed without an ACK."""
        if self._stage is Stage.CONFIRMED:
            super().on_no_ack(now)
        else:
            self._happen(Input.NO_ACK, now)

    def end(self, now: float, by: EndedBy, **how: Any) -> None:
        """Tell the end and stop everything that is under way."""
        self._progress.stop()
        super().end(now, by, **how)

    def leave(self, now: float, by: EndedBy, reason: str | None = None) -> None:
        """An established session ends from our side."""
        if not self.over:
            self._stage, self._row = Stage.OVER, _ROWS[Stage.OVER]
            super().leave(now, by, reason)

    def _prepare(self, status: int, phrase: str | None, lines: str, body: bytes) -> None:
        if phrase is not None:
            clean(phrase)
        self._status, self._phrase, self._lines, self._body = status, phrase, lines, body

    def _happen(self, what: Input, now: float) -> None:
        step = self._row.get(what)
        if step is None:
            return
        self._stage, self._row, action = step
        action(self, now)

    # What is done about it; named by the table

    def send_ringing(self, now: float) -> None:
        """A provisional response with our Contact makes the early dialog (12.1.1)."""
        transaction = self._invite
        if transaction is None or transaction.request is None:
            return
        request = transaction.request
        lines = self.need_dialog().contact + self.core.agent_line + ALLOW_LINE + self._lines
        if has_option(request, "require", OPTION_TAG) or (
            self._reliable and has_option(request, "supported", OPTION_TAG)
        ):
            layer, described = self.core.layer, bool(self._body)
            lines += self._progress.begin(
                layer, transaction, request, described, self._give_up, now
            )
            if described:
                self.ours = self._body
        self._answer_invite(recorded_routes(request) + lines, now)

    def _give_up(self, now: float) -> None:
        """No PRACK came for 64*T1 (RFC 3262 3)."""
        self.reject(504, reason_of(504), now, ())

    def send_acceptance(self, now: float) -> None:
        """The 2xx."""
        assert self._invite is not None  # it is there until it is answered
        transaction, self._invite = self._invite, None
        self._progress.stop_repeats()
        if transaction.request is not None:
            self.timer.learn(transaction.request)
        self.need_dialog().keep(None, None)  # before he believes that the call is up
        self.negotiation.send_answer(transaction, self._body, now)

    def send_rejection(self, now: float) -> None:
        """The final refusal, which ends the session."""
        self._answer_invite(self._lines, now)
        self.end(now, EndedBy.LOCAL)
        self.core.forget_session(self)

    def end_cancelled(self, now: float) -> None:
        """The peer gave up: 487 for the INVITE (9.2, 15.1.2)."""
        self._prepare(487, None, "", b"")
        self._answer_invite("", now)
        self.end(now, EndedBy.REMOTE, cancelled=True, reason_header=self._reason_header)
        self.core.forget_session(self)

    def end_unreachable(self, now: float) -> None:
        """No answer can reach the peer."""
        self.end(now, EndedBy.TRANSPORT)
        self.core.forget_session(self)

    def tell_confirmed(self, now: float) -> None:
        """The call is up."""
        self.up = True
        self.core.events.append(SessionConfirmed(self.call_id, self._body or None))

    def end_before_ack(self, now: float) -> None:
        """Tell the end; the 2xx is repeated until its ACK allows the BYE."""
        self.end(now, EndedBy.LOCAL, keep_answer=True)

    def say_goodbye(self, now: float) -> None:
        """The BYE that had to wait."""
        self.send_bye(now, self._reason_header)

    def leave_unconfirmed(self, now: float) -> None:
        """No ACK came: BYE (13.3.1.4)."""
        super().leave(now, EndedBy.TIMEOUT)

    def leave_confirmed(self, now: float) -> None:
        """Hang up."""
        super().leave(now, EndedBy.LOCAL, self._reason_header)

    def end_remote(self, now: float) -> None:
        """The peer hung up."""
        self.end(now, EndedBy.REMOTE, reason_header=self._reason_header)
        self.core.forget_session(self)

    def part(self, now: float) -> None:
        """The peer hung up before we could: both are content."""
        self.negotiation.stop(now)
        self.core.forget_session(self)

    def _answer_invite(self, lines: str, now: float) -> None:
        transaction = self._invite
        if transaction is None or transaction.request is None:
            return
        data = build_response(
            transaction.request,
            self._status,
            transaction.to_tag,
            reason=self._phrase or reason_of(self._status),
            lines=lines,
            body=self._body,
        )
        transaction.respond(self._status, data, now)
        if self._status >= 200:
            self._invite = None

    def answer_lines(self, request: Request, now: float) -> str:
        """A 2xx repeats Record-Route (12.1.1)."""
        return recorded_routes(request) + super().answer_lines(request, now)


Action = Callable[[ServerSession, float], None]


_ROWS = compile_table(INCOMING, lambda name: cast("Action", getattr(ServerSession, name)))
