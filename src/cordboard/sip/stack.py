"""The SIP stack's front door: bytes and ``now`` go in, bytes, events and the next timer come out.

No socket, no clock, no task. The shell calls :meth:`SipStack.receive` for each datagram or framed
message and :meth:`SipStack.handle_timer` when :meth:`SipStack.get_timer` is due; after every call
it sends what :meth:`SipStack.messages_to_send` holds and takes the events one by one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cordboard.sip.address import tag_of
from cordboard.sip.bindings import Bindings
from cordboard.sip.client_session import ClientSession
from cordboard.sip.core import Core, StackSettings, random_token
from cordboard.sip.errors import SipBuildError, SipParseError
from cordboard.sip.events import InviteFailed
from cordboard.sip.inbound import Inbound
from cordboard.sip.invitation import Invitation
from cordboard.sip.left_over import end_left_over
from cordboard.sip.message import Request, Response, parse
from cordboard.sip.registration import Registration
from cordboard.sip.responses import reason_of, stamp_via
from cordboard.sip.server_session import ServerSession
from cordboard.sip.standing import Standing
from cordboard.sip.stray import hang_up_stray
from cordboard.sip.validity import salvage
from cordboard.sip.watch import Watch

if TYPE_CHECKING:
    from cordboard.sip.digest import Credentials
    from cordboard.sip.events import SipEvent
    from cordboard.sip.flow import Flow
    from cordboard.sip.registrar import Registrar
    from cordboard.sip.remains import Keeper, Remains
    from cordboard.sip.session import Session
    from cordboard.sip.trace import Trace

__all__ = ["Invitation", "Registration", "SipStack", "StackSettings", "Watch"]

_OF_RESPONSES = frozenset({"call-id", "from", "to", "via", "cseq"})

# What comes in below this size is a keep-alive (CRLF, zeros, "jaK"): no message fits.
MIN_MESSAGE_SIZE = 16


class SipStack:
    """One SIP user agent with any number of sessions, each named by its Call-ID.

    ``random`` gives tokens (letters, digits) that are never the same twice; ``trace`` is told of
    every message, ``keeper`` of what the next process needs to end the calls out. Methods about a
    call that does not exist, or that is past the state in which they make sense, do nothing: their
    cause crossed with what the peer did, and an event tells of it. ``bindings`` are those of the
    ``registrar``; ``outbox``, ``events`` and ``wheel`` are there to be looked at: whether there is
    anything to send, to hear, or to wait for.
    """

    def __init__(
        self,
        settings: StackSettings,
        *,
        registrar: Registrar | None = None,
        random: Callable[[], str] = random_token,
        trace: Trace | None = None,
        keeper: Keeper | None = None,
    ) -> None:
        self._core = core = Core(settings, random, trace, keeper)
        self._layer = core.layer
        self._sessions = core.sessions
        self.outbox = core.layer.outbox
        self.events = core.events
        self.wheel = core.wheel
        self.bindings = None if registrar is None else Bindings(core, registrar)
        self._inbound = Inbound(core, self.bindings)
        self._standing = Standing(core)

    # The wire

    def receive(self, data: bytes, flow: Flow, now: float) -> None:
        """Take in one datagram or one framed message; never raises."""
        if len(data) < MIN_MESSAGE_SIZE:
            return
        try:
            message = parse(data)
        except SipParseError as error:
            self._refuse_unreadable(data, flow, error, now)
            return
        try:
            if isinstance(message, Response):
                self._receive_response(message, data, flow, now)
            else:
                self._receive_request(message, data, flow, now)
        except (SipParseError, SipBuildError):
            return  # nothing that could be answered, nothing that could be believed

    def _receive_response(self, response: Response, data: bytes, flow: Flow, now: float) -> None:
        headers = response.headers
        if not headers.keys() >= _OF_RESPONSES:
            return
        call_id = headers["call-id"][0]
        response.to_tag = tag_of(headers["to"][0])
        layer = self._layer
        transaction = layer.client_of(headers["via"][0], headers["cseq"][0])
        if layer.trace is not None:
            # The same over again is a repeat; another fork's of that status is not.
            again = transaction is not None and transaction.heard == data
            layer.trace((now, False, flow, call_id, again, data))
        if transaction is None:
            hang_up_stray(self._core, response, flow, now)
        elif transaction.call_id == call_id:
            transaction.heard = data
            transaction.receive(response, flow, now)

    def _receive_request(self, request: Request, data: bytes, flow: Flow, now: float) -> None:
        if self._inbound.ignores(request, flow):
            return
        try:
            self._inbound.receive(request, data, flow, now)
        except SipParseError as error:
            self._refuse(request, flow, error, now)

    def _refuse_unreadable(self, data: bytes, flow: Flow, error: SipParseError, now: float) -> None:
        if self._inbound.ignores(None, flow):
            return
        request = salvage(data)
        if self._layer.trace is not None:
            call_id = None if request is None else request.first("call-id")
            self._layer.trace((now, False, flow, call_id, False, data))
        if request is not None:
            try:
                self._refuse(request, flow, error, now)
            except (SipParseError, SipBuildError):
                return  # not even enough for a refusal

    def _refuse(self, request: Request, flow: Flow, error: SipParseError, now: float) -> None:
        if request.method != "ACK":
            way_back = stamp_via(request, flow)
            self._inbound.refuse(request, way_back, error.status, now, reason=_phrase(error))

    def connection_lost(self, flow: Flow, now: float) -> None:
        """A connection is gone, could not be made, or a message was refused by the network."""
        self._layer.flow_lost(flow, now)
        self._standing.flow_lost(flow, now)
        if self.bindings is not None:
            self.bindings.connection_lost(flow)

    def undelivered(self, data: bytes, flow: Flow, now: float, *, refused: bool) -> None:
        """A datagram of ours did not get there (18.4); ``data`` is how it began, ``refused`` says
        that its host is there, but nobody listens.

        Who says so has seen it, for he knows its branch. A request outside of dialogs has failed
        then; where the host was not found only if there is another to try, for this one may only
        be asleep. Calls that are up survive such things.
        """
        transaction = self._layer.client_of_sent(data)
        if transaction is not None and transaction.flow.remote == flow.remote:
            transaction.undelivered(now, refused=refused)

    def messages_to_send(self) -> list[tuple[Flow, bytes]]:
        """What is to be sent, in order; handed over once."""
        messages = self.outbox[:]
        self.outbox.clear()
        return messages

    def next_event(self) -> SipEvent | None:
        """The next event, in order; None when there is none."""
        return self.events.popleft() if self.events else None

    def get_timer(self) -> float | None:
        """When :meth:`handle_timer` has to be called, in the seconds of ``now``."""
        return self.wheel.next_deadline()

    def handle_timer(self, now: float) -> None:
        """Do what is due."""
        self.wheel.run_due(now)

    # Calls out

    def invite(self, invitation: Invitation, now: float) -> None:
        """Begin an outgoing session.

        Over the limits it fails at once (event: InviteFailed 503). Raises :class:`ValueError` if
        the Call-ID is in use, :class:`SipBuildError` if a value can't stand in a message.
        """
        call_id = invitation.call_id
        known = self._sessions.get(call_id)
        if known is not None and not known.over:  # one that is over only waits for its BYE's answer
            raise ValueError("a session with this Call-ID exists")
        if self._core.full:
            failed = InviteFailed(call_id, 503, reason_of(503), local=True)
            self._core.events.append(failed)
            return
        self._sessions[call_id] = ClientSession(self._core, invitation, now)

    def cancel(self, call_id: str, now: float, reason: str | None = None) -> None:
        """Give up an outgoing call in any state; ``reason`` is a Reason value (RFC 3326).

        Ends in InviteFailed, with 487 unless the peer refused it otherwise; an answered call is
        hung up.
        """
        session = self._sessions.get(call_id)
        if isinstance(session, ClientSession):
            session.cancel(now, reason)

    def hang_up(self, call_id: str, now: float, reason: str | None = None) -> None:
        """End a call in whatever state: BYE, CANCEL, or 480 for one offered to us."""
        session = self._sessions.get(call_id)
        if session is not None:
            session.hang_up(now, reason)

    def end_left_over(
        self,
        call_id: str,
        remains: Remains,
        credentials: Credentials | None,
        reason: str,
        done: Callable[[], None],
        now: float,
    ) -> bool:
        """End a call of an earlier process; see :mod:`~cordboard.sip.left_over`."""
        return end_left_over(self._core, call_id, remains, credentials, reason, done, now)

    # Calls in

    def ring(
        self,
        call_id: str,
        now: float,
        status: int = 180,
        reason: str = "Ringing",
        sdp: bytes | None = None,
        *,
        reliable: bool = False,
    ) -> None:
        """Send a provisional response; raises :class:`ValueError` unless it is 101 to 199.

        It is sent reliably (RFC 3262) where the caller requires that, and with ``reliable`` where
        he supports it; further ones and, after a description, :meth:`accept` then wait for PRACK.
        """
        if not 100 < status < 200:
            raise ValueError("a provisional status is 101 to 199")
        session = self._sessions.get(call_id)
        if isinstance(session, ServerSession):
            session.ring(now, status, reason, sdp, reliable=reliable)

    def accept(self, call_id: str, sdp: bytes, now: float) -> None:
        """Answer with 200, repeated until its ACK (event: SessionConfirmed)."""
        session = self._sessions.get(call_id)
        if isinstance(session, ServerSession):
            session.accept(sdp, now)

    def reject(
        self,
        call_id: str,
        status: int,
        reason: str,
        now: float,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        """Refuse; raises :class:`ValueError` unless the status is 300 to 699."""
        _check_refusal(status)
        session = self._sessions.get(call_id)
        if isinstance(session, ServerSession):
            session.reject(status, reason, now, headers)

    # In a call

    def offer(self, call_id: str, sdp: bytes, now: float) -> None:
        """Offer a new session description (events: OfferAnswered, OfferRejected)."""
        session = self._sessions.get(call_id)
        if session is not None:
            session.offer(sdp, now)

    def answer_offer(self, call_id: str, sdp: bytes, now: float) -> None:
        """Answer the peer's new offer."""
        session = self._sessions.get(call_id)
        if session is not None:
            session.answer_offer(sdp, now)

    def reject_offer(self, call_id: str, status: int, now: float) -> None:
        """Refuse the peer's new offer; raises :class:`ValueError` unless it is 300 to 699."""
        _check_refusal(status)
        session = self._sessions.get(call_id)
        if session is not None:
            session.reject_offer(status, now)

    def info(self, call_id: str, content_type: str, body: bytes, now: float) -> None:
        """Send an INFO within the call."""
        session = self._sessions.get(call_id)
        if session is not None:
            session.info(content_type, body, now)

    def answer_referral(self, call_id: str, referral: int, status: int, now: float) -> None:
        """Tell the peer how his REFER of that number stands (event: ReferReceived); see
        :meth:`~cordboard.sip.referrals.Referrals.answer`."""
        session = self._sessions.get(call_id)
        if session is not None:
            session.answer_referral(referral, status, now)

    # What goes on by itself

    def register(self, registration: Registration, now: float) -> None:
        """Register, and keep registered until :meth:`unregister`; raises :class:`ValueError` if a
        registration of this name exists."""
        self._standing.register(registration, now)

    def unregister(self, name: str, now: float) -> None:
        """Take a registration back (event: RegistrationSucceeded with 0 s)."""
        self._standing.unregister(name, now)

    def watch(self, watch: Watch, now: float) -> None:
        """Ask a peer again and again whether it is there (event: ReachabilityChanged); raises
        :class:`ValueError` if a watch of this name exists."""
        self._standing.watch(watch, now)

    def unwatch(self, name: str, now: float) -> None:
        """Ask a peer no more; nothing more is told of it."""
        self._standing.unwatch(name, now)

    def aim(self, name: str, flow: Flow) -> None:
        """The registration and the watch of this name go over another flow from the next time."""
        self._standing.aim(name, flow)

    def try_again(self, name: str, now: float) -> None:
        """Do not wait for that time: ask a peer that is down, or a registrar that refused us."""
        self._standing.try_again(name, now)

    # State

    @property
    def full(self) -> bool:
        """Whether new calls fail at once because there are too many."""
        return self._core.full

    def sessions(self) -> int:
        """How many sessions there are, those included whose BYE is still unanswered."""
        return len(self._sessions)

    def registrations(self) -> int:
        """How many registrations there are, those included that are being taken back."""
        return self._standing.registrations

    def transactions(self) -> int:
        """How many transactions are remembered."""
        return len(self._layer)

    def timers(self) -> int:
        """How many timers are running."""
        return len(self.wheel)

    def shut_down(self, now: float) -> None:
        """End every session and take every registration back."""
        sessions: list[Session] = list(self._sessions.values())
        for session in sessions:
            session.hang_up(now)
        self._standing.shut_down(now)


def _check_refusal(status: int) -> None:
    if not 300 <= status < 700:
        raise ValueError("a refusal is 300 to 699")


def _phrase(error: SipParseError) -> str | None:
    """What is wrong, where the status alone does not say it (RFC 3261 21.4.1)."""
    return str(error).capitalize() if error.status == 400 else None
