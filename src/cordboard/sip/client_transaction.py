"""Client transactions: a request of ours until its final response (RFC 3261 17.1, RFC 6026).

Theory of operation: see :mod:`~cordboard.sip.transaction`. The tables are RFC 3261 figure 5 with
the Accepted state of RFC 6026 figure 1 (INVITE), and figure 6 (all others). Three things are ours:

- a lost TCP connection ends an INVITE in Proceeding too, for no answer can come over it;
- :meth:`ClientTransaction.give_up` bounds that state, which the RFC leaves to its user;
- an INVITE that timer B ended is Forsaken for another 64*T1. The RFC forgets it, but its last
  repeats may still reach a phone that was asleep or cut off: what that answers is acknowledged or
  handed up, so that the user may cancel what nobody waits for any more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from cordboard.sip.transaction import (
    EVENT_OF,
    Do,
    Event,
    State,
    Table,
    Transaction,
    compile_transactions,
)
from cordboard.sip.wheel import NEVER

if TYPE_CHECKING:
    from cordboard.sip.flow import Flow
    from cordboard.sip.lines import InviteLines
    from cordboard.sip.message import Response
    from cordboard.sip.transaction_layer import TransactionLayer

INVITE_CLIENT: Table = {
    State.CALLING: {
        Event.PROVISIONAL: (State.PROCEEDING, (Do.STOP_TIMERS, Do.DELIVER)),
        Event.SUCCESS: (State.ACCEPTED, (Do.START_M, Do.DELIVER)),
        Event.FAILURE: (State.COMPLETED, (Do.ACKNOWLEDGE, Do.DELIVER, Do.START_D)),
        Event.REPEAT: (State.CALLING, (Do.REPEAT,)),
        Event.TIMEOUT: (State.FORSAKEN, (Do.LINGER, Do.TELL_TIMEOUT)),
        Event.TRANSPORT_ERROR: (State.TERMINATED, (Do.TELL_TRANSPORT_ERROR, Do.FORGET)),
    },
    State.PROCEEDING: {
        Event.PROVISIONAL: (State.PROCEEDING, (Do.DELIVER,)),
        Event.SUCCESS: (State.ACCEPTED, (Do.START_M, Do.DELIVER)),
        Event.FAILURE: (State.COMPLETED, (Do.ACKNOWLEDGE, Do.DELIVER, Do.START_D)),
        Event.TIMEOUT: (State.TERMINATED, (Do.TELL_TIMEOUT, Do.FORGET)),
        Event.TRANSPORT_ERROR: (State.TERMINATED, (Do.TELL_TRANSPORT_ERROR, Do.FORGET)),
    },
    State.FORSAKEN: {
        Event.PROVISIONAL: (State.FORSAKEN, (Do.DELIVER,)),
        Event.SUCCESS: (State.ACCEPTED, (Do.START_M, Do.DELIVER)),
        Event.FAILURE: (State.COMPLETED, (Do.ACKNOWLEDGE, Do.START_D)),
        Event.TIMEOUT: (State.TERMINATED, (Do.FORGET,)),
        Event.TRANSPORT_ERROR: (State.TERMINATED, (Do.FORGET,)),
    },
    State.ACCEPTED: {
        Event.SUCCESS: (State.ACCEPTED, (Do.DELIVER,)),
        Event.TIMEOUT: (State.TERMINATED, (Do.FORGET,)),
    },
    State.COMPLETED: {
        Event.FAILURE: (State.COMPLETED, (Do.ACKNOWLEDGE,)),
        Event.TIMEOUT: (State.TERMINATED, (Do.FORGET,)),
        Event.TRANSPORT_ERROR: (State.TERMINATED, (Do.FORGET,)),
    },
    State.TERMINATED: {},
}

NON_INVITE_CLIENT: Table = {
    State.TRYING: {
        Event.PROVISIONAL: (State.PROCEEDING, (Do.SLOW_DOWN, Do.DELIVER)),
        Event.SUCCESS: (State.COMPLETED, (Do.DELIVER, Do.START_K)),
        Event.FAILURE: (State.COMPLETED, (Do.DELIVER, Do.START_K)),
        Event.REPEAT: (State.TRYING, (Do.REPEAT,)),
        Event.TIMEOUT: (State.TERMINATED, (Do.TELL_TIMEOUT, Do.FORGET)),
        Event.TRANSPORT_ERROR: (State.TERMINATED, (Do.TELL_TRANSPORT_ERROR, Do.FORGET)),
    },
    State.PROCEEDING: {
        Event.PROVISIONAL: (State.PROCEEDING, (Do.DELIVER,)),
        Event.SUCCESS: (State.COMPLETED, (Do.DELIVER, Do.START_K)),
        Event.FAILURE: (State.COMPLETED, (Do.DELIVER, Do.START_K)),
        Event.REPEAT: (State.PROCEEDING, (Do.REPEAT,)),
        Event.TIMEOUT: (State.TERMINATED, (Do.TELL_TIMEOUT, Do.FORGET)),
        Event.TRANSPORT_ERROR: (State.TERMINATED, (Do.TELL_TRANSPORT_ERROR, Do.FORGET)),
    },
    State.COMPLETED: {
        Event.TIMEOUT: (State.TERMINATED, (Do.FORGET,)),
    },
    State.TERMINATED: {},
}


OUTSIDE_DIALOGS = frozenset({"REGISTER", "OPTIONS"})
"""Requests other than INVITE that we send outside of dialogs, and only there."""


class ClientUser(Protocol):
    """Whoever sent a request and hears what becomes of it."""

    def on_response(self, transaction: ClientTransaction, response: Response, now: float) -> None:
        """A provisional or final response came; for INVITE every further 2xx too."""

    def on_no_response(self, transaction: ClientTransaction, status: int, now: float) -> None:
        """None will come: 408 after timer B or F, 503 after a transport error (8.1.3.1)."""


class ClientTransaction(Transaction):
    """One request, which is sent at once; without ``data`` it is an INVITE of a process that is no
    more. ``came_over`` is the flow of the latest response, ``heard`` its text, ``invite`` what ACK
    and CANCEL of an INVITE are made of. A user of None is one that no longer cares."""

    __slots__ = ("_ack", "came_over", "data", "heard", "impatient", "invite", "user")

    def __init__(
        self,
        layer: TransactionLayer,
        key: tuple[str, str, str],
        flow: Flow,
        call_id: str,
        data: bytes,
        user: ClientUser | None,
        invite: InviteLines | None,
        now: float,
    ) -> None:
        if invite is None:
            super().__init__(layer, key, flow, call_id, _NON_INVITE_ROWS, State.TRYING)
        else:
            super().__init__(layer, key, flow, call_id, _INVITE_ROWS, State.CALLING)
        self.data = data
        self.user = user
        self.invite = invite
        self.came_over = flow
        self.heard = b""
        self.impatient = False
        self._ack = b""
        if not data:  # an INVITE that an earlier process has sent
            self.state, self.row = State.PROCEEDING, _INVITE_ROWS[State.PROCEEDING]
            self.bound(now)
            return
        layer.send(flow, data, call_id, now)
        self.repeat(layer.timers.timeout, now)  # A and B of an INVITE, E and F of the others

    def receive(self, response: Response, flow: Flow, now: float) -> None:
        """A response with our branch and method came."""
        self.came_over = flow
        self.happen(EVENT_OF[response.status // 100], response, now)

    def transport_failed(self, now: float) -> None:
        """What was sent can't have arrived, or its answer can't come back."""
        self.happen(Event.TRANSPORT_ERROR, None, now)

    def undelivered(self, now: float, *, refused: bool) -> None:
        """What was sent did not get there; see :meth:`~cordboard.sip.stack.SipStack.undelivered`.

        It is believed while nothing has come back, of requests that are part of no dialog. A
        REGISTER has time, and a registrar that starts just now may hear it the next time, so that
        it fails by this only if there is another to go to.
        """
        method = self.key[1]
        outside = ";tag=" not in self.invite.to if self.invite else method in OUTSIDE_DIALOGS
        believed = outside and (self.impatient or (refused and method != "REGISTER"))
        if believed and self.state in (State.CALLING, State.TRYING):
            self.transport_failed(now)

    def give_up(self, now: float) -> None:
        """Wait 64*T1 for a final response at most, and tell nobody."""
        self.user = None
        if self.state in (State.CALLING, State.PROCEEDING):
            self.bound(now)

    def wait(self, seconds: float, now: float) -> None:
        """Wait for so many seconds at most, in place of 64*T1, until somebody says something."""
        self.impatient = True
        if self.state in (State.CALLING, State.TRYING):
            self.ends_at = ends_at = now + seconds
            self.layer.wheel.start(self, min(self.due, ends_at))

    def bound(self, now: float) -> None:
        """End an INVITE by timeout 64*T1 from now, whatever provisional responses come."""
        self.expire_after(self.layer.timers.timeout, now)


def _deliver(self: ClientTransaction, response: Response | None, now: float) -> None:
    if self.user is not None and response is not None:
        self.user.on_response(self, response, now)


def _repeat(self: ClientTransaction, _: Response | None, now: float) -> None:
    self.layer.send(self.flow, self.data, self.call_id, now, retransmission=True)
    interval = self.interval * 2
    if self.invite is None:
        interval = min(interval, self.layer.timers.t2)
    self.repeat_after(interval, now)


def _slow_down(self: ClientTransaction, _: Response | None, now: float) -> None:
    if self.interval:
        self.repeat_after(self.layer.timers.t2, now)


def _acknowledge(self: ClientTransaction, response: Response | None, now: float) -> None:
    repeated = bool(self._ack)
    if not repeated and response is not None and self.invite is not None:
        self._ack = self.invite.ack(response.need("to"))
    self.layer.send(self.flow, self._ack, self.call_id, now, retransmission=repeated)


def _stop_timers(self: ClientTransaction, _: Response | None, now: float) -> None:
    if self.user is None:
        self.bound(now)
    else:
        self.due = NEVER


def _start_d(self: ClientTransaction, _: Response | None, now: float) -> None:
    self.data = b""
    self.absorb(self.layer.timers.timeout, now)


def _start_k(self: ClientTransaction, _: Response | None, now: float) -> None:
    self.data = b""
    self.user = None
    self.absorb(self.layer.timers.t4, now)


def _start_m(self: ClientTransaction, _: Response | None, now: float) -> None:
    self.data = b""
    self.invite = None  # neither ACK nor CANCEL is made of it any more
    self.expire_after(self.layer.timers.timeout, now)


def _linger(self: ClientTransaction, _: Response | None, now: float) -> None:
    self.data = b""
    self.expire_after(self.layer.timers.timeout, now)


def _tell_timeout(self: ClientTransaction, _: Response | None, now: float) -> None:
    if self.user is not None:
        self.user.on_no_response(self, 408, now)


def _tell_transport_error(self: ClientTransaction, _: Response | None, now: float) -> None:
    if self.user is not None:
        self.user.on_no_response(self, 503, now)


def _forget(self: ClientTransaction, _response: Response | None, _now: float) -> None:
    self.due = NEVER
    self.user = None  # who often holds the transaction, too
    self.layer.forget_client(self)


_ACTIONS = {
    Do.DELIVER: _deliver,
    Do.REPEAT: _repeat,
    Do.SLOW_DOWN: _slow_down,
    Do.ACKNOWLEDGE: _acknowledge,
    Do.STOP_TIMERS: _stop_timers,
    Do.START_D: _start_d,
    Do.START_K: _start_k,
    Do.START_M: _start_m,
    Do.LINGER: _linger,
    Do.TELL_TIMEOUT: _tell_timeout,
    Do.TELL_TRANSPORT_ERROR: _tell_transport_error,
    Do.FORGET: _forget,
}
_INVITE_ROWS = compile_transactions(INVITE_CLIENT, _ACTIONS)
_NON_INVITE_ROWS = compile_transactions(NON_INVITE_CLIENT, _ACTIONS)
